//! The inbound drop-in: requests of a system that speaks another integration's language (FintechOS's processor to its
//! data-core service), answered in that language.
//!
//! They come from the HTTP API alone, through the alias `drop-in`: no other qualifier has its payload read as an HTTP event,
//! and this one reads nothing else. Who asks is what the API's authoriser has found out (IAM or JWT), never a header.
//! `SubscriptionId` says for which connection, and opens nothing: the caller must be listed for it.
//!
//! | operation | is | answered |
//! | --- | --- | --- |
//! | `applicants` | `start`, channel `sdk`; without a key each is a new onboarding | 201 `applicantId` |
//! | `sdk-token` | `resume` of the onboarding that the applicant is bound to | 200 `token` |
//! | `checks` | `submit`; the same content again is the same check | 201 `checkId` |
//!
//! | what is wrong | answer |
//! | --- | --- |
//! | payload is no HTTP event | `forbidden`, as to an app; nothing is read |
//! | no identity; `SubscriptionId` missing, doubled, unknown; caller not listed; tenant or connection off | 403, the same bytes |
//! | an applicant that this connection does not have, whoever else has it | 404, the same bytes |
//! | a field | 400 with the field, in the caller's own word |
//! | the key was used for something else; being worked on; no token to be had | 409 |
//! | the provider asks for patience | 429 |
//! | we or the provider cannot do it now | 503 |
//!
//! The bodies are an assumption (no public page has them): `tests/fixtures/fintechos/dcs.*.proposed.json`.

mod body;
mod event;

use serde_json::{Map, Value, json};
use tracing::{info, warn};

use crate::domain::{
    Channel, ConnectionKey, ErrorCode, IdempotencyKey, Onboarding, OnboardingId, OnboardingKey, ProviderId, Reference,
    Resource, ResourceKind, SubjectKey, SubjectKind,
};
use crate::ports::{SubjectState, Subscription, TenantConfig, VaultError};

use self::body::{CreateApplicant, GetSdkToken, StartCheck};
use self::event::Event;
pub use self::event::{OPERATIONS, Operation};
use super::answer::Refusal;
use super::request::{Resume, Start, Subject, Submit};
use super::start::Naming;
use super::{CALLS, Initiator};

/// The alias whose payload is an HTTP event.
pub const ALIAS: &str = "drop-in";
/// One answer for everybody who may not, whatever the reason.
pub const REFUSED: &str =
    r#"{"error":{"code":"forbidden","message":"this caller may not act for this subscription","retryable":false}}"#;

/// What the root of a run is whose token the caller gets.
const APPLICANT: &str = "applicant";
const CHECK: &str = "check";
const REPORT: &str = "report";

/// What is answered.
struct Reply {
    status: u16,
    body: String,
}

impl Reply {
    fn of(status: u16, body: &Value) -> Self {
        Self { status, body: body.to_string() }
    }

    fn refused(reason: &'static str) -> Self {
        warn!(event = "drop_in_refused", reason);
        Self { status: 403, body: REFUSED.to_owned() }
    }

    fn of_refusal(refusal: &Refusal) -> Self {
        let mut body = refusal.json();
        let field = body.pointer("/error/field").and_then(Value::as_str).map(body::named);
        if let Some(error) = body.get_mut("error").and_then(Value::as_object_mut) {
            match &field {
                Some(name) => error.insert("field".to_owned(), Value::from(name.as_str())),
                None => error.remove("field"),
            };
        }
        Self::of(status_of(refusal.code(), field.is_some()), &body)
    }

    /// As the HTTP API takes it (payload 2.0).
    fn event(&self) -> Value {
        let mut headers = json!({ "content-type": "application/json", "cache-control": "no-store" });
        let patience = match self.status {
            429 | 503 => Some("30"),
            409 if self.body.contains(r#""in_progress""#) => Some("2"),
            _ => None,
        };
        if let (Some(seconds), Some(members)) = (patience, headers.as_object_mut()) {
            members.insert("retry-after".to_owned(), Value::from(seconds));
        }
        json!({ "statusCode": self.status, "headers": headers, "body": self.body, "isBase64Encoded": false })
    }
}

/// The status of a refusal; `named`: it names a field of the request.
#[must_use]
pub const fn status_of(code: ErrorCode, named: bool) -> u16 {
    match code {
        ErrorCode::InvalidRequest | ErrorCode::Unsupported => 400,
        ErrorCode::ProviderRejected if named => 400,
        ErrorCode::Forbidden => 403,
        ErrorCode::NotFound => 404,
        ErrorCode::Conflict | ErrorCode::InProgress | ErrorCode::NotResumable | ErrorCode::ProviderRejected => 409,
        ErrorCode::RateLimited => 429,
        ErrorCode::Unavailable | ErrorCode::ProviderUnavailable | ErrorCode::Internal => 503,
    }
}

impl Initiator {
    /// Answers what came through the alias.
    pub(super) async fn drop_in(&self, payload: Value) -> Value {
        let Some(event) = Event::read(payload) else {
            warn!(event = "drop_in_refused", reason = "no_http_event");
            return Refusal::new(ErrorCode::Forbidden, "this alias acts for requests of the HTTP API alone").json();
        };
        Box::pin(self.asked(&event)).await.event()
    }

    async fn asked(&self, event: &Event) -> Reply {
        let Some(operation) = event.operation() else {
            return Reply::of_refusal(&Refusal::new(ErrorCode::NotFound, "there is no such operation"));
        };
        let connection = match self.admitted(event).await {
            Ok(subscription) => subscription.connection,
            Err(reply) => return reply,
        };
        let config = self.gateway.vault.tenant(&connection.tenant).await;
        let config = match config.and_then(|config| config.can_tell(&connection.name).map(|()| config)) {
            Ok(config) if config.connection(&connection.name).is_some() => config,
            Ok(_) => return Reply::refused("off"),
            Err(VaultError::Unknown) => return Reply::refused("unknown_tenant"),
            Err(failure @ VaultError::Unavailable(_)) => return Reply::of_refusal(&failure.into()),
        };
        let within = Self { gateway: self.gateway.within(CALLS), ..*self };
        let outcome = match operation {
            Operation::CreateApplicant => within.create_applicant(&config, &connection, event).await,
            Operation::GetSdkToken => Box::pin(within.get_sdk_token(&config, &connection, event)).await,
            Operation::StartCheck => within.start_check(&config, &connection, event).await,
        };
        let reply = outcome.unwrap_or_else(|refusal| Reply::of_refusal(&refusal));
        let (operation, status) = (operation.name(), reply.status);
        info!(event = "drop_in", tenant = %connection.tenant, connection = %connection.name, operation, status);
        reply
    }

    /// Whom the API let in, and whether that is somebody for whom the subscription is. Costs the index and no more.
    async fn admitted(&self, event: &Event) -> Result<Subscription, Reply> {
        let Some(caller) = event.caller() else { return Err(Reply::refused("no_identity")) };
        let Some(id) = event.subscription() else { return Err(Reply::refused("no_subscription")) };
        match self.gateway.vault.subscription(id.as_str()).await {
            Ok(subscription) if caller.is_among(&subscription.callers) => Ok(subscription),
            Ok(_) => Err(Reply::refused("caller_not_listed")),
            Err(VaultError::Unknown) => Err(Reply::refused("unknown_subscription")),
            Err(failure @ VaultError::Unavailable(_)) => Err(Reply::of_refusal(&failure.into())),
        }
    }

    async fn create_applicant(
        &self,
        config: &TenantConfig,
        connection: &ConnectionKey,
        event: &Event,
    ) -> Result<Reply, Refusal> {
        let mut asked: CreateApplicant = event.body()?;
        let idempotency_key = match event.key(connection)? {
            Some(key) => key,
            None => fresh(self)?,
        };
        let given = asked.take_reference()?;
        let naming = if given.is_some() { Naming::App } else { Naming::Own };
        let start = Start {
            connection: connection.name.clone(),
            reference: match given {
                Some(reference) => reference,
                None => Reference::parse("own").map_err(broken)?,
            },
            subject: Subject { kind: SubjectKind::Individual, fields: asked.subject() },
            channel: Channel::Sdk,
            return_url: None,
            options: Map::from_iter([("flow".to_owned(), Value::from("classic"))]),
            idempotency_key,
        };
        let started = self.start_as(config, start, naming).await?;
        let run = self.run_of(config, &started.onboarding_id).await?;
        Ok(Reply::of(201, &json!({ "applicantId": run.id })))
    }

    async fn get_sdk_token(
        &self,
        config: &TenantConfig,
        connection: &ConnectionKey,
        event: &Event,
    ) -> Result<Reply, Refusal> {
        let asked: GetSdkToken = event.body()?;
        let onboarding = self.of_applicant(connection, &asked.applicant_id).await?;
        let resume = Resume {
            onboarding_id: onboarding.key.id,
            return_url: None,
            subject: None,
            options: Map::new(),
            // Each asks for what is now: a token that lives, whatever the one before was answered.
            idempotency_key: match event.key(connection)? {
                Some(key) => key,
                None => fresh(self)?,
            },
        };
        let over = || {
            let message = "there is no token to be had for this applicant any more";
            Refusal::new(ErrorCode::NotResumable, message).of_field("applicantId")
        };
        let sdk = match self.resume(config, resume).await {
            // Another attempt would be another applicant, for which the person's data are asked: that is `CreateApplicant`.
            Err(refusal) if refusal.code() == ErrorCode::InvalidRequest => return Err(over()),
            outcome => outcome?.sdk.ok_or_else(over)?,
        };
        let mut body = json!({ "token": sdk.token });
        if let (Some(until), Some(members)) = (sdk.expires_at, body.as_object_mut()) {
            let seconds = until.since(self.gateway.now()).as_secs();
            members.insert("expiresInSeconds".to_owned(), Value::from(seconds));
        }
        Ok(Reply::of(200, &body))
    }

    async fn start_check(
        &self,
        config: &TenantConfig,
        connection: &ConnectionKey,
        event: &Event,
    ) -> Result<Reply, Refusal> {
        let asked: StartCheck = event.body()?;
        let onboarding = self.of_applicant(connection, &asked.applicant_id).await?;
        let options = asked.options();
        let idempotency_key = match event.key(connection)? {
            Some(key) => key,
            // What is asked for once more is captured once more: the same body is another check then.
            None => {
                let account = config.connection(&connection.name).map(|connection| &connection.account);
                let again = account.and_then(|account| account.asking(&onboarding.truth.parts));
                event::key_of(connection, &json!([asked.applicant_id, options, again]).to_string())?
            }
        };
        let submit = Submit { onboarding_id: onboarding.key.id.clone(), options, idempotency_key };
        let made = self.submit_made(config, submit).await?;
        let Some(check) = made.iter().find(|one| one.kind.as_str() == CHECK) else {
            return Err(Refusal::new(ErrorCode::Unsupported, "this provider makes no checks"));
        };
        let status = self.word_of(&onboarding.key, check).await?;
        let reports = made.iter().filter(|one| one.kind.as_str() == REPORT).map(|one| &one.id).collect::<Vec<_>>();
        Ok(Reply::of(201, &json!({ "checkId": check.id, "status": status, "reportIds": reports })))
    }

    /// The onboarding whose current run is that applicant, of this connection and no other.
    async fn of_applicant(&self, connection: &ConnectionKey, applicant: &ProviderId) -> Result<Onboarding, Refusal> {
        let resource = Resource { kind: ResourceKind::parse(APPLICANT).map_err(broken)?, id: applicant.clone() };
        let subject = SubjectKey { connection: connection.clone(), resource };
        let now = self.gateway.now();
        let found = self.gateway.ledger.subjects(std::slice::from_ref(&subject), now).await?;
        let Some(SubjectState::Bound { onboarding: id, .. }) = found.into_iter().flatten().map(|one| one.state).next()
        else {
            return Err(no_applicant());
        };
        let key = OnboardingKey { tenant: connection.tenant.clone(), id };
        let onboarding = self.gateway.ledger.read(&key).await?.ok_or_else(no_applicant)?;
        let run = onboarding.truth.attempt().and_then(|attempt| attempt.subject.as_ref());
        let is_it = onboarding.connection() == *connection && run == Some(&subject.resource);
        if is_it && onboarding.erased_at.is_none() { Ok(onboarding) } else { Err(no_applicant()) }
    }

    async fn run_of(&self, config: &TenantConfig, id: &OnboardingId) -> Result<Resource, Refusal> {
        let (onboarding, _) = self.existing(config, id).await?;
        super::act::subject_of(&onboarding)
    }

    /// The provider's own word for a check; before the first look it has just begun.
    async fn word_of(&self, key: &OnboardingKey, check: &Resource) -> Result<String, Refusal> {
        let onboarding = self.gateway.ledger.read(key).await?;
        let parts = onboarding.map(|onboarding| onboarding.truth.parts).unwrap_or_default();
        let looked = parts.into_iter().find(|part| part.resource == *check && part.provider_status != "made");
        Ok(looked.map_or_else(|| "in_progress".to_owned(), |part| part.provider_status))
    }
}

fn fresh(initiator: &Initiator) -> Result<IdempotencyKey, Refusal> {
    IdempotencyKey::parse(format!("drop-in.{}", initiator.gateway.world.entropy.mark())).map_err(broken)
}

/// The same for one that never was, one of another connection, and one that was erased.
fn no_applicant() -> Refusal {
    Refusal::new(ErrorCode::NotFound, "there is no such applicant").of_field("applicantId")
}

fn broken(rule: crate::domain::BadName) -> Refusal {
    Refusal::new(ErrorCode::Internal, rule.0)
}
