//! Stories with Ondato.

use std::time::Instant;

use idv_simulators::app::Behaviour;
use idv_simulators::ondato::{Act, Order, WebhookManner, WebhookRule};
use serde_json::{Value, json};

use super::{Outcome, Provider, Stage, Stands, Told, tell};

struct Ondato;

impl Provider for Ondato {
    const CONNECTION: &'static str = "ondato";

    fn subject(_key: &str) -> Value {
        json!({ "kind": "individual", "firstName": "Ona", "lastName": "Example" })
    }

    fn run(stage: &Stage, _key: &str, onboarding: &str) -> Option<(String, String)> {
        let idv = stage.ondato.idv_by_reference(onboarding)?;
        let link = stage.ondato.link(&idv);
        Some((idv, link))
    }

    /// A decision counts when the flow is completed.
    fn stands(stage: &Stage, run: &str) -> Stands {
        let truth = stage.ondato.truth(run).unwrap_or_default();
        let status = match (truth.idv_status(), truth.kyc_status()) {
            ("Completed", Some("Approved")) => "approved",
            (_, Some("Rejected")) => "rejected",
            ("Expired", _) => "expired",
            ("Aborted", _) => "abandoned",
            _ => "open",
        };
        let kyc = truth.kyc_status().map(|kyc| format!("/{kyc}")).unwrap_or_default();
        Stands { status, shown: format!("ondato {}{kyc}", truth.idv_status()) }
    }
}

pub(super) async fn play(stage: &Stage, begun: Instant) -> Vec<Outcome> {
    let (approved, rejected, doubled, reversed, lost, resumed, redecided) = tokio::join!(
        tell::<Ondato, _>(stage, begun, "approved", approved),
        tell::<Ondato, _>(stage, begun, "rejected", rejected),
        tell::<Ondato, _>(stage, begun, "webhooks doubled", doubled),
        tell::<Ondato, _>(stage, begun, "webhooks reversed", reversed),
        tell::<Ondato, _>(stage, begun, "webhooks lost", lost),
        tell::<Ondato, _>(stage, begun, "dropped off, resumed", dropped_off),
        tell::<Ondato, _>(stage, begun, "decided anew", redecided),
    );
    vec![approved, rejected, doubled, reversed, lost, resumed, redecided]
}

pub(super) async fn play_last(stage: &Stage, begun: Instant) -> Outcome {
    tell::<Ondato, _>(stage, begun, "tenant down", tenant_down).await
}

impl Told<'_> {
    fn does(&self, what: &str, acts: Vec<Act>) -> Result<(), String> {
        self.say(what);
        self.stage.ondato.perform(&self.run, acts).map(drop).map_err(|error| error.to_string())
    }

    fn webhooks(&self, manner: WebhookManner) {
        self.stage.ondato.misdeliver(WebhookRule::always(manner).about(self.run.clone()));
    }
}

async fn approved(told: Told<'_>) -> Result<Told<'_>, String> {
    told.does("the person opens the link and shows a document", Act::whole_capture())?;
    told.does("the provider approves", vec![Act::approve(), Act::Complete])?;
    told.heard("approved").await?;
    Ok(told)
}

async fn rejected(told: Told<'_>) -> Result<Told<'_>, String> {
    told.does("the provider rejects: a possible fraud", Act::whole_rejection("PossibleFraudAttempt"))?;
    told.heard("rejected").await?;
    Ok(told)
}

async fn doubled(told: Told<'_>) -> Result<Told<'_>, String> {
    told.webhooks(WebhookManner::Repeated { copies: 3 });
    told.does("the provider approves; each webhook comes three times", Act::whole_approval())?;
    told.heard("approved").await?;
    Ok(told)
}

async fn reversed(told: Told<'_>) -> Result<Told<'_>, String> {
    told.webhooks(WebhookManner::Held);
    told.does("the provider approves; webhooks come last first", Act::whole_approval())?;
    told.stage.ondato.release(&Order::Reversed);
    told.heard("approved").await?;
    Ok(told)
}

async fn lost(told: Told<'_>) -> Result<Told<'_>, String> {
    told.webhooks(WebhookManner::Lost);
    told.does("the provider approves; no webhook ever comes", Act::whole_approval())?;
    told.heard("approved").await?;
    Ok(told)
}

async fn dropped_off(mut told: Told<'_>) -> Result<Told<'_>, String> {
    told.does("the person opens the link and leaves; it expires", vec![Act::Open, Act::Expire])?;
    told.heard("expired").await?;
    let answer = told.resume().await?;
    let before = told.run.clone();
    told.enter::<Ondato>(&answer)?;
    if told.run == before {
        return Err("the link of the run that has expired was given again".to_owned());
    }
    told.say("the app invoked `resume` and has a link of the next attempt");
    told.does("the person finishes, the provider approves", Act::whole_approval())?;
    told.heard("approved").await?;
    Ok(told)
}

async fn redecided(told: Told<'_>) -> Result<Told<'_>, String> {
    told.does("the provider approves", Act::whole_approval())?;
    told.heard("approved").await?;
    told.does("an operator looks again and rejects", vec![Act::reject_manually("PossibleFraudAttempt")])?;
    told.heard("rejected").await?;
    Ok(told)
}

/// The backlog that grows meanwhile arrives in order.
async fn tenant_down(told: Told<'_>) -> Result<Told<'_>, String> {
    told.say("the tenant's own system answers 503");
    told.stage.app.misbehave(Behaviour::Status { code: 503 }, None);
    told.does("the person opens the link", vec![Act::Open])?;
    told.backlog(1).await?;
    told.does(
        "the person finishes, the provider approves",
        [Act::whole_capture().split_off(1), vec![Act::approve(), Act::Complete]].concat(),
    )?;
    told.backlog(2).await?;
    told.stage.app.behave();
    told.say("the tenant's own system is back");
    told.heard("approved").await?;
    Ok(told)
}
