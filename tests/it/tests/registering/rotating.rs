//! A signing secret changed, with a configuration in a file.

use idv_simulators::onfido::{ApiManner, ApiRule, Endpoint};

use crate::desk::{ADDRESS, Desk};

/// With one webhook in use.
async fn registered() -> (Desk, String, String) {
    let desk = Desk::new().await;
    desk.registers(&[]).await;
    desk.registers(&[]).await;
    let first = desk.webhook();
    assert!(first.enabled);
    (desk, first.id, first.token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_changed_step_by_step() {
    let (desk, first, old) = registered().await;
    let dry = desk.registers(&["--rotate", "--dry-run"]).await;
    assert!(dry.starts_with("would be registered: (new)") && dry.contains("would be switched on: (new)"), "{dry}");
    assert_eq!(desk.standing().len(), 1);

    // 1: a second one, off; both secrets are stored
    let told = desk.registers(&["--rotate"]).await;
    let second = desk.standing().into_iter().find(|webhook| webhook.id != first).unwrap();
    assert!(told.contains("next: put the secret of acme") && !second.enabled, "{told}");
    assert_eq!(desk.stored(), (vec![old.clone(), second.token.clone()], vec![first.clone(), second.id.clone()]));
    let early = desk.register(&["--rotate", "--finish"]).await;
    assert!(early.code == Some(1) && early.told.contains("not in use yet"), "{early:?}");
    let plain = desk.register(&[]).await;
    assert!(plain.code == Some(1) && plain.told.contains("go on with --rotate"), "{plain:?}");

    // 2: both are sent to, and it stays so
    let told = desk.registers(&["--rotate"]).await;
    assert!(told.starts_with(&format!("switched on: {}  {ADDRESS}\n", second.id)), "{told}");
    assert!(told.contains("--rotate --finish"), "{told}");
    assert!(desk.standing().iter().all(|webhook| webhook.enabled));
    desk.registers(&["--rotate"]).await;
    assert_eq!(desk.standing().len(), 2, "no third one");

    // 3: new checks do not name the first any more
    let told = desk.registers(&["--rotate", "--finish"]).await;
    assert!(told.starts_with(&format!("taken out of settings.webhook_ids: {first}\n")), "{told}");
    assert_eq!(desk.stored(), (vec![old, second.token.clone()], vec![second.id.clone()]));
    assert_eq!(desk.standing().len(), 2, "not before the functions know that");

    // 4: it goes, then its secret
    let told = desk.registers(&["--rotate", "--finish"]).await;
    assert!(told.starts_with(&format!("removed at the provider: {first}\ndropped: 1 ")), "{told}");
    assert_eq!(desk.webhook().id, second.id);
    assert_eq!(desk.stored(), (vec![second.token.clone()], vec![second.id.clone()]));
    assert_eq!(desk.registers(&["--rotate", "--finish"]).await, "nothing is left to be done\n");
    assert_eq!(desk.registers(&[]).await, format!("registered already: {}  {ADDRESS}\n", second.id));
}

/// The webhook is made, and the answer is not heard: it is found again, and no other is made.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_was_cut_off_goes_on() {
    let (desk, first, _) = registered().await;
    let unheard = |endpoint| ApiRule::always(ApiManner::Closed).at(endpoint).with_work_done().times(1);
    let rule = desk.onfido.misbehave(unheard(Endpoint::CreateWebhook));
    let ran = desk.register(&["--rotate"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    desk.onfido.remove_rule(rule);
    assert_eq!((desk.standing().len(), desk.stored().1.len()), (2, 1), "it is there, and nothing of it is stored");
    let told = desk.registers(&["--rotate"]).await;
    assert!(told.starts_with("stored: "), "{told}");
    desk.registers(&["--rotate"]).await;
    assert!(desk.standing().iter().all(|webhook| webhook.enabled));
    desk.registers(&["--rotate", "--finish"]).await;
    // removed, and the answer is not heard
    desk.onfido.misbehave(unheard(Endpoint::DeleteWebhook));
    let ran = desk.register(&["--rotate", "--finish"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(desk.stored().0.len(), 2, "its secret is still there");
    let told = desk.registers(&["--rotate", "--finish"]).await;
    assert!(told.starts_with("dropped: 1 "), "{told}");
    assert_eq!(desk.stored().0, [desk.webhook().token]);
    assert_ne!(desk.webhook().id, first);
}
