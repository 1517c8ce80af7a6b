//! Stories with Onfido.

use std::collections::BTreeSet;
use std::time::Instant;

use idv_simulators::onfido::{Act, Decision, Kind, Outcome as Finding, Truth};
use serde_json::{Map, Value, json};

use super::{Outcome, Provider, Stage, Stands, Told, tell};

/// An SDK captures in the app, which then asks for a check.
struct Classic;
/// A run of a workflow, behind a hosted link.
struct Studio;

/// An applicant has no reference of ours: the person's own address tells them apart.
pub(super) fn email(tenant: &str, key: &str) -> String {
    format!("{key}@{tenant}.example")
}

pub(super) fn person(tenant: &str, key: &str) -> Value {
    json!({
        "kind": "individual", "first_name": "Ada", "last_name": "Example", "email": email(tenant, key),
        "dob": "1990-01-31", "location": { "ip_address": "203.0.113.10", "country_of_residence": "GBR" },
    })
}

/// The applicant with that address, by Onfido's own records.
pub(super) fn applicant(stage: &Stage, email: &str) -> Option<String> {
    let created = stage.onfido.applicants_created().into_iter();
    created.rev().find(|id| stage.onfido.truth(id).is_some_and(|truth| text(&truth.resource, "email") == email))
}

/// The token is for one applicant, and the newest of those that were given for them.
pub(super) fn leads_to_applicant(stage: &Stage, applicant: &str, answer: &Value) -> Result<(), String> {
    let given = stage.onfido.truth(applicant).map(|truth| truth.sdk_tokens).unwrap_or_default();
    match answer.pointer("/sdk/token").and_then(Value::as_str) {
        Some(token) if !token.is_empty() && given > 0 => Ok(()),
        Some(_) | None => Err(format!("Onfido gave {given} tokens for the applicant, the app has none")),
    }
}

/// What is true of the applicant's newest check: a finding is a rejection by the tenant's policy.
pub(super) fn stands_checked(stage: &Stage, applicant: &str) -> Stands {
    let check = newest_check(stage, applicant).and_then(|check| stage.onfido.truth(&check));
    let Some(check) = check else { return Stands::default() };
    let status = match (check.status(), check.result()) {
        ("complete", Some("clear")) => "approved",
        ("complete", Some(_)) => "rejected",
        (_, _) => "open",
    };
    Stands { status, shown: format!("onfido check {}/{}", check.status(), check.result().unwrap_or("-")) }
}

fn newest_check(stage: &Stage, applicant: &str) -> Option<String> {
    stage.onfido.truth(applicant)?.checks.pop()
}

/// The reports of all checks of an applicant that have come to an end.
pub(crate) fn finished_reports(stage: &Stage, applicant: &str) -> BTreeSet<String> {
    let checks = stage.onfido.truth(applicant).map(|truth| truth.checks).unwrap_or_default();
    let reports = checks.iter().filter_map(|check| stage.onfido.truth(check)).flat_map(|check| check.reports);
    let finished = reports.filter(|report| text(report, "status") == "complete");
    finished.map(|report| text(&report, "id").to_owned()).collect()
}

impl Provider for Classic {
    const CONNECTION: &'static str = "onfido";

    fn subject(key: &str) -> Value {
        person(Self::TENANT, key)
    }

    fn wishes() -> Map<String, Value> {
        [("channel".to_owned(), json!("sdk")), ("options".to_owned(), json!({ "flow": "classic" }))]
            .into_iter()
            .collect()
    }

    fn run(stage: &Stage, key: &str, _onboarding: &str) -> Option<(String, String)> {
        Some((applicant(stage, &email(Self::TENANT, key))?, String::new()))
    }

    fn leads(stage: &Stage, (applicant, _): &(String, String), answer: &Value) -> Result<(), String> {
        leads_to_applicant(stage, applicant, answer)
    }

    fn stands(stage: &Stage, run: &str) -> Stands {
        stands_checked(stage, run)
    }
}

impl Provider for Studio {
    const CONNECTION: &'static str = "onfido";

    fn subject(key: &str) -> Value {
        person(Self::TENANT, key)
    }

    fn run(stage: &Stage, _key: &str, onboarding: &str) -> Option<(String, String)> {
        let run = stage.onfido.runs_of_user(onboarding).pop()?;
        let link = stage.onfido.link(&run)?;
        Some((run, link))
    }

    fn stands(stage: &Stage, run: &str) -> Stands {
        let truth = stage.onfido.truth(run).filter(|truth| truth.kind == Kind::Run);
        let word = truth.as_ref().map(Truth::status).unwrap_or_default();
        let status = match word {
            "approved" => "approved",
            "declined" => "rejected",
            "review" => "in_review",
            "abandoned" => "abandoned",
            _ => "open",
        };
        Stands { status, shown: format!("onfido run {word}") }
    }
}

pub(super) async fn play(stage: &Stage, begun: Instant) -> Vec<Outcome> {
    let (checked, reopened, studio) = tokio::join!(
        tell::<Classic, _>(stage, begun, "SDK and check", checked),
        tell::<Classic, _>(stage, begun, "check reopened", reopened),
        tell::<Studio, _>(stage, begun, "Studio run", studio),
    );
    vec![checked, reopened, studio]
}

impl Told<'_> {
    /// Somebody acts at an applicant, a check or a run.
    pub(super) fn acts_at(&self, id: &str, what: &str, acts: Vec<Act>) -> Result<(), String> {
        self.say(what);
        self.stage.onfido.perform(id, acts).map(drop).map_err(|error| error.to_string())
    }

    /// The person shows a document and the face, the app says so; gives the check.
    pub(super) async fn submitted(&self) -> Result<String, String> {
        self.acts_at(&self.run, "the person shows a document and the face to the SDK", vec![Act::Capture])?;
        let request = json!({
            "action": "submit", "tenant": self.tenant, "onboarding_id": self.onboarding,
            "idempotency_key": format!("{}-submits", self.key),
        });
        self.stage.invoke(&request).await?;
        let checks = self.stage.onfido.truth(&self.run).map(|truth| truth.checks).unwrap_or_default();
        let [check] = checks.as_slice() else {
            return Err(format!("one check was wanted, there are {}", checks.len()));
        };
        self.say("the app invoked `submit`: the check runs");
        Ok(check.clone())
    }
}

async fn checked(mut told: Told<'_>) -> Result<Told<'_>, String> {
    let applicant = told.run.clone();
    let answer = told.resume().await?;
    told.enter::<Classic>(&answer)?;
    if told.run != applicant {
        return Err("the token is for another applicant".to_owned());
    }
    told.say("the app invoked `resume` and has a token for the same applicant");
    let check = told.submitted().await?;
    let document = Act::complete_report("document", Finding::Clear);
    told.acts_at(&check, "the report on the document is finished", vec![document])?;
    let face = Act::complete_report("facial_similarity_photo", Finding::Clear);
    told.acts_at(&check, "the report on the face is finished, and the check", vec![face, Act::FinishCheck])?;
    told.heard("approved").await?;
    Ok(told)
}

async fn reopened(told: Told<'_>) -> Result<Told<'_>, String> {
    let check = told.submitted().await?;
    told.acts_at(&check, "both reports and the check are finished in one burst", vec![Act::complete()])?;
    told.heard("approved").await?;
    told.acts_at(&check, "Onfido reopens the check", vec![Act::Reopen])?;
    let found = Act::ReviseReport { report: "document".to_owned(), outcome: Finding::Suspected };
    told.acts_at(&check, "a second look finds fraud", vec![found, Act::FinishCheck])?;
    told.heard("rejected").await?;
    Ok(told)
}

async fn studio(told: Told<'_>) -> Result<Told<'_>, String> {
    let run = told.run.clone();
    told.acts_at(&run, "the person opens the link and does what is asked", vec![Act::OpenLink, Act::CompleteTasks])?;
    told.acts_at(&run, "the run ends approved", vec![Act::decide(Decision::Approved)])?;
    told.heard("approved").await?;
    Ok(told)
}

pub(super) fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}
