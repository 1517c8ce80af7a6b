//! Stories with Fractal ID: the person's browser goes by our own addresses to Fractal's page and back.

use std::io;
use std::time::Instant;

use idv_simulators::app::Received;
use idv_simulators::browser::Browser;
use idv_simulators::fractal::{Act, Button, Truth, Visit};
use serde_json::{Value, json};

use crate::demo::user_owned::{CLASSIC, RELAY, VERIFIER};

use super::{Outcome, Provider, Stage, Stands, Told, tell};

struct Classic;
struct Verifier;
struct Relay;

macro_rules! a_generation {
    ($generation:ident, $connection:ident) => {
        impl Provider for $generation {
            const CONNECTION: &'static str = $connection;

            fn subject(_key: &str) -> Value {
                json!({ "kind": "individual" })
            }

            /// Fractal hears of nobody before the person comes.
            fn run(_stage: &Stage, _key: &str, _onboarding: &str) -> Option<(String, String)> {
                Some((String::new(), String::new()))
            }

            fn leads(stage: &Stage, _run: &(String, String), answer: &Value) -> Result<(), String> {
                let own = format!("{}/v1/go/{}/{}/", stage.stack.public_url(), Self::TENANT, Self::CONNECTION);
                match answer.pointer("/link/url").and_then(Value::as_str) {
                    Some(link) if link.starts_with(&own) => Ok(()),
                    Some(_) | None => Err(format!("the link does not lead through {own}")),
                }
            }

            fn stands(stage: &Stage, run: &str) -> Stands {
                stands(stage, run)
            }
        }
    };
}

a_generation!(Classic, CLASSIC);
a_generation!(Verifier, VERIFIER);
a_generation!(Relay, RELAY);

/// What is true of a person; where there is none, of the visit that carried this `state`.
fn stands(stage: &Stage, run: &str) -> Stands {
    let fractal = &stage.user_owned.fractal;
    if let Some(truth) = fractal.truth(run) {
        return of_person(&truth);
    }
    let visits = fractal.visits();
    let mut own = visits.iter().rev().filter(|visit| visit.state.as_deref() == Some(run));
    let returned = own.next().and_then(|visit| visit.returned.as_deref()).unwrap_or_default();
    match returned.contains("error=access_denied") && !returned.contains("state=") {
        true => Stands { status: "cancelled", shown: "fractal access_denied".to_owned() },
        false => Stands::default(),
    }
}

/// Approved only if every part is.
fn of_person(truth: &Truth) -> Stands {
    let credentials: Vec<&str> = truth.parts.iter().map(|part| part.credential.as_str()).collect();
    let words = if credentials.is_empty() { vec![truth.status.as_str()] } else { credentials };
    let is = |word: &&str, wanted: &str| *word == wanted;
    let status = if words.iter().any(|word| is(word, "rejected")) {
        "rejected"
    } else if words.iter().all(|word| is(word, "approved")) {
        "approved"
    } else {
        "in_review"
    };
    let parts = truth.parts.iter().map(|part| format!("{} {}", part.part, part.credential));
    let shown = if truth.parts.is_empty() { truth.status.clone() } else { parts.collect::<Vec<_>>().join(", ") };
    Stands { status, shown: format!("{} {shown}", truth.generation.name()) }
}

pub(super) async fn play(stage: &Stage, begun: Instant) -> Vec<Outcome> {
    let (parts, denied, relay, verifier) = tokio::join!(
        tell::<Classic, _>(stage, begun, "add-on, out of order", out_of_order),
        tell::<Classic, _>(stage, begun, "denied without state", denied),
        tell::<Relay, _>(stage, begun, "relay, approved", approved),
        tell::<Verifier, _>(stage, begun, "verifier, rejected", rejected),
    );
    vec![parts, denied, relay, verifier]
}

impl Told<'_> {
    /// The person opens the link, answers at Fractal's page and comes back to the app.
    async fn goes_through(&mut self, what: &str, visit: &Visit) -> Result<(), String> {
        let told = |error: io::Error| error.to_string();
        let mut browser = Browser::new().map_err(told)?;
        let page = browser.follows(&self.link).await.map_err(told)?;
        self.say(what);
        let gone = self.stage.user_owned.fractal.visit(&page, visit).map_err(|error| error.to_string())?;
        let back = gone.url.ok_or("Fractal sends the person nowhere")?;
        let end = browser.follows(&back).await.map_err(told)?;
        if !end.starts_with(&format!("{}/done", self.stage.app.base_url().trim_end_matches('/'))) {
            return Err(format!("the person is led to {end}"));
        }
        self.run = gone.user.unwrap_or_else(|| state_of(&page));
        Ok(())
    }

    fn decides(&self, what: &str, act: Act) -> Result<(), String> {
        self.say(what);
        self.stage.user_owned.fractal.act(&self.run, act).map(drop).map_err(|error| error.to_string())
    }
}

/// What the link carries.
fn state_of(page: &str) -> String {
    let query = page.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let value = query.split('&').find_map(|pair| pair.strip_prefix("state="));
    value.unwrap_or_default().to_owned()
}

/// The add-on is approved first, which decides nothing yet.
async fn out_of_order(mut told: Told<'_>) -> Result<Told<'_>, String> {
    told.goes_through("the person allows it at Fractal, shows a document and the face", &Visit::default()).await?;
    told.heard("in_review").await?;
    told.decides("Fractal approves the add-on `liveness`", Act::approve("liveness"))?;
    let of_the_add_on = format!("{}.liveness", told.run);
    let is_approved = |part: &Value| {
        part.pointer("/resource/id").and_then(Value::as_str) == Some(&of_the_add_on)
            && part.pointer("/standing").and_then(Value::as_str) == Some("approved")
    };
    let seen = |answer: &Value| {
        let parts = answer.pointer("/parts").and_then(Value::as_array);
        parts.is_some_and(|parts| parts.iter().any(is_approved))
    };
    let answer = told.until("the approved add-on is in the ledger", seen).await?;
    if answer.pointer("/status").and_then(Value::as_str) != Some("in_review") {
        return Err("the add-on alone has decided".to_owned());
    }
    told.say("the ledger has it; the onboarding stays in review");
    told.decides("Fractal approves the level `basic`", Act::approve("basic"))?;
    told.heard("approved").await?;
    Ok(told)
}

/// Fractal gives no `state` back with a denial: a cookie says whose it is.
async fn denied(mut told: Told<'_>) -> Result<Told<'_>, String> {
    told.goes_through("the person denies; Fractal gives no `state` back", &Visit::pressing(Button::Deny)).await?;
    let because = |row: &Received| {
        let reasons = row.body.pointer("/data/reasons").map(Value::to_string).unwrap_or_default();
        row.status.as_deref() == Some("cancelled") && reasons.contains("consent_declined")
    };
    told.heard_so("cancelled, because the consent was declined", because).await?;
    Ok(told)
}

async fn approved(mut told: Told<'_>) -> Result<Told<'_>, String> {
    told.goes_through("the person goes through the checks", &Visit::default()).await?;
    told.heard("in_review").await?;
    told.decides("the relay approves", Act::approve_all())?;
    told.heard("approved").await?;
    Ok(told)
}

async fn rejected(mut told: Told<'_>) -> Result<Told<'_>, String> {
    told.goes_through("the person goes through the checks", &Visit::default()).await?;
    told.heard("in_review").await?;
    told.decides("the verifier rejects; its note is kept nowhere", Act::reject_all("the face is another's"))?;
    told.heard("rejected").await?;
    Ok(told)
}
