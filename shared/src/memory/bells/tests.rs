use super::*;
use crate::domain::{Claim, ConnectionKey, ConnectionName, ProviderId, Resource, ResourceKind, Tenant};
use crate::memory::world::ManualClock;

const VISIBLE: Duration = Duration::from_secs(30);

fn notice(id: &str) -> Result<Notice, crate::domain::BadName> {
    let connection = ConnectionKey { tenant: Tenant::parse("acme")?, name: ConnectionName::parse("ondato")? };
    let subject = Resource { kind: ResourceKind::parse("identity_verification")?, id: ProviderId::parse(id)? };
    Ok(Notice::of_event(connection, subject, Claim::nothing()))
}

#[tokio::test]
async fn a_message_waits_out_its_delay_and_its_visibility() -> Result<(), Box<dyn std::error::Error>> {
    let clock = ManualClock::at(Timestamp::from_millis(0));
    let bells = MemoryBells::new(clock.clone());
    bells.notify(&notice("a")?, Duration::from_millis(1500)).await?;
    assert!(bells.receive(QueueName::Notices, 10, VISIBLE).is_empty());
    clock.advance(Duration::from_millis(1999));
    assert!(bells.receive(QueueName::Notices, 10, VISIBLE).is_empty(), "a delay is whole seconds, rounded up");
    clock.advance(Duration::from_millis(1));
    let received = bells.receive(QueueName::Notices, 10, VISIBLE);
    assert_eq!(received.iter().map(|message| message.group.as_str()).collect::<Vec<_>>(), ["acme"]);
    assert!(bells.receive(QueueName::Notices, 10, VISIBLE).is_empty());
    let receipt = received.first().map(|message| message.receipt.clone()).unwrap_or_default();
    bells.postpone(&receipt, Duration::from_secs(5)).await?;
    clock.advance(Duration::from_secs(5));
    let again = bells.receive(QueueName::Notices, 10, VISIBLE);
    assert_eq!(again.first().map(|message| message.receives), Some(2));
    assert!(!bells.delete(&receipt), "only the newest receipt is valid");
    assert_eq!(bells.postpone(&receipt, Duration::ZERO).await, Err(BellsError("refused")));
    assert!(again.iter().all(|message| bells.delete(&message.receipt)));
    assert!(bells.messages(QueueName::Notices).is_empty());
    Ok(())
}

#[tokio::test]
async fn too_many_receives_end_in_the_dlq() -> Result<(), Box<dyn std::error::Error>> {
    let clock = ManualClock::at(Timestamp::from_millis(0));
    let bells = MemoryBells::new(clock.clone());
    bells.notify_all(&[notice("a")?, notice("b")?]).await?;
    for _ in 0..MAX_RECEIVES {
        assert_eq!(bells.receive(QueueName::Notices, 10, VISIBLE).len(), 2);
        clock.advance(VISIBLE);
    }
    assert!(bells.receive(QueueName::Notices, 10, VISIBLE).is_empty());
    assert_eq!(bells.messages(QueueName::NoticesDlq).len(), 2);
    Ok(())
}

#[tokio::test]
async fn what_is_put_aside_keeps_its_cause_and_fits() -> Result<(), BellsError> {
    let bells = MemoryBells::new(Arc::new(ManualClock::default()));
    let rejected = Rejected {
        cause: "unreadable",
        source_queue: "arn:aws:sqs:eu-north-1:000000000000:deliveries".to_owned(),
        original_id: "m-1".to_owned(),
        first_sent: "1".to_owned(),
        body: "\u{1}".to_owned(),
    };
    bells.reject(&rejected).await?;
    let aside = bells.messages(QueueName::DeliveriesDlq);
    assert_eq!(aside.first().map(|message| message.body.as_str()), Some("AQ=="));
    assert!(aside.iter().all(|message| message.attributes.contains(&("cause", "unreadable".to_owned()))));
    Ok(())
}

#[tokio::test]
async fn a_failing_queue_takes_nothing() -> Result<(), Box<dyn std::error::Error>> {
    let bells = MemoryBells::new(Arc::new(ManualClock::default()));
    bells.fail(Some("faulty"));
    assert_eq!(bells.notify(&notice("a")?, Duration::ZERO).await, Err(BellsError("faulty")));
    assert!(bells.messages(QueueName::Notices).is_empty());
    Ok(())
}
