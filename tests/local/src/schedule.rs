//! The clock's part: the reconciler each minute, and the expiry of items.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::emulators::{ACCOUNT, Emulators};
use crate::function::{Function, Outcome};
use crate::process::request_id;

const PERIOD: Duration = Duration::from_secs(60);
/// However fast time runs, a tick may cost a process start.
const SHORTEST: Duration = Duration::from_millis(250);

/// Ticks until the task is ended. A tick waits for the one before.
pub(crate) async fn run(reconciler: Arc<Function>, region: String, time_scale: u32) {
    let mut ticks = tokio::time::interval(period(time_scale));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // the first one is due at once: the ledger may hold what fell due while nothing ran
    loop {
        ticks.tick().await;
        tick(&reconciler, &region).await;
    }
}

/// Deletes expired items at the schedule's pace until the task is ended.
pub(crate) async fn sweep(emulators: Arc<Emulators>, time_scale: u32) {
    let mut ticks = tokio::time::interval(period(time_scale));
    loop {
        ticks.tick().await;
        emulators.sweep().await;
    }
}

fn period(time_scale: u32) -> Duration {
    (PERIOD / time_scale.max(1)).max(SHORTEST)
}

/// One scheduled event, as EventBridge sends it.
pub(crate) async fn tick(reconciler: &Arc<Function>, region: &str) -> Outcome {
    let event = json!({
        "version": "0",
        "id": request_id(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": OffsetDateTime::now_utc().replace_nanosecond(0).ok().and_then(|now| now.format(&Rfc3339).ok()),
        "region": region,
        "resources": [format!("arn:aws:events:{region}:{ACCOUNT}:rule/local")],
        "detail": {},
    });
    reconciler.invoke(Bytes::from(event.to_string()), None).await
}
