//! Every way to a tenant's system, behind one port.

use async_trait::async_trait;

use crate::delivery::webhook::WebhookCourier;
use crate::ports::{Courier, CourierError, Destination, DestinationKind, Parcel};

use super::eventbridge::{BusEvent, BusTarget};
use super::sqs::{QueueMessage, QueueTarget};

/// Standard Webhooks, queues, event buses.
pub struct AnyCourier {
    /// Over https.
    pub webhook: WebhookCourier,
    /// To queues.
    pub queue: QueueTarget,
    /// To event buses.
    pub bus: BusTarget,
}

#[async_trait]
impl Courier for AnyCourier {
    async fn hand_over(&self, destination: &Destination, parcel: &Parcel) -> Result<(), CourierError> {
        match &destination.kind {
            DestinationKind::Webhook { url, secrets } => self.webhook.post(url, secrets, parcel).await,
            DestinationKind::Sqs { queue_arn } => {
                let message = QueueMessage { body: &parcel.body, group: parcel.onboarding.id.as_str(), id: &parcel.id };
                Ok(self.queue.send(queue_arn, message).await?)
            }
            DestinationKind::EventBridge { bus_arn, source } => {
                let event = BusEvent { source, kind: &parcel.kind, detail: &parcel.body };
                Ok(self.bus.send(bus_arn, event).await?)
            }
        }
    }
}
