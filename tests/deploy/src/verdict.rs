//! Compares what the provider holds, what the ledger says, and what the tenant's application verified.

use std::time::{Duration, Instant};

use idv_simulators::app::{Outcome, Received};
use serde_json::{Value, json};

use crate::deployed::Deployed;
use crate::walk::Case;

/// Recorded, and delivered only on request.
const QUIET: [&str; 2] = ["created", "link_issued"];

impl Case<'_> {
    /// Waits until everything is handed over, then compares.
    pub(crate) async fn ends(&self, gateway: &Deployed<'_>, status: &str, patience: Duration) -> Result<(), String> {
        self.heard(status, patience).await?;
        let ledger = self.handed_over(gateway, patience).await?;
        let request = json!({ "action": "timeline", "tenant": self.tenant.name, "onboarding_id": self.onboarding });
        let answer = gateway.ask(self.tenant.name, &request).await?;
        let timeline = answer.get("changes").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut faults = Vec::new();
        let mut expect = |held: bool, fault: String| {
            if !held {
                faults.push(fault);
            }
        };
        let truth = self.outside.truth(self.provider, &self.run);
        expect(truth == status, format!("the provider says {truth}, expected was {status}"));
        let said = text(&ledger, "status");
        expect(said == status, format!("the ledger says {said}"));
        let versions: Vec<u64> = timeline.iter().map(version).collect();
        expect(versions.iter().copied().eq((1..).take(versions.len())), format!("the versions are {versions:?}"));
        let rows = self.received();
        expect(rows.iter().all(Received::verified), "a delivery could not be verified".to_owned());
        let wanted: Vec<u64> = timeline.iter().filter(|change| is_wanted(change)).map(version).collect();
        let applied = rows.iter().filter(|row| row.outcome == Outcome::Applied).map(|row| row.version);
        let applied: Vec<u64> = applied.collect();
        expect(wanted == applied, format!("wanted {wanted:?}, applied in this order {applied:?}"));
        if faults.is_empty() { Ok(()) } else { Err(format!("{}: {}", self.name, faults.join("; "))) }
    }

    /// Waits until the application believes that status.
    pub(crate) async fn heard(&self, status: &str, patience: Duration) -> Result<(), String> {
        let mine = |received: &[Received]| {
            let own = received.iter().rev().filter(|row| row.onboarding_id == self.onboarding);
            let mut applied = own.filter(|row| row.outcome == Outcome::Applied && row.status.is_some());
            applied.next().and_then(|row| row.status.as_deref()) == Some(status)
        };
        let waited = self.tenant.app.wait_for(mine, patience).await;
        waited.map_err(|_| {
            let heard: Vec<_> = self.received().into_iter().map(|row| (row.version, row.status, row.outcome)).collect();
            format!("{}: the application was not told {status} but {heard:?}", self.name)
        })
    }

    fn received(&self) -> Vec<Received> {
        self.tenant.app.received().into_iter().filter(|row| row.onboarding_id == self.onboarding).collect()
    }

    async fn handed_over(&self, gateway: &Deployed<'_>, patience: Duration) -> Result<Value, String> {
        let request = json!({ "action": "get", "tenant": self.tenant.name, "onboarding_id": self.onboarding });
        let deadline = Instant::now() + patience;
        let mut pause = tokio::time::interval(Duration::from_millis(200));
        loop {
            pause.tick().await;
            let answer = gateway.ask(self.tenant.name, &request).await?;
            if answer.pointer("/delivery/through") == answer.pointer("/version") {
                return Ok(answer);
            }
            if Instant::now() >= deadline {
                return Err(format!("{}: not everything was handed over: {answer}", self.name));
            }
        }
    }
}

fn version(change: &Value) -> u64 {
    change.get("version").and_then(Value::as_u64).unwrap_or_default()
}

fn is_wanted(change: &Value) -> bool {
    let kind = text(change, "kind");
    kind != "part" && !(kind == "status" && QUIET.contains(&text(change, "status")))
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}
