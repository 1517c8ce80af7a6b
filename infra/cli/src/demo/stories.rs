//! What persons, operators and networks do. Each story is one onboarding; all are told at the same time.

use std::future::Future;
use std::time::Instant;

use idv_simulators::app::Behaviour;
use idv_simulators::ondato::{Act, Order, WebhookManner, WebhookRule};
use serde_json::{Value, json};

use crate::say::to_people;

use super::stage::Stage;
use super::verdict::{Outcome, judge};

/// Tells all stories; the one in which the tenant's own system is down comes last, because it is down for all.
pub(crate) async fn play(stage: &Stage) -> Vec<Outcome> {
    let begun = Instant::now();
    let (approved, rejected, doubled, reversed, lost, resumed, redecided) = tokio::join!(
        tell(stage, begun, "approved", approved),
        tell(stage, begun, "rejected", rejected),
        tell(stage, begun, "webhooks doubled", doubled),
        tell(stage, begun, "webhooks reversed", reversed),
        tell(stage, begun, "webhooks lost", lost),
        tell(stage, begun, "dropped off, resumed", dropped_off),
        tell(stage, begun, "decided anew", redecided),
    );
    let down = tell(stage, begun, "tenant down", tenant_down).await;
    vec![approved, rejected, doubled, reversed, lost, resumed, redecided, down]
}

/// One story, as far as it has come.
pub(crate) struct Told<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) name: &'static str,
    pub(crate) onboarding: String,
    /// The current run at the provider.
    pub(crate) idv: String,
    begun: Instant,
}

async fn tell<'a, F>(stage: &'a Stage, begun: Instant, name: &'static str, story: impl FnOnce(Told<'a>) -> F) -> Outcome
where
    F: Future<Output = Result<Told<'a>, String>>,
{
    let started = Instant::now();
    let told = match Told::start(stage, begun, name).await {
        Ok(told) => told,
        Err(fault) => return Outcome::failed(name, fault),
    };
    let onboarding = told.onboarding.clone();
    let mut outcome = match story(told).await {
        Ok(told) => judge(&told).await,
        Err(fault) => Outcome { onboarding, ..Outcome::failed(name, fault) },
    };
    outcome.seconds = started.elapsed().as_secs_f64();
    outcome
}

impl<'a> Told<'a> {
    async fn start(stage: &'a Stage, begun: Instant, name: &'static str) -> Result<Self, String> {
        let key = name.replace([' ', ','], "-");
        let answer = stage
            .invoke(&json!({
                "action": "start", "tenant": "acme", "connection": "ondato", "reference": format!("customer-{key}"),
                "subject": { "kind": "individual", "firstName": "Ona", "lastName": "Example" },
                "return_url": format!("{}/done", stage.app.base_url().trim_end_matches('/')), "idempotency_key": key,
            }))
            .await?;
        let mut told = Self { stage, name, onboarding: String::new(), idv: String::new(), begun };
        told.enter(&answer)?;
        told.say("the app invoked `start` and has the link");
        Ok(told)
    }

    /// Takes the run from the provider's own records, by our reference, and the link from the answer: they must agree.
    fn enter(&mut self, answer: &Value) -> Result<(), String> {
        let text = |pointer| answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        self.onboarding = text("/onboarding_id");
        let ondato = &self.stage.ondato;
        self.idv = ondato.idv_by_reference(&self.onboarding).ok_or("the provider has no run with our reference")?;
        let (given, own) = (text("/link/url"), ondato.link(&self.idv));
        if given == own { Ok(()) } else { Err(format!("the link is {given}, the provider's own is {own}")) }
    }

    fn say(&self, what: &str) {
        to_people(&format!("{:7.2} s  {:<21} {what}", self.begun.elapsed().as_secs_f64(), self.name));
    }

    fn does(&self, what: &str, acts: Vec<Act>) -> Result<(), String> {
        self.say(what);
        self.stage.ondato.perform(&self.idv, acts).map(drop).map_err(|error| error.to_string())
    }

    fn webhooks(&self, manner: WebhookManner) {
        self.stage.ondato.misdeliver(WebhookRule::always(manner).about(self.idv.clone()));
    }

    /// Waits until the application believes that status.
    async fn heard(&self, status: &str) -> Result<(), String> {
        let mine = |received: &[idv_simulators::app::Received]| {
            let mut applied = received.iter().rev().filter(|row| row.onboarding_id == self.onboarding);
            let last = applied.find(|row| row.outcome == idv_simulators::app::Outcome::Applied && row.status.is_some());
            last.and_then(|row| row.status.as_deref()) == Some(status)
        };
        let arrived = self.stage.app.wait_for(mine, self.stage.patience).await;
        arrived.map_err(|_| format!("the application was not told {status}"))?;
        self.say(&format!("the application has verified: {status}"));
        Ok(())
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
    let request = json!({
        "action": "resume", "tenant": "acme", "onboarding_id": told.onboarding, "idempotency_key": "comes-back",
    });
    let answer = told.stage.invoke(&request).await?;
    let before = told.idv.clone();
    told.enter(&answer)?;
    if told.idv == before {
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

impl Told<'_> {
    /// Waits until so many status changes beyond the issued link wait in the ledger.
    async fn backlog(&self, changes: u64) -> Result<(), String> {
        let request = json!({ "action": "get", "tenant": "acme", "onboarding_id": self.onboarding });
        let deadline = Instant::now() + self.stage.patience;
        let mut pause = tokio::time::interval(std::time::Duration::from_millis(100));
        while Instant::now() < deadline {
            pause.tick().await;
            let answer = self.stage.invoke(&request).await?;
            if answer.pointer("/version").and_then(Value::as_u64).is_some_and(|version| version >= changes + 2) {
                return Ok(());
            }
        }
        Err("the changes did not reach the ledger".to_owned())
    }
}
