//! Stories with Intergiro.

use std::time::Instant;

use idv_simulators::intergiro::{Act, ActionType, Endpoint, RequestRecord, WebhookManner, WebhookRule};
use serde_json::{Value, json};

use super::{Outcome, Provider, Stage, Stands, Told, tell};

struct Intergiro;

/// There is no reference of ours at Intergiro: the person's own address tells the stories apart.
fn email(key: &str) -> String {
    format!("{key}@people.example")
}

impl Provider for Intergiro {
    const CONNECTION: &'static str = "intergiro";

    fn subject(key: &str) -> Value {
        json!({
            "kind": "individual", "first_name": "Inga", "last_name": "Example", "email": email(key),
            "phone_number": "46700000000", "date_of_birth": "1990-04-12",
        })
    }

    fn run(stage: &Stage, key: &str, _onboarding: &str) -> Option<(String, String)> {
        let individual = stage.intergiro.individual_by_email(&email(key))?;
        let link = stage.intergiro.link(&individual)?;
        Some((individual, link))
    }

    /// What is asked of a person stands above the review, and beside a decision.
    fn stands(stage: &Stage, run: &str) -> Stands {
        let Some(truth) = stage.intergiro.truth(run) else { return Stands::default() };
        let status = match (truth.status(), truth.open_actions()) {
            ("activated", _) => "approved",
            ("blocked", _) => "rejected",
            ("onboarding_data_provided", 0) => "in_review",
            ("onboarding_data_provided", _) => "action_required",
            _ => "link_issued",
        };
        Stands { status, shown: format!("intergiro {}", truth.status()) }
    }
}

pub(super) async fn play(stage: &Stage, begun: Instant) -> Vec<Outcome> {
    let (approved, asked, dropped_off, unsent) = tokio::join!(
        tell::<Intergiro, _>(stage, begun, "thin events, approved", approved),
        tell::<Intergiro, _>(stage, begun, "asked, resumed", asked),
        tell::<Intergiro, _>(stage, begun, "stalled, link renewed", stalled),
        tell::<Intergiro, _>(stage, begun, "found in the feed", found_in_the_feed),
    );
    vec![approved, asked, dropped_off, unsent]
}

impl Told<'_> {
    fn acts(&self, what: &str, acts: Vec<Act>) -> Result<(), String> {
        self.say(what);
        self.stage.intergiro.perform(&self.run, acts).map(drop).map_err(|error| error.to_string())
    }
}

async fn approved(told: Told<'_>) -> Result<Told<'_>, String> {
    told.acts("the person fills in the form", Act::whole_form())?;
    told.heard("in_review").await?;
    told.acts("Intergiro activates the account", vec![Act::Activate])?;
    told.heard("approved").await?;
    Ok(told)
}

/// Something more is asked; `resume` gives the link to exactly that.
async fn asked(told: Told<'_>) -> Result<Told<'_>, String> {
    told.acts("the person fills in the form", Act::whole_form())?;
    told.heard("in_review").await?;
    told.acts("Intergiro asks for an identity document", vec![Act::request(ActionType::IdentityVerification)])?;
    told.heard("action_required").await?;
    let answer = told.resume().await?;
    let given = answer.pointer("/link/url").and_then(Value::as_str).unwrap_or_default();
    let truth = told.stage.intergiro.truth(&told.run).ok_or("the individual is gone")?;
    let own = truth.actions.iter().find_map(|action| action.redirect_url.clone()).unwrap_or_default();
    if given != own {
        return Err(format!("the link is {given}, that of the action is {own}"));
    }
    told.say("the app invoked `resume` and has the link to what is asked");
    told.acts("the person gives it", vec![Act::complete()])?;
    told.heard("in_review").await?;
    told.acts("Intergiro activates the account", vec![Act::Activate])?;
    told.heard("approved").await?;
    Ok(told)
}

/// Nobody tells of a person who leaves: the plan does, and makes a fresh link ready once the old one is dead.
async fn stalled(mut told: Told<'_>) -> Result<Told<'_>, String> {
    let before = told.stage.intergiro.link(&told.run).unwrap_or_default();
    told.acts("the person opens the link and leaves; nothing tells of it", vec![Act::OpenLink, Act::DropOff])?;
    told.heard_so("stalled", |row| row.event_type == "onboarding.stalled").await?;
    told.until("a fresh link is ready", |answer| answer.pointer("/link/url").is_some_and(|url| *url != json!(before)))
        .await?;
    told.say("a fresh link is ready, the old one was dead");
    let answer = told.resume().await?;
    told.enter::<Intergiro>(&answer)?;
    told.say("the app invoked `resume` and has it");
    told.acts("the person finishes, Intergiro activates the account", Act::whole_approval())?;
    told.heard("approved").await?;
    Ok(told)
}

/// A decision is changed and no webhook ever tells of it: the feed of events does. The webhooks of the approval, or the
/// plan, may ask for one more look just then; after it both rest, and the next change is found by the feed alone.
async fn found_in_the_feed(told: Told<'_>) -> Result<Told<'_>, String> {
    const TRIES: usize = 3;
    told.acts("the person fills in the form, Intergiro activates the account", Act::whole_approval())?;
    told.heard("approved").await?;
    told.stage.intergiro.misdeliver(WebhookRule::always(WebhookManner::Lost).about(told.run.clone()));
    for _ in 0..TRIES {
        let calls = told.stage.intergiro.requests().len();
        told.acts("Intergiro blocks the account; the webhook is never sent", vec![Act::Block])?;
        told.heard("rejected").await?;
        if is_led_by_the_feed(&told, calls) {
            return Ok(told);
        }
        told.acts("a look was due just then: Intergiro activates the account, as unheard", vec![Act::Activate])?;
        told.heard("approved").await?;
    }
    Err("no look was led by the feed".to_owned())
}

/// Whether the feed was read before the look, beyond so many calls.
fn is_led_by_the_feed(told: &Told<'_>, calls: usize) -> bool {
    let since: Vec<_> = told.stage.intergiro.requests().into_iter().skip(calls).collect();
    let looked = |request: &RequestRecord| {
        request.endpoint == Endpoint::GetIndividual && request.individual.as_deref() == Some(told.run.as_str())
    };
    let read = since.iter().position(|request| request.endpoint == Endpoint::ListEvents);
    let look = since.iter().position(looked);
    matches!((read, look), (Some(read), Some(look)) if read < look)
}
