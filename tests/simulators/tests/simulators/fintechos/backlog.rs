//! An instance that goes away in the middle of a backlog.

use idv_simulators::fintechos::{FintechOs, Settings};

use super::client::{Caller, event, instance};
use crate::support::SOON;

#[tokio::test]
async fn a_crash_keeps_what_was_taken_in_order() {
    let (instance, caller) = instance().await;
    instance.crash_after(2);
    for id in ["1", "2"] {
        assert_eq!(caller.call(&event(id)).await.0, 200);
    }
    for _ in 0..3 {
        assert!(caller.call_action(&event("3")).send().await.is_err());
    }
    assert_eq!(instance.accepted().len(), 2);
    instance.recover();
    assert_eq!(caller.call(&event("3")).await.0, 401, "tokens went with it");
    let caller = Caller::signed_in(&instance).await;
    for id in ["3", "4"] {
        assert_eq!(caller.call(&event(id)).await.0, 200);
    }
    instance.wait_for(|it| it.accepted().len() == 4, SOON).await.unwrap();
    let order: Vec<String> = instance.accepted().into_iter().map(|it| it.object).collect();
    assert_eq!(order, ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn a_restart_listens_on_the_same_port() {
    let (mut instance, caller) = instance().await;
    assert_eq!(caller.call(&event("1")).await.0, 200);
    let base = instance.base_url();
    instance.stop().await;
    assert!(caller.call_action(&event("2")).send().await.is_err());
    instance.restart().await.unwrap();
    assert_eq!((instance.base_url(), caller.call(&event("2")).await.0), (base, 401));
    assert_eq!(instance.accepted().len(), 1);

    let mut lasting = FintechOs::start(Settings { forgets_tokens: false, ..Settings::default() }).await.unwrap();
    let caller = Caller::signed_in(&lasting).await;
    lasting.restart().await.unwrap();
    assert_eq!(caller.call(&event("1")).await.0, 200);
}
