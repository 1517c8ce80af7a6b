use super::*;
use crate::adapters::scripted::{Act, Server};
use crate::adapters::secrets_manager::SecretsManager;
use crate::adapters::vault::{Store, StoreError};

fn environment(endpoint: String) -> AwsEnvironment {
    AwsEnvironment {
        region: "eu-north-1".to_owned(),
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: Secret::from("hush".to_owned()),
        session_token: Some(Secret::from("token".to_owned())),
        endpoints: Endpoints { secrets_manager: Some(endpoint), ..Endpoints::default() },
    }
}

fn quick() -> Patience {
    let limits = Limits { attempt: Duration::from_millis(60), operation: Duration::from_millis(150) };
    Patience { ledger: limits, bells: limits, vault: limits, targets: limits }
}

async fn read(act: Act) -> (Option<StoreError>, usize, Server) {
    let server = Server::start(move |_| act.clone()).await;
    let aws = Aws::new(&environment(server.origin()), quick());
    let store = SecretsManager::new(aws.map(|aws| aws.secrets_manager()).unwrap_or_else(|_| unreachable!()));
    let outcome = store.get("idv/index").await;
    (outcome.err(), server.count(), server)
}

#[test]
fn the_roots_are_those_of_mozillas_programme() {
    let known: Vec<&[u8]> = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|der| der.as_ref()).collect();
    let pems = ROOTS.split("-----BEGIN CERTIFICATE-----").skip(1);
    let ders: Vec<Vec<u8>> = pems
        .filter_map(|pem| pem.split("-----END").next())
        .filter_map(|body| data_encoding::BASE64.decode(body.replace(['\n', '\r'], "").as_bytes()).ok())
        .collect();
    assert_eq!(ders.len(), 5);
    assert!(ders.iter().all(|der| known.contains(&der.as_slice())));
}

#[test]
fn the_tightest_provider_is_answered_in_time() {
    let own = Duration::from_millis(300); // proving and reducing 256 KiB, with room
    let spent = Patience::INGRESS.vault.operation * 3 + Patience::INGRESS.bells.operation + own;
    assert!(spent <= PROVIDER_PATIENCE, "{spent:?}");
}

#[test]
fn an_operation_has_time_for_a_second_attempt() {
    for patience in [Patience::INGRESS, Patience::WORKER] {
        for limits in [patience.ledger, patience.bells, patience.targets] {
            assert!(limits.attempt * 2 + LONGEST_PAUSE <= limits.operation, "{limits:?}");
        }
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let given_up = tokio::time::timeout(Duration::from_secs(5), read(Act::Silence)).await;
    let attempts = given_up.ok().map(|(error, requests, _server)| (error, (2..=3).contains(&requests)));
    assert_eq!(attempts, Some((Some(StoreError::Down), true)));
}

#[tokio::test]
async fn a_fault_of_the_server_is_tried_three_times() {
    let (error, requests, _server) = read(Act::answer(500, "application/x-amz-json-1.1", "{}")).await;
    assert_eq!((error, requests), (Some(StoreError::Down), 3));
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    let body = r#"{"__type":"AccessDeniedException","Message":"no"}"#;
    let (error, requests, _server) = read(Act::answer(400, "application/x-amz-json-1.1", body)).await;
    assert_eq!((error, requests), (Some(StoreError::Withheld("denied")), 1));
}

#[tokio::test]
async fn requests_are_signed_with_the_environments_credentials() {
    let body = r#"{"SecretString":"{}","Name":"idv/index"}"#;
    let (error, _, server) = read(Act::answer(200, "application/x-amz-json-1.1", body)).await;
    assert_eq!(error, None);
    let heads: Vec<String> = server.requests().iter().map(|request| request.head.to_ascii_lowercase()).collect();
    assert!(heads.iter().all(|head| head.contains("credential=akidexample/") && head.contains("/eu-north-1/")));
    assert!(heads.iter().all(|head| head.contains("x-amz-security-token: token")), "{heads:?}");
}
