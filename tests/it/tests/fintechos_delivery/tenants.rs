//! Several clients of one provider's account, each with an instance of its own.

use std::time::Duration;

use idv_simulators::fintechos::{Manner, Rule, Settings};

use super::bench::{Bench, delivery, instance, started, taken};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn each_client_gets_its_own_in_its_own_instance() {
    let (acme, globex) = (started(Settings::of("acme")).await, started(Settings::of("globex")).await);
    let bench = Bench::new();
    bench.configure("acme", &delivery(&acme));
    bench.configure("globex", &delivery(&globex));
    let (one, other) = (bench.onboarding("acme", 1).await, bench.onboarding("globex", 2).await);
    bench.decided(&one, &["a-1", "a-2"]).await;
    bench.decided(&other, &["g-1"]).await;
    bench.ring(&[&one, &other]).await;
    assert_eq!((taken(&acme), taken(&globex)), (vec!["a-1".to_owned(), "a-2".to_owned()], vec!["g-1".to_owned()]));
    for instance in [&acme, &globex] {
        let signed_in = instance.sign_ins();
        assert_eq!((signed_in.get_token, signed_in.refused, signed_in.tokens_refused), (1, 0, 0));
    }
}

#[tokio::test]
async fn one_clients_dead_instance_holds_up_no_other() {
    let (acme, globex) = (started(Settings::of("acme")).await, started(Settings::of("globex")).await);
    let bench = Bench::new();
    bench.configure("acme", &delivery(&acme));
    bench.configure("globex", &delivery(&globex));
    acme.misbehave(Rule::always(Manner::Closed));
    let (one, other) = (bench.onboarding("acme", 1).await, bench.onboarding("globex", 2).await);
    bench.decided(&one, &["a-1"]).await;
    bench.decided(&other, &["g-1", "g-2"]).await;
    bench.ring(&[&one, &other]).await;
    assert_eq!((taken(&acme).len(), taken(&globex).len()), (0, 2));
    acme.behave();
    bench.play(HOUR).await;
    assert_eq!(taken(&acme), ["a-1"]);
}

/// Two tenants that are configured with the same instance and the same account, by right or by mistake.
#[tokio::test]
async fn no_tenant_uses_another_tenants_token() {
    let instance = instance().await;
    let bench = Bench::new();
    for (number, tenant) in ["acme", "globex"].into_iter().enumerate() {
        bench.configure(tenant, &delivery(&instance));
        let key = bench.onboarding(tenant, u32::try_from(number).unwrap()).await;
        bench.decided(&key, &["r-1"]).await;
        bench.ring(&[&key]).await;
        assert_eq!(instance.sign_ins().get_token, number + 1);
    }
}
