//! The action call and the endpoint call: forms, names, what is taken.

use idv_simulators::fintechos::{DataForm, DataForms, FintechOs, Outcome, Settings};
use serde_json::{Value, json};

use super::client::{Caller, event, fixture, instance};

#[tokio::test]
async fn both_forms_of_data_are_taken() {
    let (instance, caller) = instance().await;
    for (place, name) in
        ["callaction.data_string.request.json", "callaction.data_object.request.json"].iter().enumerate()
    {
        let mut body = fixture(name);
        body["ApiInfo"]["Token"] = json!(caller.token);
        let path = ["/api/openApi/CallAction", "/api/openApi/CallAction/?culture=en-US"][place];
        let (status, answer) = caller.post(path, &body).await;
        assert_eq!((status, answer), (200, fixture("callaction.response.assumed_success.json")));
    }
    let forms: Vec<_> = instance.received().iter().filter_map(|it| it.data_form).collect();
    assert_eq!(forms, [DataForm::Text, DataForm::Object]);
    let users: Vec<_> = instance.received().into_iter().skip(1).map(|it| it.user_name.is_some()).collect();
    assert_eq!(users, [true, false]);
    let taken = instance.accepted();
    assert!(taken.iter().all(|it| it.data == fixture("event.report_completed.json")));
    assert_eq!((taken[0].repeat, taken[1].repeat, instance.repeats()), (false, true, 1));
    assert_eq!(
        (taken[1].number, taken[1].action.as_str(), taken[1].status.as_str()),
        (2, "report.completed", "complete")
    );
    assert_eq!(instance.accepted_about("a9d0c1b2-1111-4c3d-8e4f-000000003001").len(), 2);
}

#[tokio::test]
async fn an_instance_may_want_one_form_and_a_name() {
    let settings = Settings { data: DataForms::Object, wants_user_name: true, ..Settings::default() };
    let instance = FintechOs::start(settings).await.unwrap();
    let caller = Caller::signed_in(&instance).await;
    let mut body = fixture("callaction.data_object.request.json");
    body["ApiInfo"]["Token"] = json!(caller.token);
    let refused = caller.post("/api/openApi/CallAction", &body).await;
    assert_eq!((refused.0, &refused.1["IsSuccess"]), (200, &json!(false)), "no user name");
    body["ApiInfo"]["UserName"] = json!("dcs.integration@acme.example.com");
    assert_eq!(caller.post("/api/openApi/CallAction", &body).await.1["IsSuccess"], json!(true));
    assert_eq!(caller.call(&event("a")).await.1["IsSuccess"], json!(false), "Data is a text");
    let outcomes: Vec<_> = instance.received().iter().skip(1).map(|it| it.outcome).collect();
    assert_eq!(outcomes, [Outcome::Unreadable, Outcome::Accepted, Outcome::Unreadable]);
}

#[tokio::test]
async fn the_endpoint_takes_the_event_itself() {
    let settings = Settings { base_path: "/portal".to_owned(), ..Settings::default() };
    let instance = FintechOs::start(settings).await.unwrap();
    assert!(instance.base_url().ends_with("/portal"));
    let caller = Caller::signed_in(&instance).await;
    assert_eq!(caller.endpoint("FTOS_Onfido_WebHook", &fixture("endpoint_api.request.json")).await, (200, json!(0)));
    assert_eq!(caller.endpoint("FTOS_Other", &event("a")).await.0, 404);
    assert_eq!(caller.endpoint("FTOS_Onfido_WebHook", &json!("no event")).await.0, 400);
    let nobody = Caller { token: "0c0ffee0".to_owned(), ..Caller::of(&instance) };
    assert_eq!(nobody.endpoint("FTOS_Onfido_WebHook", &event("a")).await.0, 401);
    assert_eq!(instance.accepted().len(), 1);
    let outside = Caller { base: caller.base.replace("/portal", ""), ..Caller::of(&instance) };
    assert_eq!(outside.get_token(&fixture("gettoken.request.json")).await.0, 404, "the path belongs to the address");
}

#[tokio::test]
async fn what_is_no_call_is_not_taken() {
    let (instance, caller) = instance().await;
    let call = |change: fn(&mut Value)| {
        let mut body = fixture("callaction.data_string.request.json");
        body["ApiInfo"]["Token"] = json!(caller.token);
        change(&mut body);
        body
    };
    for (why, body) in [
        ("another action", call(|it| it["Request"]["ActionName"] = json!("FTOS_Other"))),
        ("no JSON inside", call(|it| it["Request"]["Data"] = json!("{\"payload\":"))),
        ("no data", call(|it| it["Request"]["Data"] = Value::Null)),
        ("no request", json!({"ApiInfo": {}})),
        ("nothing", Value::Null),
    ] {
        let (status, answer) = caller.post("/api/openApi/CallAction", &body).await;
        assert_eq!((status, &answer["IsSuccess"]), (200, &json!(false)), "{why}");
    }
    assert!(instance.accepted().is_empty());
    assert_eq!(caller.post("/api/openApi/Other", &Value::Null).await.0, 404);
    let enriched = fixture("delivery.enriched_event.proposed.json");
    assert_eq!(caller.call(&enriched).await.0, 200);
    let taken = instance.accepted().remove(0);
    assert_eq!(
        (taken.action.as_str(), taken.data == enriched),
        ("report.completed", true),
        "event and report together"
    );
    assert_eq!(caller.call(&json!({"onboarding_id": "onb_1"})).await.0, 200);
    assert_eq!(instance.accepted()[1].action, "", "another body is kept as it is");
}

/// Accounts are apart: nothing of one client is taken from another.
#[tokio::test]
async fn clients_have_instances_of_their_own() {
    let (acme, caller) = instance().await;
    let globex = FintechOs::start(Settings::of("globex")).await.unwrap();
    let mut stranger = Caller::of(&globex);
    assert_eq!(stranger.get_token(&fixture("gettoken.request.json")).await.0, 401);
    stranger.token.clone_from(&caller.token);
    assert_eq!(stranger.call(&event("a")).await.0, 401);
    let settings = globex.settings();
    let own = json!({"username": settings.user_name, "password": settings.password, "client_id": settings.client_id});
    assert_eq!(stranger.get_token(&own).await.0, 200);
    assert_eq!((acme.accepted().len(), globex.accepted().len()), (0, 0));
}
