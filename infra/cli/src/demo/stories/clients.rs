//! Two clients of one Onfido account: every event reaches both addresses, tripled, and each instance gets what is its own.

use std::time::Instant;

use idv_simulators::fintechos::FintechOs;
use idv_simulators::onfido::{Act, Outcome as Finding, WebhookManner, WebhookRule};
use serde_json::{Map, Value, json};

use crate::demo::clients::{ACCOUNT, CONNECTION};
use crate::demo::verdict::judge_client;

use super::onfido::{applicant, email, finished_reports, leads_to_applicant, person, stands_checked, text};
use super::{Outcome, Provider, Stage, Stands, Told, tell};

struct ClientA;
struct ClientB;

macro_rules! a_client {
    ($client:ident, $tenant:literal) => {
        impl Provider for $client {
            const TENANT: &'static str = $tenant;
            const CONNECTION: &'static str = CONNECTION;

            fn subject(key: &str) -> Value {
                person(Self::TENANT, key)
            }

            fn wishes() -> Map<String, Value> {
                [("channel".to_owned(), json!("sdk"))].into_iter().collect()
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
    };
}

a_client!(ClientA, "client-a");
a_client!(ClientB, "client-b");

/// Everybody who began with this client, by Onfido's own records.
pub(crate) fn applicants(stage: &Stage, tenant: &str) -> Vec<String> {
    let of_the_client = format!("@{tenant}.example");
    let mut applicants = stage.onfido.applicants_created();
    applicants.retain(|id| {
        stage.onfido.truth(id).is_some_and(|truth| text(&truth.resource, "email").ends_with(&of_the_client))
    });
    applicants
}

pub(super) async fn play(stage: &Stage, begun: Instant) -> Vec<Outcome> {
    let (a_one, a_other, b_one, b_other, ()) = tokio::join!(
        tell::<ClientA, _>(stage, begun, "client A, approved", by_reports_alone),
        tell::<ClientA, _>(stage, begun, "client A, rejected", in_a_burst),
        tell::<ClientB, _>(stage, begun, "client B, approved", by_reports_alone),
        tell::<ClientB, _>(stage, begun, "client B, rejected", in_a_burst),
        somebody_elses(stage),
    );
    let mut outcomes = vec![a_one, a_other, b_one, b_other];
    for (client, name) in stage.clients.iter().zip(["client A, all", "client B, all"]) {
        outcomes.push(judge_client(stage, client, name).await);
    }
    outcomes
}

/// A check of the account that neither client made.
async fn somebody_elses(stage: &Stage) {
    let check = stage.onfido.check_elsewhere(Some(ACCOUNT), None);
    // cannot fail: the check was made a moment ago
    let _done = stage.onfido.act(&check, Act::complete());
}

impl Told<'_> {
    /// Each event about the applicant comes three times to each of the account's addresses.
    fn tripled(&self) {
        let rule = WebhookRule::always(WebhookManner::Repeated { copies: 3 }).about(self.run.clone());
        self.stage.onfido.misdeliver(rule);
    }

    /// Waits until the client's own instance has accepted every finished report.
    async fn accepted(&self) -> Result<(), String> {
        let client = self.stage.client(self.tenant).ok_or("the tenant has no instance")?;
        let finished = finished_reports(self.stage, &self.run);
        let all = |instance: &FintechOs| finished.iter().all(|report| !instance.accepted_about(report).is_empty());
        let accepted = client.instance.wait_for(all, self.stage.patience).await;
        accepted.map_err(|_| "the instance was not told of every report".to_owned())?;
        self.say(&format!("the client's own instance has accepted {} report events", finished.len()));
        Ok(())
    }

    async fn ends(&self, status: &str) -> Result<(), String> {
        self.until(status, |answer| text(answer, "status") == status).await?;
        self.say(&format!("the ledger says: {status}"));
        Ok(())
    }
}

/// Webhooks tell of reports alone: that the check has ended is found by looking again.
async fn by_reports_alone(told: Told<'_>) -> Result<Told<'_>, String> {
    told.tripled();
    let check = told.submitted().await?;
    for report in ["document", "facial_similarity_photo"] {
        let what = format!("the report `{report}` is finished; both clients hear it three times");
        told.acts_at(&check, &what, vec![Act::complete_report(report, Finding::Clear)])?;
    }
    told.accepted().await?;
    told.acts_at(&check, "the check ends; no webhook tells of it", vec![Act::FinishCheck])?;
    told.ends("approved").await?;
    Ok(told)
}

async fn in_a_burst(told: Told<'_>) -> Result<Told<'_>, String> {
    told.tripled();
    let check = told.submitted().await?;
    let found = Act::complete_with("facial_similarity_photo", Finding::Consider);
    told.acts_at(&check, "both reports are finished in one burst, one with a finding", vec![found])?;
    told.accepted().await?;
    told.ends("rejected").await?;
    Ok(told)
}
