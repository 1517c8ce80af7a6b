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
            Some("NotAuthorizedForSourceException" | "NotAuthorizedForDetailTypeException") => {
                Err(Cause::Denied.into())
            }
            Some(_) => Err(Cause::Refused.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::adapters::aws::{Aws, Limits, Patience};
    use crate::adapters::environment::{AwsEnvironment, Endpoints};
    use crate::adapters::scripted::{Act, Server};
    use crate::secret::Secret;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    const BUS: &str = "arn:aws:events:eu-north-1:000000000000:event-bus/acme";
    const EVENT: BusEvent<'_> = BusEvent {
        source: "com.example.onboarding",
        kind: "onboarding.approved",
        detail: r#"{"type":"onboarding.approved"}"#,
    };

    async fn bus(status: u16, body: Value) -> Result<(Server, BusTarget), Box<dyn std::error::Error>> {
        let act = Act::answer(status, "application/x-amz-json-1.1", &body.to_string());
        let server = Server::start(move |_| act.clone()).await;
        let limits = Limits { attempt: Duration::from_secs(2), operation: Duration::from_secs(5) };
        let environment = AwsEnvironment {
            region: "eu-north-1".to_owned(),
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::from("hush".to_owned()),
            session_token: None,
            endpoints: Endpoints { eventbridge: Some(server.origin()), ..Endpoints::default() },
        };
        let aws = Aws::new(&environment, Patience { ledger: limits, bells: limits, vault: limits, targets: limits })?;
        let target = BusTarget::new(aws.eventbridge());
        Ok((server, target))
    }

    #[tokio::test]
    async fn an_event_goes_to_the_bus_as_the_tenant_wishes_it() -> Outcome {
        let (server, target) = bus(200, json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})).await?;
        target.send(BUS, EVENT).await?;
        let requests = server.requests();
        let request = requests.first().ok_or("no request")?;
        assert!(request.head.to_ascii_lowercase().contains("x-amz-target: awsevents.putevents"), "{}", request.head);
        let entry = json!({
            "EventBusName": BUS, "Source": EVENT.source, "DetailType": EVENT.kind, "Detail": EVENT.detail,
        });
        assert_eq!(request.json(), json!({"Entries": [entry]}));
        assert_eq!(requests.len(), 1);
        Ok(())
    }

    /// EventBridge answers 200 also when it took none; what may be taken later is told from what a person must mend.
    #[tokio::test]
    async fn an_entry_that_was_not_taken_is_an_error_though_the_answer_is_200() -> Outcome {
        let later = TargetError::Unavailable;
        let rows = [
            (Some("ThrottlingException"), later(Cause::Throttled)),
            (Some("InternalFailure"), later(Cause::Faulty)),
            (Some("InternalException"), later(Cause::Faulty)),
            (Some("NotAuthorizedForSourceException"), later(Cause::Denied)),
            (Some("NotAuthorizedForDetailTypeException"), later(Cause::Denied)),
            (Some("InvalidArgument"), TargetError::Refused(Cause::Refused)),
            (Some("MalformedDetail"), TargetError::Refused(Cause::Refused)),
            // a count without a code
            (None, later(Cause::Faulty)),
        ];
        for (code, expected) in rows {
            let entry = code.map_or(json!({}), |code| json!({"ErrorCode": code, "ErrorMessage": "m"}));
            let (_server, target) = bus(200, json!({"FailedEntryCount": 1, "Entries": [entry]})).await?;
            assert_eq!(target.send(BUS, EVENT).await, Err(expected), "{code:?}");
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_refused_call_is_told_by_its_class() -> Outcome {
        let rows = [
            (400, "ThrottlingException", TargetError::Unavailable(Cause::Throttled)),
            (500, "InternalException", TargetError::Unavailable(Cause::Faulty)),
            (400, "AccessDeniedException", TargetError::Unavailable(Cause::Denied)),
            (400, "ResourceNotFoundException", TargetError::Refused(Cause::Missing)),
        ];
        for (status, code, expected) in rows {
            let (server, target) = bus(status, json!({"__type": code, "message": "m"})).await?;
            assert_eq!(target.send(BUS, EVENT).await, Err(expected), "{code}");
            assert!((1..=3).contains(&server.count()), "{code}: {} calls", server.count());
        }
        Ok(())
    }

    #[tokio::test]
    async fn what_no_bus_takes_is_not_sent() -> Outcome {
        let (server, target) = bus(200, json!({"FailedEntryCount": 0, "Entries": []})).await?;
        let detail = "x".repeat(MAX_DETAIL + 1);
        let sent = target.send(BUS, BusEvent { detail: &detail, ..EVENT }).await;
        assert_eq!((sent, server.count()), (Err(TargetError::Unfit("too_long")), 0));
        Ok(())
    }
}
