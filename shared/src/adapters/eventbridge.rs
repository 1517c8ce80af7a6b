//! A tenant's event bus as the target of a delivery.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use super::aws::Cause;
use super::sqs::TargetError;

/// EventBridge takes 256 KiB for an entry; a change is far below.
const MAX_DETAIL: usize = 240 * 1024;

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub struct BusEvent<'a> {
    /// Who speaks, as the tenant wishes it.
    pub source: &'a str,
    /// `onboarding.approved`…
    pub kind: &'a str,
    /// A JSON object.
    pub detail: &'a str,
}

/// Sends to tenants' event buses.
pub struct BusTarget(Client);

impl BusTarget {
    /// Makes no call.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self(client)
    }

    /// One event to one bus.
    ///
    /// # Errors
    /// The bus did not take it.
    pub async fn send(&self, bus_arn: &str, event: BusEvent<'_>) -> Result<(), TargetError> {
        if event.detail.len() > MAX_DETAIL {
            return Err(TargetError::Unfit("too_long"));
        }
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(bus_arn)
            .source(event.source)
            .detail_type(event.kind)
            .detail(event.detail)
            .build();
        let answer = self.0.put_events().entries(entry).send().await.map_err(|error| Cause::of(&error))?;
        // EventBridge answers 200 also when it took none.
        let refused = answer.entries().iter().find_map(|entry| entry.error_code());
        match refused {
            None if answer.failed_entry_count() == 0 => Ok(()),
            Some("ThrottlingException") => Err(Cause::Throttled.into()),
            Some("InternalFailure" | "InternalException") | None => Err(Cause::Faulty.into()),
            Some("NotAuthorizedForSourceException" | "NotAuthorizedForDetailTypeException") => Err(Cause::Denied.into()),
            Some(_) => Err(Cause::Refused.into()),
        }
    }
}
