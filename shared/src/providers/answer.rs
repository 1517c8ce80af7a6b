//! What a provider answers, read into the closed list of `ProviderError`.
//!
//! | answer | error |
//! | --- | --- |
//! | none within the limits, 3xx, 408, 409, 425, 5xx, no JSON, JSON of another shape | `Unavailable`: a repeat may work |
//! | 401 | `Unauthorized`, after one try with a fresh token (`token::authorized`) |
//! | 403 | `Refused`, after one try with a fresh token: it may be about this one resource (another application's) |
//! | 404, 410 | `NotFound` |
//! | 429 | `Busy`, with a bounded `Retry-After` |
//! | any other 4xx | `Refused`, with the name of a field where the provider gives one, never a value |
//!
//! Texts of these errors are constants: nothing that a provider sent gets into them.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use url::Url;

use crate::ports::{HttpError, ProviderError, Response};

/// A provider is not waited for longer than this at its own word; the ledger's schedule takes over.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// The class of an answer's status. `named` finds the field that a refusal is about.
pub(crate) fn read(
    answer: Result<Response, HttpError>,
    named: fn(&Value) -> Option<String>,
) -> Result<Response, ProviderError> {
    let response = answer.map_err(unanswered)?;
    match response.status {
        200..=299 => Ok(response),
        401 => Err(ProviderError::Unauthorized),
        404 | 410 => Err(ProviderError::NotFound),
        429 => Err(ProviderError::Busy { retry_after: response.retry_after.map(|asked| asked.min(PATIENCE)) }),
        409 => Err(ProviderError::Unavailable("it is busy with the same resource")),
        408 | 425 => Err(ProviderError::Unavailable("it asks for a repeat")),
        400..=499 => {
            let body = serde_json::from_slice(&response.body).ok();
            Err(ProviderError::Refused { field: body.as_ref().and_then(named) })
        }
        500..=599 => Err(ProviderError::Unavailable("its own fault")),
        _ => Err(ProviderError::Unavailable("an unexpected status")),
    }
}

/// A provider's JSON object in the members that are needed.
pub(crate) fn object<T: DeserializeOwned>(response: &Response) -> Result<T, ProviderError> {
    let object: Result<Object<T>, _> = serde_json::from_slice(&response.body);
    object.map(|Object(value)| value).map_err(|_| ProviderError::Unavailable("the answer cannot be read"))
}

const fn unanswered(error: HttpError) -> ProviderError {
    ProviderError::Unavailable(match error {
        HttpError::Forbidden(rule) => rule,
        HttpError::Unreachable => "no connection",
        HttpError::TimedOut => "not done by the deadline",
        HttpError::Broken => "the connection broke",
        HttpError::TooLong => "the answer is too long",
    })
}

/// An address below a base that may have a path of its own.
pub(crate) fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// A JSON object and nothing else: a derived structure would also take an array for one.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use super::*;

    fn answered(status: u16, retry_after: Option<u64>, body: &[u8]) -> Result<Response, HttpError> {
        let retry_after = retry_after.map(Duration::from_secs);
        Ok(Response { status, retry_after, cookies: Vec::new(), body: body.to_vec() })
    }

    fn verdict(answer: Result<Response, HttpError>) -> Option<ProviderError> {
        read(answer, |body| body.get("field")?.as_str().map(str::to_owned)).err()
    }

    #[test]
    fn every_status_has_a_class() {
        for status in 100..=999 {
            assert_eq!(verdict(answered(status, None, b"{}")).is_none(), (200..=299).contains(&status), "{status}");
        }
        assert_eq!(verdict(answered(401, None, b"")), Some(ProviderError::Unauthorized));
        assert_eq!(verdict(answered(403, None, b"")), Some(ProviderError::Refused { field: None }));
        assert_eq!(verdict(answered(404, None, b"")), Some(ProviderError::NotFound));
        assert!(matches!(verdict(answered(503, None, b"<html>")), Some(ProviderError::Unavailable(_))));
        assert!(matches!(verdict(Err(HttpError::TooLong)), Some(ProviderError::Unavailable(_))));
    }

    #[test]
    fn patience_is_bounded() {
        let asked = |seconds| verdict(answered(429, seconds, b""));
        let busy = |seconds| Some(ProviderError::Busy { retry_after: Some(Duration::from_secs(seconds)) });
        assert_eq!(asked(Some(30)), busy(30));
        assert_eq!(asked(Some(10_000_000)), busy(3600));
        assert_eq!(asked(None), Some(ProviderError::Busy { retry_after: None }));
    }

    #[test]
    fn a_refusal_names_its_field_where_it_can() {
        let refused = |body: &[u8]| verdict(answered(422, None, body));
        assert_eq!(refused(br#"{"field":"a"}"#), Some(ProviderError::Refused { field: Some("a".to_owned()) }));
        assert_eq!(refused(b"<html>"), Some(ProviderError::Refused { field: None }));
    }

    #[test]
    fn only_an_object_is_an_object() {
        #[derive(Deserialize)]
        struct Small {
            id: u8,
        }
        let read = |body: &[u8]| {
            let response = Response { status: 200, retry_after: None, cookies: Vec::new(), body: body.to_vec() };
            object::<Small>(&response).map(|small| small.id)
        };
        assert_eq!(read(br#"{"id":7,"new":[1]}"#), Ok(7));
        for body in ["[7]", "7", "null", "", "{\"id\":7", "<html></html>", "{\"id\":7}x", "{\"id\":7,\"id\":8}"] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_base_keeps_its_path() {
        for (base, whole) in
            [("https://a.example", "https://a.example/v1/x"), ("https://a.example/p/", "https://a.example/p/v1/x")]
        {
            assert_eq!(below(&Url::parse(base).unwrap(), &["v1", "x"]).as_str(), whole);
        }
    }
}
