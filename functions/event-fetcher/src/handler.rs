//! Between the queue's event and the fetcher.

use idv_gateway::adapters::queue_event::{BatchAnswer, QueueEvent};
use idv_gateway::fetch::Fetcher;
use idv_gateway::ports::Clock;
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;

/// Answers one batch.
pub(crate) async fn answer(
    fetcher: &Fetcher,
    clock: &dyn Clock,
    event: LambdaEvent<Value>,
) -> Result<BatchAnswer, Error> {
    let records = QueueEvent::read(event.payload)?.notices(clock.now());
    Ok(BatchAnswer::failed(fetcher.batch(&records).await?))
}
