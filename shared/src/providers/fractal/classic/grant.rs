//! What a person has granted, in the form in which it rests: the only key to their data.

use serde::Deserialize;
use serde_json::json;

use super::tokens::{Granted, is_usable};
use crate::domain::{ProviderId, Timestamp};
use crate::secret::Secret;

#[derive(Deserialize)]
pub(super) struct Grant {
    /// The run that it was given for.
    pub(super) run: ProviderId,
    /// The digest of the code that it came from: that one is never exchanged again.
    pub(super) code: String,
    /// Whose it is; none until they were read once.
    pub(super) uid: Option<ProviderId>,
    access: Secret,
    refresh: Secret,
    /// Until when the access token is used.
    until: Timestamp,
    scope: Option<String>,
    /// Fractal has refused to renew it, for good.
    #[serde(default)]
    pub(super) lost: bool,
}

impl Grant {
    pub(super) fn new(run: ProviderId, code: String, granted: Granted) -> Option<Self> {
        let Granted { access, refresh, until, scope } = granted;
        Some(Self { run, code, uid: None, access, refresh: refresh?, until, scope, lost: false })
    }

    /// With the next pair of tokens; the scopes stay where the answer says none.
    pub(super) fn renewed(self, granted: Granted) -> Option<Self> {
        let Granted { access, refresh, until, scope } = granted;
        Some(Self { access, refresh: refresh?, until, scope: scope.or(self.scope), ..self })
    }

    /// With whose it is.
    pub(super) fn of(self, uid: ProviderId) -> Self {
        Self { uid: Some(uid), ..self }
    }

    /// It is not renewed any more.
    pub(super) fn given_up(self) -> Self {
        Self { lost: true, ..self }
    }

    /// As it rests; none where it cannot be read.
    pub(super) fn read(rests: &Secret) -> Option<Self> {
        let grant: Self = serde_json::from_slice(rests.expose()).ok()?;
        (is_usable(&grant.access) && is_usable(&grant.refresh)).then_some(grant)
    }

    /// As it rests.
    pub(super) fn written(&self) -> Secret {
        let text = |secret: &Secret| secret.expose_text().unwrap_or_default().to_owned();
        let grant = json!({
            "run": self.run,
            "code": self.code,
            "uid": self.uid,
            "access": text(&self.access),
            "refresh": text(&self.refresh),
            "until": self.until,
            "scope": self.scope,
            "lost": self.lost,
        });
        Secret::from(grant.to_string())
    }

    pub(super) fn lives(&self, now: Timestamp) -> bool {
        now < self.until
    }

    pub(super) fn authorization(&self) -> Secret {
        Secret::from([b"Bearer ", self.access.expose()].concat())
    }

    pub(super) const fn refresh(&self) -> &Secret {
        &self.refresh
    }

    /// Whether the person let us see that level's verdict. What was granted may be less than what was asked for (page
    /// "OAuth 2.0 scopes").
    pub(super) fn covers(&self, level: &str) -> bool {
        let wanted = super::link::status_scope(level);
        self.scope.as_deref().is_none_or(|scope| scope.split_ascii_whitespace().any(|own| own == wanted))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use super::*;

    fn granted(access: &str, scope: Option<&str>) -> Granted {
        Granted {
            access: Secret::from(access.to_owned()),
            refresh: Some(Secret::from(format!("{access}-refresh"))),
            until: Timestamp::from_millis(1000),
            scope: scope.map(str::to_owned),
        }
    }

    #[test]
    fn it_rests_and_is_renewed() {
        let run = ProviderId::parse("onb_01M7VZGC00EXAMPEEXAMPEEXAM.1.basic").unwrap();
        let first =
            Grant::new(run.clone(), "k.1".to_owned(), granted("a", Some("uid:read verification.basic:read"))).unwrap();
        let read = Grant::read(&first.written()).unwrap();
        assert_eq!((read.run.clone(), read.uid.clone(), read.lost), (run, None, false));
        assert!(read.covers("basic") && !read.covers("liveness") && !read.covers("bas"));
        let next = Grant::read(&read.renewed(granted("b", None)).unwrap().written()).unwrap();
        assert!(next.authorization().matches(b"Bearer b") && next.refresh().matches(b"b-refresh"));
        assert!(next.covers("basic") && !next.covers("liveness"), "the scopes stay");
        assert!(next.lives(Timestamp::from_millis(999)) && !next.lives(Timestamp::from_millis(1000)));
        assert!(
            Grant::new(next.run, String::new(), granted("c", None)).unwrap().covers("anything"),
            "all, if nothing is said"
        );
        for other in ["", "[]", "{}", r#"{"userId": "x"}"#] {
            assert!(Grant::read(&Secret::from(other.to_owned())).is_none(), "{other}");
        }
    }
}
