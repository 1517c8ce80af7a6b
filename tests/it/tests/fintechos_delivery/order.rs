//! Crashes and restarts in the middle of a backlog, and the end of the schedule.

use std::time::Duration;

use idv_gateway::domain::OnboardingKey;
use idv_gateway::ports::Ledger;
use idv_simulators::fintechos::{FintechOs, Manner, Rule};

use super::bench::{Bench, instance, taken};

const HOUR: Duration = Duration::from_secs(3600);

/// Three onboardings with eight decisions each, told in turns.
async fn backlog(bench: &Bench) -> Vec<(OnboardingKey, Vec<String>)> {
    let mut all = Vec::new();
    for number in 0..3 {
        let key = bench.onboarding("acme", number).await;
        let parts: Vec<String> = (1..=8).map(|part| format!("r-{number}-{part}")).collect();
        bench.decided(&key, &parts.iter().map(String::as_str).collect::<Vec<_>>()).await;
        all.push((key, parts));
    }
    all
}

fn in_order(instance: &FintechOs, backlog: &[(OnboardingKey, Vec<String>)]) {
    for (number, (_, parts)) in backlog.iter().enumerate() {
        let own: Vec<String> =
            taken(instance).into_iter().filter(|object| object.starts_with(&format!("r-{number}-"))).collect();
        assert_eq!(&own, parts);
    }
    assert_eq!((instance.accepted().len(), instance.repeats()), (24, 0));
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_backlog_keeps_the_order() {
    for crash_after in [0, 1, 5, 11, 23] {
        let instance = instance().await;
        let bench = Bench::of(&instance);
        let backlog = backlog(&bench).await;
        instance.crash_after(crash_after);
        bench.ring(&backlog.iter().map(|(key, _)| key).collect::<Vec<_>>()).await;
        bench.play(2 * HOUR).await;
        assert_eq!(instance.accepted().len(), crash_after, "it is down");
        instance.recover();
        bench.play(24 * HOUR).await;
        in_order(&instance, &backlog);
        // all tokens were forgotten by the restart; where it had given none before, there is one sign-in alone
        assert!(instance.sign_ins().tokens_refused <= 1, "{:?}", instance.sign_ins());
    }
}

#[tokio::test]
async fn a_port_that_refuses_for_hours_and_listens_again_changes_nothing() {
    let mut instance = instance().await;
    let bench = Bench::of(&instance);
    let backlog = backlog(&bench).await;
    instance.stop().await;
    bench.play(HOUR).await;
    assert_eq!(bench.last_error(&backlog[0].0), "endpoint_dead");
    instance.restart().await.unwrap();
    bench.play(24 * HOUR).await;
    in_order(&instance, &backlog);
}

/// Each event fails at its first try, at another place of the backlog each time.
#[tokio::test]
async fn no_fault_lets_a_later_event_go_first() {
    let manners =
        [Manner::Status { code: 503 }, Manner::Closed, Manner::Logical { message: "locked".to_owned(), code: 7 }];
    let instance = instance().await;
    let bench = Bench::of(&instance);
    let backlog = backlog(&bench).await;
    for (_, parts) in &backlog {
        for (part, manner) in parts.iter().zip(manners.iter().cycle()) {
            instance.misbehave(Rule::always(manner.clone()).about(part.as_str()).times(1));
        }
    }
    bench.play(72 * HOUR).await;
    in_order(&instance, &backlog);
}

#[tokio::test]
async fn what_is_refused_for_three_days_is_parked_and_holds_up_nothing() {
    let instance = instance().await;
    instance.misbehave(Rule::always(Manner::Status { code: 500 }).about("r-2"));
    let bench = Bench::of(&instance);
    let key = bench.onboarding("acme", 1).await;
    bench.decided(&key, &["r-1", "r-2", "r-3"]).await;
    let began = bench.now();
    bench.play(200 * HOUR).await;
    assert_eq!(taken(&instance), ["r-1", "r-3"]);
    let shown = bench.read(&key).delivery;
    assert_eq!((shown.through, shown.parked), (4, vec![3]));
    let tries = instance.received().into_iter().filter_map(|it| it.data).map(|data| data.to_string());
    let tries = tries.filter(|data| data.contains("r-2")).count();
    assert!(tries >= 12, "{tries} tries");
    assert!(bench.now().since(began) >= 72 * HOUR);
    // kept, and sent again when it is asked for
    instance.behave();
    bench.play(24 * HOUR).await;
    assert_eq!(instance.accepted_about("r-2").len(), 0, "not by itself");
    assert!(bench.ledger.resend(&key, 3, bench.now()).await.unwrap());
    bench.ring(&[&key]).await;
    assert_eq!(instance.accepted_about("r-2").len(), 1);
    assert_eq!((instance.repeats(), bench.read(&key).delivery.parked.len()), (1, 0), "what follows goes again with it");
}
