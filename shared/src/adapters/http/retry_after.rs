//! `Retry-After` in its two forms: seconds, or a date.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::domain::Timestamp;

/// Whatever is asked for, nobody waits longer: the caller's own bounds are below.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What the answer asks for. Repeated, negative, past and unreadable values ask for nothing; absurd ones for a day.
pub(super) fn read(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let mut values = headers.get_all(RETRY_AFTER).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let text = value.to_str().ok()?.trim();
    let asked = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        until(text, now)?
    };
    Some(asked.min(LONGEST))
}

fn until(date: &str, now: Timestamp) -> Option<Duration> {
    let moment = OffsetDateTime::parse(date, &Rfc2822).ok()?;
    let millis = i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000_000)).ok()?;
    Some(Timestamp::from_millis(millis).since(now)).filter(|span| !span.is_zero())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn both_forms_are_read_within_bounds() {
        let now = Timestamp::from_millis(1_795_161_600_000); // Fri, 20 Nov 2026 08:00:00 GMT
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let table = [
            ("30", seconds(30)),
            ("0", seconds(0)),
            (" 7 ", seconds(7)),
            ("Fri, 20 Nov 2026 08:02:00 GMT", seconds(120)),
            ("Fri, 20 Nov 2026 07:59:00 GMT", None),
            ("Fri, 20 Nov 2099 08:00:00 GMT", Some(LONGEST)),
            ("86401", Some(LONGEST)),
            ("99999999999999999999999999", Some(LONGEST)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in table {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            assert_eq!(read(&headers, now), expected, "{text:?}");
        }
        assert_eq!(read(&HeaderMap::new(), now), None);
    }

    #[test]
    fn two_of_them_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(RETRY_AFTER, HeaderValue::from_static("1"));
        headers.append(RETRY_AFTER, HeaderValue::from_static("900"));
        assert_eq!(read(&headers, Timestamp::from_millis(0)), None);
    }
}
