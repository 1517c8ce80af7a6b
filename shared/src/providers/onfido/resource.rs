//! What the API answers with, in the members that are needed. Unknown members are passed over, as Onfido's versioning
//! policy asks, and what may be missing or null is.

use serde::Deserialize;
use serde_json::Value;

use super::id::uuid;
use crate::domain::{OnboardingId, ProviderId, Timestamp};
use crate::ports::ProviderError;
use crate::providers::answer::Object;
use crate::providers::text::NOT_A_WORD;
use crate::secret::Secret;

/// What says which resource it is.
pub(super) trait Named {
    fn id(&self) -> Option<&str>;
}

/// `POST /applicants`, and whatever else is only there or not.
#[derive(Deserialize)]
pub(super) struct Made {
    id: Option<String>,
}

impl Made {
    pub(super) fn id(&self) -> Result<ProviderId, ProviderError> {
        self.id.as_deref().and_then(uuid).ok_or(ProviderError::Unavailable("it created something without an id"))
    }
}

impl Named for Made {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

/// `GET /checks/{id}`, also as an item of the list and as the answer to its creation.
#[derive(Deserialize)]
pub(super) struct Check {
    pub(super) id: Option<String>,
    pub(super) applicant_id: Option<String>,
    pub(super) status: Option<String>,
    result: Option<Value>,
    created_at: Option<Value>,
    report_ids: Option<Value>,
    tags: Option<Value>,
}

impl Named for Check {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl Check {
    pub(super) fn key(&self) -> Result<ProviderId, ProviderError> {
        self.id.as_deref().and_then(uuid).ok_or(ProviderError::Unavailable("the id of a check cannot be read"))
    }

    pub(super) fn applicant(&self) -> Option<ProviderId> {
        self.applicant_id.as_deref().and_then(uuid)
    }

    pub(super) fn result(&self) -> Option<&str> {
        said(self.result.as_ref())
    }

    pub(super) fn created_at(&self) -> Option<Timestamp> {
        moment(self.created_at.as_ref())
    }

    pub(super) fn report_ids(&self) -> Result<Vec<ProviderId>, ProviderError> {
        let ids = texts(self.report_ids.as_ref()).map(uuid).collect::<Option<_>>();
        ids.ok_or(ProviderError::Unavailable("the id of a report cannot be read"))
    }

    pub(super) fn has_tag(&self, tag: &str) -> bool {
        texts(self.tags.as_ref()).any(|own| own == tag)
    }
}

/// `GET /reports/{id}`, also as an item of the list.
#[derive(Deserialize)]
pub(super) struct Report {
    pub(super) id: Option<String>,
    pub(super) check_id: Option<String>,
    pub(super) status: Option<String>,
    name: Option<Value>,
    result: Option<Value>,
    sub_result: Option<Value>,
    pub(super) breakdown: Option<Value>,
    /// Personal data: only digested.
    pub(super) properties: Option<Value>,
}

impl Named for Report {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl Report {
    pub(super) fn key(&self) -> Result<ProviderId, ProviderError> {
        self.id.as_deref().and_then(uuid).ok_or(ProviderError::Unavailable("the id of a report cannot be read"))
    }

    pub(super) fn check(&self) -> Result<ProviderId, ProviderError> {
        let check = self.check_id.as_deref().and_then(uuid);
        check.ok_or(ProviderError::Unavailable("a report does not name its check"))
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_ref()?.as_str()
    }

    pub(super) fn result(&self) -> Option<&str> {
        said(self.result.as_ref())
    }

    pub(super) fn sub_result(&self) -> Option<&str> {
        said(self.sub_result.as_ref())
    }
}

/// `GET /workflow_runs/{id}`, also as an item of the list and as the answer to its creation.
#[derive(Deserialize)]
pub(super) struct Run {
    pub(super) id: Option<String>,
    pub(super) applicant_id: Option<String>,
    pub(super) status: Option<String>,
    workflow_id: Option<Value>,
    customer_user_id: Option<Value>,
    tags: Option<Value>,
    reasons: Option<Value>,
    error: Option<Value>,
    created_at: Option<Value>,
    updated_at: Option<Value>,
    pub(super) sdk_token: Option<Secret>,
    link: Option<Object<Link>>,
}

#[derive(Deserialize)]
struct Link {
    url: Option<Secret>,
    expires_at: Option<Value>,
}

impl Named for Run {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl Run {
    pub(super) fn key(&self) -> Option<ProviderId> {
        self.id.as_deref().and_then(uuid)
    }

    pub(super) fn applicant(&self) -> Result<ProviderId, ProviderError> {
        let applicant = self.applicant_id.as_deref().and_then(uuid);
        applicant.ok_or(ProviderError::Unavailable("a run does not name its applicant"))
    }

    /// What it is a run of.
    pub(super) fn workflow(&self) -> Option<ProviderId> {
        self.workflow_id.as_ref()?.as_str().and_then(uuid)
    }

    /// Our own reference, as we put it there.
    pub(super) fn reference(&self) -> Option<OnboardingId> {
        let tagged = texts(self.tags.as_ref()).filter_map(|tag| tag.strip_prefix(super::TAG));
        let named = self.customer_user_id.as_ref().and_then(Value::as_str);
        tagged.chain(named).find_map(|text| OnboardingId::parse(text).ok())
    }

    pub(super) fn has_tag(&self, tag: &str) -> bool {
        texts(self.tags.as_ref()).any(|own| own == tag)
    }

    /// The technical problem's type, else the first of the reasons that the workflow's author gave.
    pub(super) fn reason(&self) -> Option<&str> {
        let error = self.error.as_ref().and_then(|error| error.get("type")).and_then(Value::as_str);
        error.or_else(|| texts(self.reasons.as_ref()).next())
    }

    pub(super) fn created_at(&self) -> Option<Timestamp> {
        moment(self.created_at.as_ref())
    }

    pub(super) fn updated_at(&self) -> Option<Timestamp> {
        moment(self.updated_at.as_ref())
    }

    pub(super) fn take_url(&mut self) -> Option<Secret> {
        self.link.as_mut()?.0.url.take()
    }

    pub(super) fn link_expires_at(&self) -> Option<Timestamp> {
        moment(self.link.as_ref()?.0.expires_at.as_ref())
    }
}

/// A word, or what stands for one that is none: whatever is there and cannot be read is not the same as nothing.
fn said(value: Option<&Value>) -> Option<&str> {
    value.filter(|value| !value.is_null()).map(|value| value.as_str().unwrap_or(NOT_A_WORD))
}

/// The texts of a list; whatever else stands there is passed over.
pub(super) fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Times end in `Z`, in an offset, or (early captures) in nothing, which is UTC.
pub(super) fn moment(value: Option<&Value>) -> Option<Timestamp> {
    let text = value?.as_str()?;
    Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}Z")))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use serde_json::json;

    use super::super::words::{CheckStatus, ReportStatus};
    use super::*;
    use crate::domain::Standing;

    #[test]
    fn what_is_said_and_is_no_text_is_not_silence() {
        let report =
            |sub: Value| serde_json::from_value::<Report>(json!({"result": "clear", "sub_result": sub})).unwrap();
        let standing = |report: &Report| ReportStatus::Complete.standing(report.result(), report.sub_result());
        assert_eq!(standing(&report(json!(null))), Standing::Approved);
        for strange in [json!(7), json!(true), json!(["suspected"]), json!({"value": "suspected"}), json!("")] {
            assert_eq!(standing(&report(strange.clone())), Standing::Unrecognised, "{strange}");
            let check: Check = serde_json::from_value(json!({"result": strange})).unwrap();
            assert!(check.result().is_some());
            assert_eq!(CheckStatus::Complete.standing(check.result()), Standing::Unrecognised);
        }
    }

    #[test]
    fn a_time_needs_no_zone() {
        let at = Timestamp::parse("2026-03-02T09:07:31.389Z");
        for text in ["2026-03-02T09:07:31.389Z", "2026-03-02T09:07:31.389407", "2026-03-02T09:07:31.389+00:00"] {
            assert_eq!(moment(Some(&json!(text))), at, "{text}");
        }
        for text in [json!(7), json!(null), json!("yesterday"), json!("")] {
            assert_eq!(moment(Some(&text)), None, "{text}");
        }
    }
}
