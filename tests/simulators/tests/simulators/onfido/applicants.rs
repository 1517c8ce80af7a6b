//! Applicants: what is refused, changed, deleted and restored; SDK tokens; lists.

use idv_simulators::onfido::{Act, Kind, Settings};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{by_hand, fixture, onfido, onfido_with, same_shape, text};

#[tokio::test]
async fn what_is_wrong_is_named() {
    let (onfido, api) = onfido().await;
    let cases = [
        ("first_name", json!({"last_name": "Example"})),
        ("last_name", json!({"first_name": "Ada", "last_name": "Ex;ample"})),
        ("first_name", json!({"first_name": "<Ada>", "last_name": "Example"})),
        ("email", json!({"first_name": "Ada", "last_name": "Example", "email": "nobody"})),
        ("dob", json!({"first_name": "Ada", "last_name": "Example", "dob": "31.01.1990"})),
        (
            "address",
            json!({"first_name": "Ada", "last_name": "Example", "address": {"postcode": "1", "country": "GB"}}),
        ),
        ("address", json!({"first_name": "Ada", "last_name": "Example", "address": {"country": "GBR"}})),
        (
            "address",
            json!({"first_name": "Ada", "last_name": "Example",
            "address": {"postcode": "1", "country": "USA"}}),
        ),
        (
            "location",
            json!({"first_name": "Ada", "last_name": "Example",
            "location": {"ip_address": "203.0.113.10", "country_of_residence": "US"}}),
        ),
        ("consents", json!({"first_name": "Ada", "last_name": "Example", "consents": [{"name": "all"}]})),
        ("id_numbers", json!({"first_name": "Ada", "last_name": "Example", "id_numbers": [{"type": "shoe"}]})),
    ];
    for (field, body) in cases {
        let (status, refused) = api.post("/applicants", &body).await;
        assert_eq!(status, 422, "{body}");
        assert!(refused["error"]["fields"].get(field).is_some(), "{field}: {refused}");
    }
    let both = json!({"first_name": "Ada", "last_name": "Example", "email": "x",
        "location": {"country_of_residence": "GB", "ip_address": "203.0.113.10"}});
    let refused = api.post("/applicants", &both).await.1;
    let mut wanted = fixture("error.validation.422.json");
    assert_eq!(refused["error"]["fields"], wanted["error"]["fields"].take());
    assert!(onfido.applicants_created().is_empty());
    assert_eq!(api.send(Method::POST, "/applicants", &json!([])).await.0, 400);
}

#[tokio::test]
async fn a_change_is_partial_and_a_deleted_one_is_gone() {
    let (onfido, api) = onfido().await;
    let (id, other) = (api.applicant().await, api.applicant().await);
    let path = format!("/applicants/{id}");
    let change = json!({"last_name": "Other", "address": {"postcode": "W1", "country": "GBR"}});
    let (status, changed) = api.send(Method::PUT, &path, &change).await;
    assert_eq!((status, &changed["first_name"], &changed["last_name"]), (200, &json!("Ada"), &json!("Other")));
    assert_eq!((&changed["address"]["town"], &changed["address"]["postcode"]), (&Value::Null, &json!("W1")));
    same_shape(&api.get(&format!("/applicants/{other}")).await.1, "post_applicants.response.201.json");
    let check = api.check(&id, None).await;

    assert_eq!(api.delete(&path).await, 204);
    assert_eq!((api.get(&path).await.0, api.delete(&path).await), (404, 404));
    assert_eq!(api.get(&format!("/checks/{check}")).await.0, 404, "with what belongs to it");
    assert_eq!(api.post("/sdk_token", &json!({"applicant_id": id, "referrer": "*://*/*"})).await.0, 404);
    assert_eq!(api.post("/checks", &json!({"applicant_id": id, "report_names": ["document"]})).await.0, 404);
    let ids =
        |list: &Value| list["applicants"].as_array().unwrap().iter().map(|it| text(it, "/id")).collect::<Vec<_>>();
    assert_eq!(ids(&api.get("/applicants").await.1), [other.as_str()]);
    assert_eq!(ids(&api.get("/applicants?include_deleted=true").await.1), [other.clone(), id.clone()], "newest first");
    assert_eq!(ids(&api.get("/applicants?include_deleted=true&per_page=1&page=2").await.1), [id.as_str()]);
    assert!(onfido.truth(&id).unwrap().ended);
    assert_eq!(api.post(&format!("{path}/restore"), &Value::Null).await.0, 204);
    assert_eq!(api.get(&path).await.1["delete_at"], Value::Null);

    let (onfido, api) = onfido_with(Settings { deleted_answer: 410, ..by_hand() }).await;
    let id = api.applicant().await;
    onfido.act(&id, Act::Delete).unwrap();
    assert_eq!(api.get(&format!("/applicants/{id}")).await.0, 410);
}

#[tokio::test]
async fn sdk_tokens_are_for_one_applicant() {
    let (onfido, api) = onfido().await;
    let id = api.applicant().await;
    for name in ["post_sdk_token.web.request.json", "post_sdk_token.mobile.request.json"] {
        let mut body = fixture(name);
        body["applicant_id"] = json!(id);
        let (status, answer) = api.post("/sdk_token", &body).await;
        assert_eq!(status, 200);
        same_shape(&answer, "post_sdk_token.response.200.json");
    }
    assert_eq!(api.post("/sdk_token", &json!({"applicant_id": id})).await.0, 422);
    assert_eq!(api.post("/sdk_token", &json!({"referrer": "x"})).await.0, 422);
    let unknown = json!({"applicant_id": "3b1f6c2e-6d0a-4c55-9a57-0a4e5d2f1999", "referrer": "x"});
    assert_eq!(api.post("/sdk_token", &unknown).await.0, 404);
    let truth = onfido.truth(&id).unwrap();
    assert_eq!((truth.kind, truth.sdk_tokens), (Kind::Applicant, 2));
}
