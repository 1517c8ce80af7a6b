//! Individuals, links, contact data, tenants apart.

use idv_simulators::intergiro::{Act, NotPossible, Programme, Settings};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Api, fixture, intergiro, intergiro_with, text};

fn fields(body: &Value) -> Vec<&str> {
    body["errors"].as_array().unwrap().iter().map(|it| it["field"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn creating_wants_every_field_and_no_nulls() {
    let (intergiro, api) = intergiro().await;
    let good = fixture("post.individuals.request.json");
    let with = |pointer: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let rows = [
        (json!({}), vec!["first_name", "last_name", "email", "phone_number", "date_of_birth"]),
        (with("/first_name", Value::Null), vec!["first_name"]),
        (with("/last_name", json!(" ")), vec!["last_name"]),
        (with("/address", Value::Null), vec!["address"]),
        (with("/address/region", json!("")), vec!["address.region"]),
        (
            with("/address", json!({"country_code": "SE"})),
            vec!["address.street1", "address.city", "address.region", "address.postal_code"],
        ),
        (with("/address/country_code", json!("SWE")), vec!["address.country_code"]),
        (with("/email", json!("nobody")), vec!["email"]),
        (with("/phone_number", json!("+46700000000")), vec!["phone_number"]),
        (with("/date_of_birth", json!("06.12.1991")), vec!["date_of_birth"]),
    ];
    for (body, expected) in rows {
        let (status, answer) = api.post("/v3/individuals", &body).await;
        assert_eq!((status, fields(&answer)), (400, expected), "{body}");
    }
    assert_eq!(api.send(Method::POST, "/v3/individuals", &json!([1])).await.0, 400);
    assert!(intergiro.individuals_created().is_empty(), "a refused call makes nothing");
}

#[tokio::test]
async fn creating_is_not_idempotent_and_may_refuse_a_second_address() {
    let (intergiro, api) = intergiro().await;
    let (one, other) = (api.created().await, api.created().await);
    assert_eq!(intergiro.individuals_created(), [one, other.clone()]);
    assert_eq!(intergiro.individual_by_email("john.de.mayor@example.com"), Some(other));
    let (_intergiro, api) = intergiro_with(Settings { refuse_duplicates: true, ..Settings::default() }).await;
    api.created().await;
    let (status, body) = api.post("/v3/individuals", &fixture("post.individuals.request.json")).await;
    assert_eq!((status, fields(&body)), (400, vec!["email"]));
}

#[tokio::test]
async fn each_link_voids_the_one_before() {
    let (intergiro, api) = intergiro().await;
    let id = api.created().await;
    assert_eq!(api.status(&id).await, "pending_activation");
    let first = text(&api.onboard(&id).await.1, "/redirect_url");
    assert_eq!(api.status(&id).await, "onboarding_requested");
    let second = text(&api.onboard(&id).await.1, "/redirect_url");
    assert_ne!(first, second);
    assert_eq!(intergiro.link(&id), Some(second.clone()));
    assert_eq!(api.visit(&first, "submit").await.0, 410);
    assert_eq!(api.visit(&format!("{second}x"), "submit").await.0, 404);
    let page = api.http.get(&second).send().await.unwrap();
    assert_eq!((page.status().as_u16(), page.headers()["x-frame-options"].to_str().unwrap()), (200, "DENY"));
    assert!(intergiro.truth(&id).unwrap().link.unwrap().opened);
    let back = Some("https://example.com/onboarding_callback".to_owned());
    assert_eq!(api.visit(&second, "leave").await, (303, back.clone()));
    assert_eq!(api.status(&id).await, "onboarding_requested", "leaving is not seen");
    assert!(intergiro.events().is_empty());
    assert_eq!(api.visit(&second, "submit").await, (303, back));
    assert_eq!(api.status(&id).await, "onboarding_data_provided");
    assert_eq!(api.visit(&second, "submit").await.0, 410, "used");
    let (status, refusal) = api.onboard(&id).await;
    assert_eq!((status, text(&refusal, "/error/code").as_str()), (422, "request_blocked"));
    assert_eq!(intergiro.truth(&id).unwrap().link.unwrap().issued, 2);
}

#[tokio::test]
async fn a_link_ends_and_the_person_goes_on_with_a_new_one() {
    let (intergiro, api) = intergiro().await;
    let id = api.invited().await;
    let link = intergiro.link(&id).unwrap();
    intergiro.act(&id, Act::ExpireLink).unwrap();
    assert_eq!(api.visit(&link, "submit").await.0, 410);
    assert_eq!(intergiro.act(&id, Act::SubmitForm), Err(NotPossible::LinkOver));
    assert!(intergiro.events().is_empty(), "no event tells it");
    assert_eq!(api.onboard(&id).await.0, 200);
    intergiro.perform(&id, Act::whole_form()).unwrap();
    for body in [json!({}), json!({"return_url": null}), json!({"return_url": "http://example.com/"})] {
        assert_eq!(api.post(&format!("/v3/individuals/{id}/onboard"), &body).await.0, 400, "{body}");
    }
}

#[tokio::test]
async fn contact_data_changes_until_blocked() {
    let (intergiro, api) = intergiro().await;
    let id = api.invited().await;
    let patch = |body: Value| {
        let request = api.request(Method::PATCH, &format!("/v3/individuals/{id}"), &body);
        async { crate::support::parts(request.send().await.unwrap()).await }
    };
    let (status, shown) = patch(fixture("patch.individual.request.email.json")).await;
    assert_eq!((status, text(&shown, "/email").as_str()), (200, "new.address@example.com"));
    assert_eq!(patch(fixture("patch.individual.request.phone-number.json")).await.1["phone_number"], "46700000001");
    for body in [json!({}), json!({"first_name": "Jack"}), json!({"email": null}), json!({"email": ""})] {
        assert_eq!(patch(body).await.0, 400);
    }
    intergiro.perform(&id, Act::whole_rejection()).unwrap();
    let (status, refusal) = patch(fixture("patch.individual.request.email.json")).await;
    assert_eq!((status, text(&refusal, "/error/code").as_str()), (422, "request_blocked"));
}

#[tokio::test]
async fn contact_data_may_want_a_consent_first() {
    let (intergiro, api) = intergiro_with(Settings { contact_consent: true, ..Settings::default() }).await;
    let id = api.invited().await;
    let path = format!("/v3/individuals/{id}");
    let change = fixture("patch.individual.request.email.json");
    assert_eq!(api.send(Method::PATCH, &path, &change).await.0, 200, "not before activation");
    intergiro.perform(&id, Act::whole_approval()).unwrap();
    let (status, wanted) = api.send(Method::PATCH, &path, &change).await;
    assert_eq!(status, 412);
    super::client::same_shape(&wanted, "error.412.consent-required.json");
    assert_eq!(api.send(Method::PATCH, &path, &change).await.1, wanted, "the same consent");
    let consent = format!("/v3/consents/{}", text(&wanted, "/consent/id"));
    let (_, method) = api.post(&consent, &fixture("post.consent.request.json")).await;
    assert_eq!(api.visit(&text(&method, "/method/redirect_url"), "approve").await.0, 303);
    assert_eq!(api.send(Method::PATCH, &path, &change).await.0, 200);
    assert_eq!(api.send(Method::PATCH, &path, &change).await.0, 412, "used up");
}

#[tokio::test]
async fn another_programme_sees_nothing() {
    let programmes = vec![Programme::example(), Programme::another("other")];
    let (intergiro, api) = intergiro_with(Settings { programmes, ..Settings::default() }).await;
    let other = Api::of(&intergiro, &intergiro.programmes()[1]).await;
    let id = api.invited().await;
    intergiro.perform(&id, Act::whole_approval()).unwrap();
    intergiro.act(&id, Act::request(Default::default())).unwrap();
    let action = &intergiro.truth(&id).unwrap().actions[0];
    let event = &intergiro.events_of("example")[0].id;
    for path in [
        format!("/v3/individuals/{id}"),
        format!("/v3/events/{event}"),
        format!("/v3/pending_actions/{}", action.id),
        format!("/v3/consents/{}", action.consent_id),
    ] {
        assert_eq!((api.get(&path).await.0, other.get(&path).await.0), (200, 404), "{path}");
    }
    for path in ["/v3/events", "/v3/individuals", "/v3/pending_actions"] {
        assert_eq!(other.get(path).await.1["data"], json!([]), "{path}");
    }
    assert_eq!(other.onboard(&id).await.0, 404);
    intergiro.forget(&id);
    assert_eq!(api.individual(&id).await.0, 404);
    assert_eq!(api.get("/v3/nonsense").await.0, 404);
}

#[tokio::test]
async fn the_documentations_simulations_play_the_whole_way() {
    let (intergiro, api) = intergiro().await;
    let id = api.created().await;
    let kyc = json!({"individual_id": id});
    let decide = |status: &str| json!({"individual_id": id, "status": status});
    assert_eq!(api.post("/v3/simulations/onboarding/kyc", &kyc).await.0, 422, "no link was asked for");
    api.onboard(&id).await;
    assert_eq!(api.post("/v3/simulations/onboarding/kyc", &kyc).await.0, 204);
    let check = format!("/v3/simulations/individuals/{id}/identity_verification");
    assert_eq!(api.post(&check, &Value::Null).await.0, 204);
    let status = "/v3/simulations/onboarding/status";
    assert_eq!(api.post(status, &decide("activated")).await.0, 204);
    assert_eq!(api.post(status, &decide("blocked")).await.0, 204);
    assert_eq!(api.post(status, &decide("closed")).await.0, 400);
    let truth = intergiro.truth(&id).unwrap();
    assert_eq!((truth.status(), truth.ever_activated, truth.open_actions()), ("blocked", true, 1));
    let (_live, api) = intergiro_with(Settings { staging: false, ..Settings::default() }).await;
    assert_eq!(api.post("/v3/simulations/onboarding/kyc", &kyc).await.0, 404);
}
