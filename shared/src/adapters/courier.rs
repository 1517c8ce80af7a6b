//! Every way to a tenant's system, behind one port.
//!
//! Queues and event buses are called with our own permissions, so only those of the deployment's list are called at all.
//! A change for another waits like one for any destination that cannot be called as it is configured, and its onboarding
//! shows why: `misconfigured_target_not_allowed`.

use async_trait::async_trait;

use crate::delivery::fintechos::FintechosCourier;
use crate::delivery::webhook::WebhookCourier;
use crate::ports::{Courier, CourierError, Destination, DestinationKind, Parcel};

use super::allowed::AllowedTargets;
use super::eventbridge::{BusEvent, BusTarget};
use super::sqs::{QueueMessage, QueueTarget};

/// Standard Webhooks, FintechOS instances, queues, event buses.
pub struct AnyCourier {
    /// Over https.
    pub webhook: WebhookCourier,
    /// To FintechOS instances.
    pub fintechos: FintechosCourier,
    /// To queues.
    pub queue: QueueTarget,
    /// To event buses.
    pub bus: BusTarget,
    /// Which of both.
    pub allowed: AllowedTargets,
}

impl AnyCourier {
    fn allowed<'a>(&self, arn: &'a str) -> Result<&'a str, CourierError> {
        if self.allowed.allows(arn) { Ok(arn) } else { Err(CourierError::Misconfigured("target_not_allowed")) }
    }
}

#[async_trait]
impl Courier for AnyCourier {
    async fn hand_over(&self, destination: &Destination, parcel: &Parcel) -> Result<(), CourierError> {
        match &destination.kind {
            DestinationKind::Webhook { url, secrets } => self.webhook.post(url, secrets, parcel).await,
            DestinationKind::Fintechos(instance) => self.fintechos.call(instance, parcel).await,
            DestinationKind::Sqs { queue_arn } => {
                let message = QueueMessage { body: &parcel.body, group: parcel.onboarding.id.as_str(), id: &parcel.id };
                Ok(self.queue.send(self.allowed(queue_arn)?, message).await?)
            }
            DestinationKind::EventBridge { bus_arn, source } => {
                let event = BusEvent { source, kind: &parcel.kind, detail: &parcel.body };
                Ok(self.bus.send(self.allowed(bus_arn)?, event).await?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::adapters::aws::{Aws, Limits, Patience};
    use crate::adapters::environment::{AwsEnvironment, Endpoints, Queues};
    use crate::adapters::http::{HttpLimits, ReqwestHttp};
    use crate::adapters::scripted::{Act, Server};
    use crate::adapters::world;
    use crate::domain::schedule::Pace;
    use crate::domain::{OnboardingId, OnboardingKey, Tenant};
    use crate::secret::Secret;

    type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

    const QUEUE: &str = "arn:aws:sqs:eu-north-1:111111111111:acme";
    const BUS: &str = "arn:aws:events:eu-north-1:111111111111:event-bus/acme";

    /// Queues and buses that take everything.
    async fn outside() -> Server {
        let taken =
            json!({"MessageId": "m", "MD5OfMessageBody": "", "FailedEntryCount": 0, "Entries": [{"EventId": "1"}]});
        Server::start(move |_| Act::answer(200, "application/x-amz-json-1.0", &taken.to_string())).await
    }

    fn courier(server: &Server, allowed: AllowedTargets) -> Outcome<AnyCourier> {
        let limits = Limits { attempt: Duration::from_secs(2), operation: Duration::from_secs(5) };
        let endpoint = Some(server.origin());
        let environment = AwsEnvironment {
            region: "eu-north-1".to_owned(),
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::from("hush".to_owned()),
            session_token: None,
            endpoints: Endpoints { sqs: endpoint.clone(), eventbridge: endpoint, ..Endpoints::default() },
        };
        let aws = Aws::new(&environment, Patience { ledger: limits, bells: limits, vault: limits, targets: limits })?;
        let own = Queues {
            notices: "https://sqs.eu-north-1.amazonaws.com/000000000000/notices".to_owned(),
            notices_dlq: String::new(),
            deliveries: String::new(),
            deliveries_dlq: String::new(),
        };
        let world = world::system(Pace::REAL);
        let http = Arc::new(ReqwestHttp::new(false, HttpLimits::default(), Arc::clone(&world.clock))?);
        Ok(AnyCourier {
            fintechos: FintechosCourier::new(Arc::<ReqwestHttp>::clone(&http), world.clock),
            webhook: WebhookCourier::new(http),
            queue: QueueTarget::new(aws.target_sqs(), aws.sqs_endpoint().map(str::to_owned), own),
            bus: BusTarget::new(aws.eventbridge()),
            allowed,
        })
    }

    fn parcel() -> Outcome<Parcel> {
        let id = OnboardingId::parse("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV")?;
        Ok(Parcel {
            id: "m-1".to_owned(),
            onboarding: OnboardingKey { tenant: Tenant::parse("acme")?, id },
            kind: "onboarding.approved".to_owned(),
            at: crate::domain::Timestamp::from_millis(0),
            body: "{}".to_owned(),
            until: crate::domain::Timestamp::from_millis(10_000),
        })
    }

    fn destinations() -> [Destination; 2] {
        let to = |kind| Destination { kind, kinds: BTreeSet::new() };
        [
            to(DestinationKind::Sqs { queue_arn: QUEUE.to_owned() }),
            to(DestinationKind::EventBridge { bus_arn: BUS.to_owned(), source: "com.example".to_owned() }),
        ]
    }

    #[tokio::test]
    async fn what_is_listed_is_called() -> Outcome<()> {
        let lists = [AllowedTargets::read(&format!("{QUEUE},{BUS}"))?, AllowedTargets::unsaid(true)];
        for allowed in lists {
            let server = outside().await;
            let courier = courier(&server, allowed)?;
            for destination in destinations() {
                courier.hand_over(&destination, &parcel()?).await?;
            }
            assert_eq!(server.count(), 2);
        }
        Ok(())
    }

    #[tokio::test]
    async fn what_is_not_listed_is_a_fault_of_configuration_and_never_called() -> Outcome<()> {
        let lists = [AllowedTargets::read(&format!("{QUEUE}-2,{BUS}-2"))?, AllowedTargets::unsaid(false)];
        for allowed in lists {
            let server = outside().await;
            let courier = courier(&server, allowed)?;
            for destination in destinations() {
                let refused = courier.hand_over(&destination, &parcel()?).await;
                assert_eq!(refused, Err(CourierError::Misconfigured("target_not_allowed")));
            }
            assert_eq!(server.count(), 0);
        }
        Ok(())
    }
}
