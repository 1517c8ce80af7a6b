//! Compares what the provider holds, what the ledger says, and what the application verified.

use std::time::Instant;

use idv_simulators::app::{Outcome as Taken, Received};
use serde_json::{Value, json};

use super::stories::{Stands, Told};

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
    let rows: Vec<Received> =
        told.stage.app.received().into_iter().filter(|row| row.onboarding_id == told.onboarding).collect();

    let status = ledger.pointer("/status").and_then(Value::as_str).unwrap_or_default();
    let believed = told.stage.app.status_of(&told.onboarding).unwrap_or_default();
    let expected = stands.status;
    expect(&mut faults, expected == status, || format!("the provider says {expected}, the ledger {status}"));
    expect(&mut faults, expected == believed, || {
        format!("the provider says {expected}, the application believes {believed}")
    });
    expect(&mut faults, rows.iter().all(Received::verified), || "a delivery could not be verified".to_owned());
    dense(&timeline, &mut faults);
    in_order(&timeline, &rows, &mut faults);

    Outcome {
        story: told.name,
        onboarding: told.onboarding.clone(),
        provider: stands.shown.clone(),
        changes: timeline.iter().map(name_of).collect(),
        received: rows.len(),
        verified: rows.iter().filter(|row| row.verified()).count(),
        seconds: 0.0,
        faults,
    }
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
    let request = json!({ "action": "get", "tenant": "acme", "onboarding_id": told.onboarding });
    let deadline = Instant::now() + told.stage.patience;
    let mut pause = tokio::time::interval(std::time::Duration::from_millis(100));
    loop {
        pause.tick().await;
        let answer = told.stage.invoke(&request).await?;
        if answer.pointer("/delivery/through") == answer.pointer("/version") {
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            return Err("not everything was handed over".to_owned());
        }
    }
}

async fn changes(told: &Told<'_>) -> Result<Vec<Value>, String> {
    let request = json!({ "action": "timeline", "tenant": "acme", "onboarding_id": told.onboarding });
    let answer = told.stage.invoke(&request).await?;
    Ok(answer.get("changes").and_then(Value::as_array).cloned().unwrap_or_default())
}
