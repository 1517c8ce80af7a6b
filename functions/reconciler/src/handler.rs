//! Between the schedule's event, which says nothing, and the reconciler.

use std::time::Duration;

use idv_gateway::domain::Timestamp;
use idv_gateway::reconcile::{Reconciler, Tick};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;

/// The last moments of an invocation are for the shard that has begun.
const RESERVE: Duration = Duration::from_secs(10);

/// Answers one tick.
pub(crate) async fn answer(reconciler: &Reconciler, event: LambdaEvent<Value>) -> Result<Tick, Error> {
    let deadline = Timestamp::from_millis(i64::try_from(event.context.deadline)?);
    Ok(reconciler.tick(deadline - RESERVE).await?)
}
