//! What persons, operators and networks do. Each story is one onboarding; all are told at the same time.

pub(crate) mod clients;
mod fractal;
mod idos;
mod intergiro;
mod ondato;
pub(crate) mod onfido;

use std::future::Future;
use std::time::Instant;

use idv_simulators::app::{Outcome as Taken, Received};
use serde_json::{Map, Value, json};

use crate::say::to_people;

use super::stage::Stage;
use super::verdict::{Outcome, judge};

/// Tells all stories; the one in which the tenant's own system is down comes last, because it is down for all.
pub(crate) async fn play(stage: &Stage) -> Vec<Outcome> {
    let begun = Instant::now();
    let (ondato, intergiro, onfido, clients, fractal, idos) = tokio::join!(
        ondato::play(stage, begun),
        intergiro::play(stage, begun),
        onfido::play(stage, begun),
        clients::play(stage, begun),
        fractal::play(stage, begun),
        idos::play(stage, begun),
    );
    let down = ondato::play_last(stage, begun).await;
    [ondato, intergiro, onfido, clients, fractal, idos, vec![down]].into_iter().flatten().collect()
}

/// A provider, as the stories need it: what is true there, by its own records.
pub(crate) trait Provider {
    /// Whose account it is.
    const TENANT: &'static str = "acme";
    /// As in the configuration.
    const CONNECTION: &'static str;

    /// What the app tells of the person.
    fn subject(key: &str) -> Value;

    /// What else the app wishes.
    fn wishes() -> Map<String, Value> {
        Map::new()
    }

    /// The current run of an onboarding, and its link, by the provider's own records.
    fn run(stage: &Stage, key: &str, onboarding: &str) -> Option<(String, String)>;

    /// Whether the answer leads into that run.
    fn leads(_stage: &Stage, (_, own): &(String, String), answer: &Value) -> Result<(), String> {
        let given = answer.pointer("/link/url").and_then(Value::as_str).unwrap_or_default();
        if given == own { Ok(()) } else { Err(format!("the link is {given}, the provider's own is {own}")) }
    }

    /// What is true of a run.
    fn stands(stage: &Stage, run: &str) -> Stands;
}

/// What is true of a run at the provider.
#[derive(Default)]
pub(crate) struct Stands {
    /// What it must be called, by the provider's documentation.
    pub(crate) status: &'static str,
    /// In the provider's own words.
    pub(crate) shown: String,
}

/// One story, as far as it has come.
pub(crate) struct Told<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) name: &'static str,
    pub(crate) tenant: &'static str,
    pub(crate) onboarding: String,
    /// The current run at the provider.
    pub(crate) run: String,
    /// What the app hands to the person; empty where it has a token.
    link: String,
    key: String,
    begun: Instant,
}

async fn tell<'a, P, F>(
    stage: &'a Stage,
    begun: Instant,
    name: &'static str,
    story: impl FnOnce(Told<'a>) -> F,
) -> Outcome
where
    P: Provider,
    F: Future<Output = Result<Told<'a>, String>>,
{
    let started = Instant::now();
    let told = match Told::start::<P>(stage, begun, name).await {
        Ok(told) => told,
        Err(fault) => return Outcome::failed(name, fault),
    };
    let onboarding = told.onboarding.clone();
    let mut outcome = match story(told).await {
        Ok(told) => judge(&told, &P::stands(stage, &told.run)).await,
        Err(fault) => Outcome { onboarding, ..Outcome::failed(name, fault) },
    };
    outcome.seconds = started.elapsed().as_secs_f64();
    outcome
}

impl<'a> Told<'a> {
    async fn start<P: Provider>(stage: &'a Stage, begun: Instant, name: &'static str) -> Result<Self, String> {
        let key = format!("{}-{}", P::CONNECTION, name.replace([' ', ','], "-"));
        let mut request = json!({
            "action": "start", "tenant": P::TENANT, "connection": P::CONNECTION,
            "reference": format!("customer-{key}"), "subject": P::subject(&key),
            "return_url": format!("{}/done", stage.app.base_url().trim_end_matches('/')), "idempotency_key": key,
        });
        if let Some(members) = request.as_object_mut() {
            members.extend(P::wishes());
        }
        let answer = stage.invoke(&request).await?;
        let [onboarding, run, link] = [String::new(), String::new(), String::new()];
        let mut told = Self { stage, name, tenant: P::TENANT, onboarding, run, link, key, begun };
        told.enter::<P>(&answer)?;
        let what = if answer.pointer("/sdk").is_some() { "the SDK's token" } else { "the link" };
        told.say(&format!("the app invoked `start` and has {what}"));
        Ok(told)
    }

    /// Takes the run from the provider's own records, into which the answer must lead.
    fn enter<P: Provider>(&mut self, answer: &Value) -> Result<(), String> {
        let onboarding = answer.pointer("/onboarding_id").and_then(Value::as_str);
        onboarding.unwrap_or_default().clone_into(&mut self.onboarding);
        answer.pointer("/link/url").and_then(Value::as_str).unwrap_or_default().clone_into(&mut self.link);
        let run = P::run(self.stage, &self.key, &self.onboarding).ok_or("the provider has no such run")?;
        P::leads(self.stage, &run, answer)?;
        self.run = run.0;
        Ok(())
    }

    /// The person comes back for a link.
    async fn resume(&self) -> Result<Value, String> {
        let request = json!({
            "action": "resume", "tenant": self.tenant, "onboarding_id": self.onboarding,
            "return_url": format!("{}/done", self.stage.app.base_url().trim_end_matches('/')),
            "idempotency_key": format!("{}-comes-back", self.key),
        });
        self.stage.invoke(&request).await
    }

    fn say(&self, what: &str) {
        to_people(&format!("{:7.2} s  {:<21} {what}", self.begun.elapsed().as_secs_f64(), self.name));
    }

    /// Waits until the application believes that status.
    async fn heard(&self, status: &str) -> Result<(), String> {
        self.heard_so(status, |row| row.status.as_deref() == Some(status)).await
    }

    /// Waits until the last thing that the application was told is as that says.
    async fn heard_so(&self, what: &str, is_so: impl Fn(&Received) -> bool) -> Result<(), String> {
        let mine = |received: &[Received]| {
            let mut applied = received.iter().rev().filter(|row| row.onboarding_id == self.onboarding);
            let last = applied.find(|row| row.outcome == Taken::Applied && row.status.is_some());
            last.is_some_and(&is_so)
        };
        let arrived = self.stage.app.wait_for(mine, self.stage.patience).await;
        arrived.map_err(|_| format!("the application was not told {what}"))?;
        self.say(&format!("the application has verified: {what}"));
        Ok(())
    }

    /// Waits until so many status changes beyond the issued link wait in the ledger.
    async fn backlog(&self, changes: u64) -> Result<(), String> {
        let version = |answer: &Value| answer.pointer("/version").and_then(Value::as_u64).unwrap_or_default();
        self.until("the changes are in the ledger", |answer| version(answer) >= changes + 2).await.map(drop)
    }

    /// Waits until the ledger says so.
    async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value, String> {
        let request = json!({ "action": "get", "tenant": self.tenant, "onboarding_id": self.onboarding });
        let deadline = Instant::now() + self.stage.patience;
        let mut pause = tokio::time::interval(std::time::Duration::from_millis(100));
        while Instant::now() < deadline {
            pause.tick().await;
            let answer = self.stage.invoke(&request).await?;
            if is_so(&answer) {
                return Ok(answer);
            }
        }
        Err(format!("not within {} s: {what}", self.stage.patience.as_secs()))
    }
}
