//! Compares what the provider holds, what the ledger says, and what the application verified or the instance accepted.

mod instance;

use std::time::Instant;

use idv_simulators::app::{Outcome as Taken, Received};
use serde_json::{Value, json};

use super::stories::{Stands, Told};

pub(crate) use self::instance::judge_client;

/// What became of a story.
pub(crate) struct Outcome {
    pub(crate) story: &'static str,
    pub(crate) onboarding: String,
    pub(crate) provider: String,
    pub(crate) changes: Vec<String>,
    pub(crate) received: usize,
    pub(crate) verified: usize,
    pub(crate) seconds: f64,
    pub(crate) faults: Vec<String>,
}

impl Outcome {
    pub(crate) fn failed(story: &'static str, fault: String) -> Self {
        let (onboarding, provider) = ("-".to_owned(), "-".to_owned());
        Self {
            story,
            onboarding,
            provider,
            changes: Vec::new(),
            received: 0,
            verified: 0,
            seconds: 0.0,
            faults: vec![fault],
        }
    }
}

/// Judges a story that has come to its end.
pub(crate) async fn judge(told: &Told<'_>, stands: &Stands) -> Outcome {
    let mut faults = Vec::new();
    let ledger = handed_over(told).await.unwrap_or_else(|fault| {
        faults.push(fault);
        Value::Null
    });
    let timeline = changes(told).await.unwrap_or_else(|fault| {
        faults.push(fault);
        Vec::new()
    });
    let status = ledger.pointer("/status").and_then(Value::as_str).unwrap_or_default();
    let expected = stands.status;
    expect(&mut faults, expected == status, || format!("the provider says {expected}, the ledger {status}"));
    dense(&timeline, &mut faults);
    let (received, verified) = match told.stage.client(told.tenant) {
        None => believed(told, expected, &timeline, &mut faults),
        Some(client) => instance::accepted(told, client, &timeline, &mut faults),
    };

    Outcome {
        story: told.name,
        onboarding: told.onboarding.clone(),
        provider: stands.shown.clone(),
        changes: timeline.iter().map(name_of).collect(),
        received,
        verified,
        seconds: 0.0,
        faults,
    }
}

/// What the application made of it: how many deliveries it received, and how many it could verify.
fn believed(told: &Told<'_>, expected: &str, timeline: &[Value], faults: &mut Vec<String>) -> (usize, usize) {
    let rows: Vec<Received> =
        told.stage.app.received().into_iter().filter(|row| row.onboarding_id == told.onboarding).collect();
    let believed = told.stage.app.status_of(&told.onboarding).unwrap_or_default();
    expect(faults, expected == believed, || {
        format!("the provider says {expected}, the application believes {believed}")
    });
    expect(faults, rows.iter().all(Received::verified), || "a delivery could not be verified".to_owned());
    in_order(timeline, &rows, faults);
    (rows.len(), rows.iter().filter(|row| row.verified()).count())
}

fn expect(faults: &mut Vec<String>, held: bool, fault: impl FnOnce() -> String) {
    if !held {
        faults.push(fault());
    }
}

/// The versions are 1, 2, 3… without holes, and no change repeats the one before it.
fn dense(timeline: &[Value], faults: &mut Vec<String>) {
    let versions: Vec<u64> = timeline.iter().map(version_of).collect();
    let expected: Vec<u64> = (1..).take(versions.len()).collect();
    expect(faults, versions == expected, || format!("the versions are {versions:?}"));
    let statuses: Vec<String> = timeline.iter().filter(|change| kind_of(change) == "status").map(name_of).collect();
    let repeated = statuses.windows(2).any(|pair| matches!(pair, [one, other] if one == other));
    expect(faults, !repeated, || format!("a change says nothing new: {statuses:?}"));
}

/// Every change that the application wants was applied there, once, in the ledger's order.
fn in_order(timeline: &[Value], rows: &[Received], faults: &mut Vec<String>) {
    let quiet = ["created", "link_issued"];
    let wanted: Vec<u64> = timeline
        .iter()
        .filter(|change| {
            kind_of(change) != "part" && !(kind_of(change) == "status" && quiet.contains(&name_of(change).as_str()))
        })
        .map(version_of)
        .collect();
    let applied: Vec<u64> = rows.iter().filter(|row| row.outcome == Taken::Applied).map(|row| row.version).collect();
    expect(faults, wanted == applied, || format!("wanted {wanted:?}, applied in this order {applied:?}"));
}

fn version_of(change: &Value) -> u64 {
    change.get("version").and_then(Value::as_u64).unwrap_or_default()
}

fn kind_of(change: &Value) -> &str {
    change.get("kind").and_then(Value::as_str).unwrap_or_default()
}

fn name_of(change: &Value) -> String {
    let name = if kind_of(change) == "status" { change.get("status") } else { change.get("kind") };
    name.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The ledger's view once everything is handed over.
async fn handed_over(told: &Told<'_>) -> Result<Value, String> {
    let request = json!({ "action": "get", "tenant": told.tenant, "onboarding_id": told.onboarding });
    let deadline = Instant::now() + told.stage.patience;
    let mut pause = tokio::time::interval(std::time::Duration::from_millis(100));
    loop {
        pause.tick().await;
        let answer = told.stage.invoke(&request).await?;
        // an instance wants parts alone: what stands after the last one is passed over when the next comes
        let through = answer.pointer("/delivery/through").and_then(Value::as_u64);
        let wanted = match told.stage.client(told.tenant) {
            None => answer.pointer("/version").and_then(Value::as_u64),
            Some(_) => instance::last_wanted(&changes(told).await?),
        };
        if through >= wanted {
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            return Err("not everything was handed over".to_owned());
        }
    }
}

async fn changes(told: &Told<'_>) -> Result<Vec<Value>, String> {
    let request = json!({ "action": "timeline", "tenant": told.tenant, "onboarding_id": told.onboarding });
    let answer = told.stage.invoke(&request).await?;
    Ok(answer.get("changes").and_then(Value::as_array).cloned().unwrap_or_default())
}
