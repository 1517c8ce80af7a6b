//! What the same request again makes: with a key of the caller's, and without.

use serde_json::json;

use crate::lobby::resource;
use crate::scene::{A, A2, ACME, B, BOLT, Scene, event, fixture};

#[test]
fn a_key_makes_one_applicant_and_no_key_makes_one_each() {
    let scene = Scene::new();
    let asked = fixture("create_applicant");
    let first = scene.ask_with("applicants", "key-1", &asked);
    let again = scene.ask_with("applicants", "key-1", &asked);
    assert_eq!((first.status, &first.text), (201, &again.text));
    assert_eq!(scene.lobby.state().applicants.len(), 1);
    let other = scene.ask_with("applicants", "key-1", &json!({"firstName": "Bob"}));
    assert_eq!((other.status, other.field()), (409, "Idempotency-Key".to_owned()));
    assert_ne!(scene.applicant(), scene.applicant());
    assert_eq!(scene.lobby.state().applicants.len(), 3);
}

#[test]
fn the_same_check_again_is_the_same_check_and_another_is_another() {
    let scene = Scene::new();
    let applicant = scene.applicant();
    let asked = json!({"applicantId": applicant, "reportNames": ["document"]});
    let first = scene.ask("checks", &asked);
    for _ in 0..5 {
        scene.rig.wait(3600);
        assert_eq!(scene.ask("checks", &asked).text("checkId"), first.text("checkId"));
    }
    // members in another order are the same content
    let mut turned = event("checks", A, ACME, &asked);
    turned["body"] = json!(format!(r#"{{"reportNames": ["document"], "applicantId": "{applicant}"}}"#));
    assert_eq!(scene.answer(turned).text("checkId"), first.text("checkId"));
    assert_eq!(scene.lobby.state().checks.len(), 1);

    let whole = scene.ask("checks", &json!({"applicantId": applicant}));
    assert_ne!(whole.text("checkId"), first.text("checkId"));
    let on_purpose = scene.ask_with("checks", "second-try", &asked);
    assert_ne!(on_purpose.text("checkId"), first.text("checkId"));
    assert_eq!(scene.ask_with("checks", "second-try", &asked).text, on_purpose.text);
    // each is told as itself, also when another came since
    assert_eq!(scene.ask("checks", &asked).body()["reportIds"], json!(["report-1-1"]));
    assert_eq!(scene.lobby.state().checks.len(), 3);
}

/// It was answered with a check that somebody else's request had made; what was done once makes nothing, whatever the
/// provider finds by its mark.
#[test]
fn a_repeat_never_makes_a_check() {
    let scene = Scene::new();
    let asked = json!({"applicantId": scene.applicant()});
    let first = scene.ask("checks", &asked);
    {
        let mut state = scene.lobby.state();
        let ((applicant, _), made) = state.checks.pop_first().unwrap();
        state.checks.insert((applicant, "of another".to_owned()), made);
    }
    let again = scene.ask("checks", &asked);
    assert_eq!((again.status, again.text("checkId")), (201, first.text("checkId")));
    assert_eq!(scene.lobby.state().checks.len(), 1);
}

/// What is asked for once more is captured once more: the same body is another check then, and the same one again.
#[test]
fn a_retake_is_another_check() {
    let scene = Scene::new();
    let asked = json!({"applicantId": scene.applicant()});
    let first = scene.ask("checks", &asked);
    scene.lobby.state().asking = Some(resource("report", "report-1-1"));
    let retake = scene.ask("checks", &asked);
    assert_eq!((retake.status, scene.lobby.state().checks.len()), (201, 2));
    assert_ne!(retake.text("checkId"), first.text("checkId"));
    assert_eq!(scene.ask("checks", &asked).text("checkId"), retake.text("checkId"));
    assert_eq!(scene.lobby.state().checks.len(), 2);
}

/// The key of one caller means nothing to another, nor to an app that invokes for the same tenant.
#[test]
fn a_key_is_its_connections_own() {
    let scene = Scene::new();
    let keyed = |subscription: &str, caller: &str| {
        let mut asked = event("applicants", subscription, caller, &fixture("create_applicant"));
        asked["headers"]["Idempotency-Key"] = json!("key-1");
        scene.answer(asked)
    };
    let ids = [keyed(A, ACME), keyed(A2, ACME), keyed(B, BOLT)].map(|answer| answer.text("applicantId"));
    assert_eq!(ids, ["applicant-1", "applicant-2", "applicant-3"]);
    let app = json!({
        "action": "start", "tenant": "acme", "connection": "main", "reference": "r", "channel": "sdk",
        "subject": {"first_name": "Ada"}, "options": {"flow": "classic"}, "idempotency_key": "key-1",
    });
    let answer = scene.rig.ask(Some("t-acme"), app).done().unwrap();
    assert_eq!(answer["sdk"]["ids"]["applicant"], "applicant-4", "{answer}");
}

/// What an app has started is there for the drop-in, too: it is the same onboarding.
#[test]
fn an_applicant_that_an_app_has_started_is_checked_like_any() {
    let scene = Scene::new();
    let app = json!({
        "action": "start", "tenant": "acme", "connection": "main", "reference": "r", "channel": "sdk",
        "subject": {"first_name": "Ada"}, "options": {"flow": "classic"}, "idempotency_key": "key-1",
    });
    let started = scene.rig.ask(None, app).done().unwrap();
    let check = scene.ask("checks", &json!({"applicantId": started["sdk"]["ids"]["applicant"]}));
    assert_eq!(check.status, 201, "{check:?}");
}
