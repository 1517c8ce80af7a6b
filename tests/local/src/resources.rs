//! What the deployment template creates, created here: the table, the queues, the secrets. All of it may exist already.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TimeToLiveSpecification,
};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::clients::Clients;
use crate::event_source::told;
use crate::names::SourceQueue;
use crate::options::StackError;

/// Names the table, and the queues and secrets with what follows it.
pub(crate) const PREFIX: &str = "idv-local";
/// A message is tried so often, then it goes to the dead-letter queue.
const MAX_RECEIVE_COUNT: u32 = 4;
/// The ingress and its neighbours read so many tenants when they start.
const PREFETCH: usize = 8;

/// The URLs of the queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queues {
    /// Feeds `event-fetcher`.
    pub notices: String,
    /// What it could not take.
    pub notices_dlq: String,
    /// Feeds `result-deliverer`.
    pub deliveries: String,
    /// What it could not take.
    pub deliveries_dlq: String,
}

impl Queues {
    /// The queue itself.
    #[must_use]
    pub fn of(&self, source: SourceQueue) -> &str {
        match source {
            SourceQueue::Notices => &self.notices,
            SourceQueue::Deliveries => &self.deliveries,
        }
    }

    /// Its dead-letter queue.
    #[must_use]
    pub fn dead_letters_of(&self, source: SourceQueue) -> &str {
        match source {
            SourceQueue::Notices => &self.notices_dlq,
            SourceQueue::Deliveries => &self.deliveries_dlq,
        }
    }
}

fn refused(action: &'static str) -> impl Fn(&dyn std::error::Error) -> StackError {
    move |error| StackError::Aws { action, reason: told(error) }
}

/// The ledger with its three indexes.
pub(crate) async fn create_table(clients: &Clients) -> Result<(), StackError> {
    let table = || clients.table.create_table().table_name(PREFIX).billing_mode(BillingMode::PayPerRequest);
    let failed = refused("creating the table");
    let mut request = table();
    for (name, kind) in [
        ("pk", ScalarAttributeType::S),
        ("sk", ScalarAttributeType::S),
        ("list_pk", ScalarAttributeType::S),
        ("list_sk", ScalarAttributeType::S),
        ("look_shard", ScalarAttributeType::S),
        ("look_due", ScalarAttributeType::N),
        ("delivery_shard", ScalarAttributeType::S),
        ("delivery_due", ScalarAttributeType::N),
    ] {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build();
        request = request.attribute_definitions(attribute.map_err(|error| failed(&error))?);
    }
    request = request.set_key_schema(Some(keys("pk", "sk")?));
    for (name, hash, range) in [
        ("list", "list_pk", "list_sk"),
        ("look_due", "look_shard", "look_due"),
        ("delivery_due", "delivery_shard", "delivery_due"),
    ] {
        let index = GlobalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(keys(hash, range)?))
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build();
        request = request.global_secondary_indexes(index.map_err(|error| failed(&error))?);
    }
    match request.send().await {
        Ok(_) => expire(clients).await,
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_in_use_exception()) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

fn keys(hash: &str, range: &str) -> Result<Vec<KeySchemaElement>, StackError> {
    let failed = refused("naming the table's keys");
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let both = [key(hash, KeyType::Hash), key(range, KeyType::Range)];
    both.into_iter().map(|key| key.map_err(|error| failed(&error))).collect()
}

async fn expire(clients: &Clients) -> Result<(), StackError> {
    let failed = refused("switching on the table's expiry");
    let expiry = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires").build();
    let expiry = expiry.map_err(|error| failed(&error))?;
    let update = clients.table.update_time_to_live().table_name(PREFIX).time_to_live_specification(expiry);
    update.send().await.map(|_| ()).map_err(|error| failed(&error))
}

/// The two source queues, each with its dead-letter queue.
pub(crate) async fn create_queues(clients: &Clients) -> Result<Queues, StackError> {
    // a dead letter may wait as long as SQS allows: 14 days
    let kept = [(QueueAttributeName::MessageRetentionPeriod, (14 * 24 * 3600).to_string())];
    let notices_dlq = create_queue(clients, "notices-dlq", &kept).await?;
    let deliveries_dlq = create_queue(clients, "deliveries-dlq", &kept).await?;
    let notices = create_source(clients, "notices", SourceQueue::Notices, &notices_dlq).await?;
    let deliveries = create_source(clients, "deliveries", SourceQueue::Deliveries, &deliveries_dlq).await?;
    Ok(Queues { notices, notices_dlq, deliveries, deliveries_dlq })
}

async fn create_source(clients: &Clients, name: &str, source: SourceQueue, dlq: &str) -> Result<String, StackError> {
    let failed = refused("reading a queue's ARN");
    let attributes = clients.queues.get_queue_attributes().queue_url(dlq).attribute_names(QueueAttributeName::QueueArn);
    let attributes = attributes.send().await.map_err(|error| failed(&error))?;
    let arn = attributes.attributes().and_then(|all| all.get(&QueueAttributeName::QueueArn).cloned());
    let redrive = json!({"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVE_COUNT}).to_string();
    let visibility = source.visibility().as_secs().to_string();
    let attributes =
        [(QueueAttributeName::VisibilityTimeout, visibility), (QueueAttributeName::RedrivePolicy, redrive)];
    create_queue(clients, name, &attributes).await
}

async fn create_queue(
    clients: &Clients,
    name: &str,
    attributes: &[(QueueAttributeName, String)],
) -> Result<String, StackError> {
    let failed = refused("creating a queue");
    let attributes = attributes.iter().cloned().collect();
    let request = clients.queues.create_queue().queue_name(format!("{PREFIX}-{name}")).set_attributes(Some(attributes));
    let created = request.send().await.map_err(|error| failed(&error))?;
    let url = created.queue_url.ok_or("no URL in the answer");
    url.map_err(|reason| StackError::Aws { action: "creating a queue", reason: reason.to_owned() })
}

/// A secret for each tenant, and the index of them all. Gives each secret's version.
pub(crate) async fn put_config(clients: &Clients, config: &Value) -> Result<BTreeMap<String, String>, StackError> {
    let tenants = config.get("tenants").and_then(Value::as_object).ok_or(StackError::Config)?;
    let mut versions = BTreeMap::new();
    for (tenant, settings) in tenants {
        let version = put_secret(clients, &format!("tenants/{tenant}"), settings).await?;
        versions.insert(tenant.clone(), version);
    }
    put_index(clients, config, &versions).await?;
    Ok(versions)
}

/// The index alone.
pub(crate) async fn put_index(
    clients: &Clients,
    config: &Value,
    versions: &BTreeMap<String, String>,
) -> Result<(), StackError> {
    let of = |name: &str| config.get(name).cloned().unwrap_or_else(|| json!({}));
    let prefetch: Vec<&String> = versions.keys().take(PREFETCH).collect();
    let index = json!({
        "tenants": versions, "aliases": of("aliases"), "subscriptions": of("subscriptions"), "prefetch": prefetch,
    });
    put_secret(clients, "index", &index).await.map(|_| ())
}

/// Creates a secret, or gives it a new version; returns the version.
pub(crate) async fn put_secret(clients: &Clients, name: &str, value: &Value) -> Result<String, StackError> {
    let failed = refused("writing a secret");
    let (name, text) = (format!("{PREFIX}/{name}"), value.to_string());
    let version = match clients.secrets.create_secret().name(&name).secret_string(&text).send().await {
        Ok(created) => created.version_id,
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_exists_exception()) => {
            let put = clients.secrets.put_secret_value().secret_id(&name).secret_string(&text).send().await;
            put.map_err(|error| failed(&error))?.version_id
        }
        Err(error) => return Err(failed(&error)),
    };
    Ok(version.unwrap_or_default())
}
