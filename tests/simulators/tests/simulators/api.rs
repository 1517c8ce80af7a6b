//! The API side: tokens, refusals, creating, redirects, redaction, tenants apart.

use idv_simulators::ondato::{Act, Application, Endpoint, Settings};
use reqwest::Method;
use serde_json::json;

use crate::support::{Api, fixture, http, ondato, ondato_with, parts, shape};

#[tokio::test]
async fn a_token_is_given_for_the_right_pair_only() {
    let (ondato, api) = ondato().await;
    let (status, body) = api.sign_in("wrong").await;
    assert_eq!((status, body), (400, fixture("post.connect-token.error.400.json")));
    let (status, body) = api.sign_in(&api.application.client_secret).await;
    assert_eq!(status, 200);
    assert_eq!(shape(&body), shape(&fixture("post.connect-token.response.json")));
    assert_eq!(body["expires_in"], 86_400);
    let as_json = http().post(api.url("identity", "/connect/token")).header("content-type", "application/json");
    let (status, body) = parts(as_json.body("{}").send().await.unwrap()).await;
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_request")));
    assert_eq!(ondato.requests_to(Endpoint::Token), 4);
}

#[tokio::test]
async fn missing_expired_and_revoked_tokens_are_refused() {
    let (ondato, mut api) = ondato().await;
    let idv = api.created().await;
    let refused = (401, fixture("error.401.authentication-failed.json"));
    ondato.revoke_tokens();
    assert_eq!(api.idv(&idv).await, refused);
    api.token = "never-issued".to_owned();
    assert_eq!(api.idv(&idv).await, refused);
    assert_eq!(api.create(&json!({})).await, refused);
    let (_ondato, api) = ondato_with(Settings { token_seconds: 0, ..Settings::default() }).await;
    assert_eq!(api.idv(&idv).await, refused);
}

#[tokio::test]
async fn creating_validates_and_is_not_idempotent() {
    let (ondato, api) = ondato().await;
    assert_eq!(api.create(&json!({})).await, (400, fixture("error.400.validation-failed.json")));
    let setup = &api.application.setup_id;
    let (status, body) = api.create(&json!({"setupId": setup, "registration": {"phoneNumber": "37060000000"}})).await;
    assert_eq!((status, body["reason"].as_str()), (400, Some("ValidationFailed")));
    assert!(body["params"]["registration.phoneNumber"].is_array());
    assert!(ondato.idvs_created().is_empty(), "a refused call makes nothing");
    let mut request = fixture("post.identity-verifications.request.full.json");
    request["setupId"] = json!(setup);
    let (status, first) = api.create(&request).await;
    assert_eq!((status, shape(&first)), (201, shape(&fixture("post.identity-verifications.response.201.json"))));
    let (_, second) = api.create(&request).await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(ondato.idvs_created(), [first["id"].as_str().unwrap(), second["id"].as_str().unwrap()]);
    assert_eq!(ondato.idv_by_reference("123").unwrap(), second["id"].as_str().unwrap());
    let (_, shown) = api.idv(&first["id"].as_str().unwrap().to_uppercase()).await;
    assert_eq!(shown["registration"], request["registration"]);
}

#[tokio::test]
async fn redirects_are_put_for_one_idv() {
    let (ondato, api) = ondato().await;
    let idv = api.created().await;
    let path = format!("/v1/identity-verifications/{idv}/setup-localisations");
    let request = fixture("put.identity-verification.setup-localisations.request.json");
    assert_eq!(api.send(Method::PUT, "idv", &path, &request).await.0, 204);
    assert_eq!(ondato.truth(&idv).unwrap().localisations, Some(request.clone()));
    let (_, setup) = api.get("idv", &format!("/v1/identity-verifications/{idv}/setup")).await;
    assert_eq!(setup["webAppSetting"]["localisationSettings"], request["localisationSettings"]);
    assert!(api.idv(&idv).await.1["setup"]["overrideId"].is_string());
    ondato.perform(&idv, Act::whole_capture()).unwrap();
    ondato.act(&idv, Act::approve()).unwrap();
    let link = ondato.link(&idv);
    let page = http().get(&link).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let press = http().post(api.url("app", "/act")).form(&[("id", idv.as_str()), ("act", "complete")]);
    let back = press.send().await.unwrap();
    assert_eq!(back.headers()["location"], "https://app.example.com/return?attempt=abc");
    assert_eq!(ondato.truth(&idv).unwrap().idv_status(), "Completed");
}

#[tokio::test]
async fn redaction_takes_the_data_and_leaves_the_decision() {
    let (ondato, api) = ondato_with(Settings { redacts_at_once: false, ..Settings::default() }).await;
    let idv = api.created().await;
    ondato.perform(&idv, Act::whole_approval()).unwrap();
    let path = format!("/v1/identity-verifications/{idv}/redact");
    assert_eq!(api.send(Method::PUT, "idv", &path, &json!({"scope": ["Everything"]})).await.0, 400);
    let request = fixture("put.identity-verification.redact.request.json");
    assert_eq!(api.send(Method::PUT, "idv", &path, &request).await.0, 204);
    assert_eq!(api.idv(&idv).await.1["redaction"]["status"], "InProgress");
    ondato.act(&idv, Act::FinishRedaction).unwrap();
    let (_, shown) = api.idv(&idv).await;
    assert_eq!(shown["redaction"]["status"], "Completed");
    let truth = ondato.truth(&idv).unwrap();
    assert_eq!(truth.kyc_status(), Some("Approved"));
    assert!(!json!(truth).to_string().to_uppercase().contains("JANE"));
}

#[tokio::test]
async fn another_application_is_forbidden_and_an_unknown_id_absent() {
    let applications = vec![Application::example(), Application::another("other")];
    let (ondato, api) = ondato_with(Settings { applications, ..Settings::default() }).await;
    let other = Api::of(&ondato, &ondato.applications()[1]).await;
    let idv = api.created().await;
    ondato.perform(&idv, Act::whole_approval()).unwrap();
    assert_eq!(other.idv(&idv).await, (403, fixture("error.403.authorization-failed.json")));
    let kyc = ondato.truth(&idv).unwrap().kyc.unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(other.get("kyc", &format!("/v1/identifications/{kyc}")).await.0, 403);
    assert_eq!(
        api.get("kyb", &format!("/v1/identifications/{kyc}")).await.0,
        404,
        "KYC and KYB share the path, not the host"
    );
    assert_eq!(api.idv("3fa85f64-5717-4562-b3fc-2c963f66afa6").await.0, 404);
    ondato.forget(&idv);
    assert_eq!(api.idv(&idv).await.0, 404);
}

#[tokio::test]
async fn identifications_are_searched_by_time() {
    let (ondato, api) = ondato().await;
    for _ in 0..3 {
        let idv = api.created().await;
        ondato.perform(&idv, Act::whole_capture()).unwrap();
    }
    let filter = |range| json!({"applicationId": api.application.application_id, "createdUtc": range});
    let all = filter(json!({"from": "2020-01-01T00:00:00Z", "to": "2999-01-01T00:00:00Z"}));
    let found = api.send(Method::POST, "kyc", "/v1/identifications/filter?limit=2&offset=1", &all).await.1;
    assert_eq!(found.as_array().unwrap().len(), 2);
    let none = filter(json!({"to": "2020-01-01T00:00:00Z"}));
    assert_eq!(api.send(Method::POST, "kyc", "/v1/identifications/filter", &none).await.1, json!([]));
}

#[tokio::test]
async fn acts_follow_the_documented_lives() {
    let (ondato, api) = ondato().await;
    let idv = api.created().await;
    assert!(ondato.act(&idv, Act::Complete).is_err(), "not opened yet");
    assert!(ondato.act(&idv, Act::approve()).is_err(), "nothing to decide");
    ondato.perform(&idv, Act::whole_rejection("PoorPhotoQuality")).unwrap();
    assert!(ondato.act(&idv, Act::Expire).is_err(), "completed is final");
    ondato.act(&idv, Act::approve_manually()).unwrap();
    let truth = ondato.truth(&idv).unwrap();
    assert_eq!(truth.kyc_status(), Some("Approved"));
    assert_eq!(truth.idv["step"]["kycIdentification"]["isSuccess"], true);

    let idv = api.created().await;
    ondato.perform(&idv, Act::whole_capture()).unwrap();
    ondato.act(&idv, Act::reject("BlurredPhoto")).unwrap();
    ondato.act(&idv, Act::StartOver { new_identification: false }).unwrap();
    assert_eq!(ondato.truth(&idv).unwrap().kyc_status(), Some("Awaiting"));
    ondato.perform(&idv, [Act::FinishKyc, Act::reject("BlurredPhoto")]).unwrap();
    ondato.act(&idv, Act::StartOver { new_identification: true }).unwrap();
    assert_eq!(ondato.truth(&idv).unwrap().earlier_kyc.len(), 1);
}
