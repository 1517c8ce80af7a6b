//! A table to run the ledger on: in the embedded emulator, one for each test, or where `IDV_CONTRACT_AWS` says (another
//! emulator, or `https://dynamodb.{region}.amazonaws.com` with AWS's own variables), one that all tests share.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};
use dynoxide::Database;
use idv_gateway::adapters::aws::{Aws, Patience};
use idv_gateway::adapters::dynamodb::DynamoLedger;
use idv_gateway::adapters::environment::{AwsEnvironment, Endpoints};
use idv_gateway::domain::schedule::Pace;
use idv_gateway::secret::Secret;
use tokio::net::TcpListener;

/// The table's name, wherever it is.
pub const NAME: &str = "idv-contract";
/// Names another place than the embedded emulator.
const ELSEWHERE: &str = "IDV_CONTRACT_AWS";
/// A table on AWS is there after some 10 s.
const PATIENCE: Duration = Duration::from_secs(120);

/// The endpoint of another AWS, if this run is to use one.
#[must_use]
pub fn elsewhere() -> Option<String> {
    std::env::var(ELSEWHERE).ok()
}

/// Starts the emulator for as long as this test runs, or uses the one that there is; answers with its URL.
pub async fn emulator() -> String {
    if let Some(url) = elsewhere() {
        return url;
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let database = Database::memory().unwrap();
    // ends with the test's runtime
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
    url
}

/// The ledger on the table there, through the functions' own client.
pub fn ledger_at(url: &str) -> DynamoLedger {
    DynamoLedger::new(client_at(url), NAME.to_owned(), Pace::REAL)
}

/// The functions' own client.
pub fn client_at(url: &str) -> Client {
    aws_at(url).dynamodb()
}

/// The functions' own clients, all at one endpoint.
pub fn aws_at(url: &str) -> Aws {
    let said = |name: &str, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let environment = AwsEnvironment {
        region: said("AWS_REGION", "us-east-1"),
        access_key_id: said("AWS_ACCESS_KEY_ID", "test"),
        secret_access_key: Secret::from(said("AWS_SECRET_ACCESS_KEY", "test")),
        session_token: std::env::var("AWS_SESSION_TOKEN").ok().map(Secret::from),
        endpoints: Endpoints {
            dynamodb: Some(url.to_owned()),
            sqs: Some(url.to_owned()),
            secrets_manager: Some(url.to_owned()),
            ..Endpoints::default()
        },
    };
    Aws::new(&environment, Patience::WORKER).unwrap()
}

/// Makes the table with its indexes, if there is none, and waits until it is there.
pub async fn create(url: &str) {
    let client = client_at(url);
    let made = client
        .create_table()
        .table_name(NAME)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes()))
        .set_key_schema(Some(keys("pk", "sk")))
        .set_global_secondary_indexes(Some(indexes()))
        .send()
        .await;
    if let Err(error) = made {
        assert!(error.as_service_error().is_some_and(|error| error.is_resource_in_use_exception()), "{error:?}");
    }
    client.wait_until_table_exists().table_name(NAME).wait(PATIENCE).await.unwrap();
}

fn attributes() -> Vec<AttributeDefinition> {
    let named = |name: &str, kind: ScalarAttributeType| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    };
    let texts = ["pk", "sk", "list_pk", "list_sk", "look_shard", "delivery_shard"];
    let numbers = ["look_due", "delivery_due"];
    let texts = texts.into_iter().map(|name| named(name, ScalarAttributeType::S));
    texts.chain(numbers.into_iter().map(|name| named(name, ScalarAttributeType::N))).collect()
}

fn indexes() -> Vec<GlobalSecondaryIndex> {
    let keys_only = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
    [
        ("list", "list_pk", "list_sk"),
        ("look_due", "look_shard", "look_due"),
        ("delivery_due", "delivery_shard", "delivery_due"),
    ]
    .into_iter()
    .map(|(name, partition, sort)| {
        let index = GlobalSecondaryIndex::builder().index_name(name).set_key_schema(Some(keys(partition, sort)));
        index.projection(keys_only.clone()).build().unwrap()
    })
    .collect()
}

fn keys(partition: &str, sort: &str) -> Vec<KeySchemaElement> {
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    vec![key(partition, KeyType::Hash), key(sort, KeyType::Range)]
}
