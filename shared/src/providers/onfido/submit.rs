//! `submit` in a classic run: the app says that the capture is done, and a check is made.
//!
//! `POST /checks` is not idempotent and costs money. So the applicant's checks are read first: one that bears the mark
//! of this submission is what an unheard try made, and one of this onboarding that is still open is what another
//! submission made; either is the one. Only then another is made.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::id::{Kind, is, uuid};
use super::options::Flow;
use super::resource::Check;
use super::subject::{given, members};
use super::words::{CheckStatus, REPORT_NAMES};
use super::{Onfido, SUBMIT_TAG, TAG};
use crate::domain::{ProviderId, Resource, Standing};
use crate::ports::{BadField, ProviderError, Reach, Submission};
use crate::providers::answer::{self, Object};
use crate::providers::fields::{unknown, wrong};

/// Of `submit`.
pub(super) const OPTIONS: [&str; 6] = [
    "report_names",
    "document_ids",
    "privacy_notices_read_consent_given",
    "us_driving_licence",
    "location",
    "consents",
];
/// What is said of the person, not of the check.
const OF_APPLICANT: [&str; 2] = ["location", "consents"];
/// Of a run's tag; of a check's the limit is not stated.
const LONGEST_TAG: usize = 128;

const OF_STUDIO: ProviderError =
    ProviderError::Unsupported("a workflow run learns by itself when the person is done; nothing is to be submitted");

/// `GET /checks?applicant_id=`.
#[derive(Deserialize)]
struct Checks {
    checks: Vec<Object<Check>>,
}

impl Onfido {
    pub(super) fn checked_submission(&self, options: &Map<String, Value>) -> Vec<BadField> {
        let mut bad = Vec::new();
        let options = given(options);
        unknown("options", &options, &OPTIONS, &mut bad);
        self.named_reports(&options, &mut bad);
        if let Some(ids) = options.get("document_ids")
            && !ids.as_array().is_some_and(|ids| ids.iter().all(|id| id.as_str().and_then(uuid).is_some()))
        {
            bad.push(wrong("options.document_ids", "must be a list of UUIDs"));
        }
        if options.get("privacy_notices_read_consent_given").is_some_and(|given| !given.is_boolean()) {
            bad.push(wrong("options.privacy_notices_read_consent_given", "must be true or false"));
        }
        if options.get("us_driving_licence").is_some_and(|licence| !licence.is_object()) {
            bad.push(wrong("options.us_driving_licence", "must be an object with id_number and issue_state"));
        }
        members("options", &OF_APPLICANT, &options, &mut bad);
        bad
    }

    fn named_reports(&self, options: &Map<String, Value>, bad: &mut Vec<BadField>) {
        let Some(names) = options.get("report_names") else {
            if self.settings.report_names.is_empty() && self.settings.usual_flow() == Flow::Classic {
                bad.push(wrong("options.report_names", "is missing, also in this connection's settings"));
            }
            return;
        };
        let known = |name: &Value| name.as_str().is_some_and(|name| REPORT_NAMES.contains(&name));
        if !names.as_array().is_some_and(|names| !names.is_empty() && names.iter().all(known)) {
            let rule = format!("must be a list of these: {}", REPORT_NAMES.join(", "));
            bad.push(wrong("options.report_names", &rule));
        }
    }

    pub(super) async fn make_submitted(
        &self,
        reach: Reach<'_>,
        asked: Submission<'_>,
    ) -> Result<Vec<Resource>, ProviderError> {
        if Kind::of(asked.subject) != Some(Kind::Applicant) {
            return Err(OF_STUDIO);
        }
        let applicant = &asked.subject.id;
        let tags = [format!("{TAG}{}", asked.onboarding), submit_tag(asked.mark)];
        let checks = self.checks_of(reach, applicant).await?;
        if let Some(check) = the_one(&checks, &tags) {
            return named_by_events(check);
        }
        if asked.done {
            // It was answered with one that was open then, and bears the mark of the submission that made it.
            let [own, _] = &tags;
            let newest = checks.iter().filter(|check| check.has_tag(own)).max_by_key(|check| check.created_at());
            return newest.map_or(Err(ProviderError::NotFound), named_by_events);
        }
        let options = given(asked.options);
        let body = self.check_body(applicant, &tags, &options)?;
        self.say_of_person(reach, applicant, &options).await?;
        let response = self.api.create(reach, "checks", &body).await.map_err(of_submission)?;
        let made: Check = answer::object(&response)?;
        if !made.applicant_id.as_deref().is_none_or(|id| is(id, applicant)) {
            return Err(super::look::OF_ANOTHER);
        }
        named_by_events(&made)
    }

    /// All of an applicant's, as they are listed.
    pub(super) async fn checks_of(
        &self,
        reach: Reach<'_>,
        applicant: &ProviderId,
    ) -> Result<Vec<Check>, ProviderError> {
        let url = self.api.asked(&["checks"], &[("applicant_id", applicant.as_str())]);
        let found = match self.api.get(reach, &url).await {
            Err(ProviderError::Refused { field }) => return Err(self.refused_list(reach, applicant, field).await),
            Err(ProviderError::NotFound) => return Err(self.api.missing(reach).await),
            outcome @ (Ok(_) | Err(_)) => outcome?,
        };
        let Checks { checks } = answer::object(&found)?;
        let checks: Vec<Check> = checks.into_iter().map(|Object(check)| check).collect();
        if checks.iter().any(|check| check.applicant().is_some_and(|id| id != *applicant)) {
            return Err(super::look::OF_ANOTHER);
        }
        Ok(checks)
    }

    /// The list may be refused because the applicant is deleted.
    async fn refused_list(&self, reach: Reach<'_>, applicant: &ProviderId, field: Option<String>) -> ProviderError {
        match self.api.read(reach, "applicants", applicant).await {
            Err(ProviderError::NotFound) => ProviderError::NotFound,
            Ok(_) | Err(ProviderError::Refused { .. }) => ProviderError::Refused { field },
            Err(error) => error,
        }
    }

    async fn say_of_person(
        &self,
        reach: Reach<'_>,
        applicant: &ProviderId,
        options: &Map<String, Value>,
    ) -> Result<(), ProviderError> {
        let said = members("options", &OF_APPLICANT, options, &mut Vec::new());
        if said.is_empty() {
            return Ok(());
        }
        self.correct(reach, applicant, &Value::Object(said)).await.map_err(of_submission)
    }

    fn check_body(
        &self,
        applicant: &ProviderId,
        tags: &[String],
        options: &Map<String, Value>,
    ) -> Result<Value, ProviderError> {
        let usual = || Some(self.settings.report_names.as_slice()).filter(|names| !names.is_empty()).map(Value::from);
        let names = options.get("report_names").cloned().or_else(usual);
        let names = names.ok_or_else(|| ProviderError::Refused { field: Some("options.report_names".to_owned()) })?;
        let mut body = json!({"applicant_id": applicant.as_str(), "report_names": names, "tags": tags});
        let webhooks = Some(&self.settings.webhook_ids).filter(|ids| !ids.is_empty());
        let webhooks = webhooks.map(|ids| ("webhook_ids", Value::from(ids.as_slice())));
        let passed = ["document_ids", "privacy_notices_read_consent_given", "us_driving_licence"];
        let passed = passed.into_iter().filter_map(|name| Some((name, options.get(name)?.clone())));
        if let Some(members) = body.as_object_mut() {
            members.extend(webhooks.into_iter().chain(passed).map(|(name, value)| (name.to_owned(), value)));
        }
        Ok(body)
    }
}

/// That of this submission, else one of this onboarding that has not come to its end.
fn the_one<'a>(checks: &'a [Check], [own, submission]: &[String; 2]) -> Option<&'a Check> {
    let open = |check: &&Check| {
        let status = check.status.as_deref().and_then(CheckStatus::read);
        let standing = status.map_or(Standing::Unrecognised, |status| status.standing(check.result()));
        matches!(standing, Standing::Open | Standing::Waiting)
    };
    let marked = checks.iter().find(|check| check.has_tag(submission));
    marked.or_else(|| checks.iter().filter(|check| check.has_tag(own)).find(open))
}

fn named_by_events(check: &Check) -> Result<Vec<Resource>, ProviderError> {
    let own = Kind::Check.resource(check.key()?);
    let reports = check.report_ids()?.into_iter().map(|id| Kind::Report.resource(id));
    Ok(std::iter::once(own).chain(reports).collect())
}

fn submit_tag(mark: &str) -> String {
    format!("{SUBMIT_TAG}{mark}").chars().take(LONGEST_TAG).collect()
}

/// What the applicant lacks can be given with the next submission.
fn of_submission(error: ProviderError) -> ProviderError {
    let ProviderError::Refused { field: Some(field) } = error else { return error };
    let given = field.strip_prefix("subject.").filter(|rest| OF_APPLICANT.iter().any(|name| rest.starts_with(name)));
    ProviderError::Refused { field: Some(given.map_or(field.clone(), |rest| format!("options.{rest}"))) }
}
