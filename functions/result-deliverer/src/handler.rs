//! Between the queue's event and the deliverer.

use std::time::Duration;

use idv_gateway::adapters::queue_event::{BatchAnswer, QueueEvent};
use idv_gateway::deliver::Deliverer;
use idv_gateway::domain::Timestamp;
use idv_gateway::ports::Clock;
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;

/// The last moments of an invocation are for giving leases back.
const RESERVE: Duration = Duration::from_secs(3);

/// Answers one batch.
pub(crate) async fn answer(
    deliverer: &Deliverer,
    clock: &dyn Clock,
    event: LambdaEvent<Value>,
) -> Result<BatchAnswer, Error> {
    let deadline = Timestamp::from_millis(i64::try_from(event.context.deadline)?);
    let records = QueueEvent::read(event.payload)?.bells(clock.now());
    Ok(BatchAnswer::failed(deliverer.batch(&records, deadline - RESERVE).await))
}
