//! Deliveries into a FintechOS instance: what is really sent, and what each answer leads to, asked of the real courier.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use idv_gateway::config::{Rules, read_file};
use idv_gateway::delivery::fintechos::FintechosCourier;
use idv_gateway::delivery::fintechos::content::with_report;
use idv_gateway::domain::{
    Change, ChangeKind, ConnectionName, DecidedBy, Evidence, OnboardingId, OnboardingKey, PartFact, ProviderId,
    Resource, ResourceKind, Standing, Status, Tenant, Timestamp,
};
use idv_gateway::memory::http::{Call, ScriptedHttp, empty, json as answer};
use idv_gateway::memory::world::ManualClock;
use idv_gateway::ports::{Clock, DestinationKind, HttpError, Parcel, ProviderEvent, Response, TenantConfig};
use serde_json::{Value, json};

use crate::cases::{self, TENANT, wrong};
use crate::configuration::{Member, known, listed};
use crate::pages::Page;
use crate::table::{code, table};
use crate::{EXAMPLE_CONFIGURATION, ReferenceError};

/// The connection of the example whose changes go into an instance.
const CONNECTION: &str = "onfido-client";
/// A report of Onfido's documentation.
const REPORT: &str = "a9d0c1b2-1111-4c3d-8e4f-000000003001";
/// 2026-11-20T08:12:00Z
const AT: Timestamp = Timestamp::from_millis(1_795_162_320_000);

const MEMBERS: &[Member] = &[
    ["endpoint", "an https URL, with a path or without", "must be there", "the instance; every path is joined to it"],
    ["sign_in", "`get_token`, `keycloak_token`", "get_token", "how a token is asked for"],
    ["client_id", "a text", "must be there for `get_token`", "which FintechOS customer"],
    ["username", "a text", "must be there", "of the technical account in that instance"],
    ["password", "a text", "must be there", "its password; a changed one is signed in with at once"],
    ["call", "`call_action`, `endpoint_api`", "call_action", "how the action is called"],
    ["action", "letters, digits and `_`, a letter first", "FTOS_Onfido_WebHook", "its name"],
    [
        "data_form",
        "`json_text`, `json_object`",
        "json_text",
        "`Request.Data` of `call_action`: a text of JSON, or JSON itself",
    ],
    ["include_user_name", "true or false", "true", "whether `ApiInfo.UserName` of `call_action` is there"],
    [
        "content",
        "`provider_event`, `provider_event_with_report`, `canonical`",
        "provider_event",
        "what the action is given: the provider's own event, the same with what stands behind it at the provider (personal data, read live at each try and kept nowhere), or the event that every other destination gets",
    ],
    [
        "events",
        "a list of types of event",
        "`report.completed`",
        "which of the provider's events go ([the types](fintechos.md#the-types-of-event)); any other change is passed over. Not with `canonical`",
    ],
    [
        "token_seconds",
        "1 to 86400",
        "300",
        "how long a token is used whose answer tells no life above 0; where it does, that life less 30 s",
    ],
    [
        "success_pointer",
        "a JSON pointer",
        "/IsSuccess",
        "a member of the action's answer: where it is there and false, a 2xx is a failed try",
    ],
    ["token_path", "a path", "the sign-in's own, below", "where a token is asked for"],
    [
        "call_path",
        "a path; of `call_action` with a query such as `?culture=en-GB`, if wanted",
        "the call's own, below",
        "where the action is called; of `endpoint_api` the action's name follows it",
    ],
];

/// Every type of event, and when one goes.
const EVENTS: &[[&str; 2]] = &[
    [
        "report.completed",
        "a report is complete, and its result says for or against; or says something else than before",
    ],
    ["report.awaiting_approval", "only where the report was decided before"],
    ["report.cancelled", "only where the report was decided before"],
    ["report.withdrawn", "only where the report was decided before"],
    ["check.completed", "a check is complete, and its result says for or against; or says something else than before"],
    ["check.reopened", "only where the check was decided before"],
    ["check.withdrawn", "only where the check was decided before"],
    [
        "workflow_run.completed",
        "a run is approved or declined; into review, abandoned or failed only where it was decided before",
    ],
];

/// The section of the configuration's page.
pub(crate) fn members() -> Result<String, ReferenceError> {
    MEMBERS.iter().try_for_each(|[name, ..]| known(&format!("/connections/{CONNECTION}/delivery"), name))?;
    Ok(format!(
        "### Delivery into FintechOS\n\nBeside `kind` (`fintechos`). Of the provider's own events `kinds` can only be `part`, \
         which is said where it is not; the connections whose changes go there must be with a provider that has such events \
         (Onfido). What is sent: [FintechOS](fintechos.md).\n\n{}",
        listed(MEMBERS)
    ))
}

pub(crate) fn page() -> Result<Page, ReferenceError> {
    let event = event()?;
    let change = change()?;
    let report = json!({"id": REPORT, "name": "document", "result": "clear", "sub_result": "clear"});
    let enriched = with_report(event.clone(), report, &onboarding()?, &change);
    let mut body = format!(
        "A `part` change whose event is wanted is one call of an action, in the order of the changes, after a sign-in whose \
         token is kept and shared by the deliveries of one process of that tenant into that instance; deliverers that run \
         beside each other sign in each for itself. Tries, parking and `idv resend` are those of [every \
         destination](deliveries.md). A call that was answered 2xx is repeated only if the deliverer dies before it has \
         written that down, or by `idv resend`; from a parked change on that repeats the later ones, too. Then, as where \
         an answer was lost, the same event comes again, byte for byte.\n\nAll settings: [configuration](configuration.md#delivery-into-fintechos).\n\n## The event\n\n\
         `provider_event`: made from what a look found, in the provider's own form; its time is when the gateway learned \
         of it.\n\n{}`provider_event_with_report`, the report shortened here (this form is a proposal; no documentation has \
         one):\n\n{}",
        shown(&event.body),
        shown(&enriched),
    );
    body.push_str(&types()?);
    for (title, members) in [
        ("`get_token`, `call_action`, `json_text`", json!({})),
        (
            "`keycloak_token`, `call_action`, `json_object`, without the user's name",
            json!({"sign_in": "keycloak_token", "data_form": "json_object", "include_user_name": false}),
        ),
        ("`keycloak_token`, `endpoint_api`", json!({"sign_in": "keycloak_token", "call": "endpoint_api"})),
    ] {
        body.push_str(&format!("## {title}\n\n{}", requests(&members, &event)?));
    }
    body.push_str(&format!(
        "## What an answer leads to\n\nA failed try shows its code as `last_error`. Both calls of a try, also of its \
         repetition with a fresh token, end within 10 s. No redirect is followed, and no more than 16 KiB of an answer are \
         read.\n\n{}\n## What is assumed\n\n- Where the token stands in an answer: the first text at the answer itself, \
         `access_token`, `accessToken`, `AccessToken`, `token`, `Token`.\n- How long it lives: the first of `expiresIn`, \
         `refreshExpiresIn`, `expires_in` that is above 0.\n- That either sign-in's token opens either call.\n- That \
         `IsSuccess: false` means a failure, and one whose answer speaks of a token means ours.\n- That any other 2xx means \
         that the instance has the event.\n",
        table(&["answer", "what follows", "calls in this try"], outcomes(&event)?),
    ));
    let about = "How changes go into a tenant's own FintechOS instance.";
    Ok(Page::of("fintechos.md", "FintechOS", about, &body))
}

/// Those that the example's own account makes.
fn types() -> Result<String, ReferenceError> {
    let config = config(&json!({}))?;
    let connection = config.connections.get(&ConnectionName::parse(CONNECTION)?);
    let made = connection.map(|connection| connection.account.events()).unwrap_or_default();
    if !made.iter().eq(EVENTS.iter().map(|[kind, _]| kind)) {
        return Err(wrong(format!("the types of event are {made:?}")));
    }
    let rows = EVENTS.iter().map(|[kind, when]| [code(kind), (*when).to_owned()]);
    Ok(format!(
        "## The types of event\n\nA `part` change is made when a part's decision is reached, and when one that was reached is \
         overturned; at no other time does an event go. So of an onboarding whose report is cancelled or withdrawn before it \
         was decided, no event tells: its status does, which goes to destinations of another kind and with `canonical`. A \
         type that is not here is a mistake in a configuration.\n\n{}\n",
        table(&["type", "when it goes"], rows),
    ))
}

fn shown(value: &Value) -> String {
    format!("```json\n{value:#}\n```\n\n")
}

/// The two requests of a first delivery.
fn requests(members: &Value, event: &ProviderEvent) -> Result<String, ReferenceError> {
    let tried = tried(members, event, |_| Ok(answer(200, &json!({"access_token": "example-token"}))))?;
    let texts = tried.calls.iter().map(|call| {
        let authorization = call.authorization.as_ref().map(|value| format!("authorization: {value}\n"));
        let body = format!("content-type: application/json\n\n{:#}", call.json());
        format!("```http\nPOST {}\n{}{body}\n```\n\n", call.url, authorization.unwrap_or_default())
    });
    Ok(texts.collect())
}

/// Each answer, given to the real courier.
fn outcomes(event: &ProviderEvent) -> Result<Vec<[String; 3]>, ReferenceError> {
    type Given = Result<Response, HttpError>;
    let failed = |message: &str| Ok(answer(200, &json!({"IsSuccess": false, "Message": message})));
    let to_call: [(&str, Given); 9] = [
        ("2xx", Ok(empty(200))),
        ("2xx, false at `success_pointer`", failed("The record is locked")),
        ("the same, with a text that speaks of a token, to both calls", failed("Invalid token")),
        ("401 or 403, to both calls", Ok(empty(401))),
        ("410", Ok(empty(410))),
        ("429; its `Retry-After` is heard up to an hour", Ok(empty(429))),
        ("any other 4xx or 5xx, 3xx", Ok(empty(500))),
        ("none within the time", Err(HttpError::TimedOut)),
        ("an address that is not a public one", Err(HttpError::Forbidden("loopback"))),
    ];
    let to_sign_in: [(&str, Given); 4] = [
        ("to the sign-in: 2xx without a token", Ok(answer(200, &json!({})))),
        ("to the sign-in: any 4xx but 408, 410, 425, 429", Ok(empty(401))),
        ("to the sign-in: 410", Ok(empty(410))),
        ("to the sign-in: any other", Ok(empty(503))),
    ];
    let token = || Ok(answer(200, &json!("example-token")));
    let called = to_call.into_iter().map(|(what, given)| {
        tried(&json!({}), event, move |call| if is_sign_in(call) { token() } else { given.clone() })
            .map(|tried| row(what, &tried))
    });
    let signed_in = to_sign_in.into_iter().map(|(what, given)| {
        let given = move |_: &Call| given.clone();
        tried(&json!({}), event, given).map(|tried| row(what, &tried))
    });
    called.chain(signed_in).collect()
}

fn is_sign_in(call: &Call) -> bool {
    call.url.path().ends_with("Token")
}

fn row(what: &str, tried: &Tried) -> [String; 3] {
    let follows = match tried.code.as_deref() {
        None => "recorded, the next one goes".to_owned(),
        Some("gone") => "the endpoint is stopped until its configuration changes".to_owned(),
        Some(failure) => format!("a failed try, {}", code(failure)),
    };
    let sign_ins = tried.calls.iter().filter(|call| is_sign_in(call)).count();
    [what.to_owned(), follows, format!("{sign_ins} + {}", tried.calls.len().saturating_sub(sign_ins))]
}

struct Tried {
    calls: Vec<Call>,
    /// None: it was taken.
    code: Option<String>,
}

/// One try of the example's delivery, with these members changed.
fn tried(
    members: &Value,
    event: &ProviderEvent,
    script: impl Fn(&Call) -> Result<Response, HttpError> + Send + Sync + 'static,
) -> Result<Tried, ReferenceError> {
    let config = config(members)?;
    let connection = config.connections.get(&ConnectionName::parse(CONNECTION)?);
    let delivery = connection.and_then(|connection| connection.delivery.as_ref());
    let Some(DestinationKind::Fintechos(instance)) = delivery.map(|delivery| &delivery.kind) else {
        return Err(wrong(format!("{CONNECTION} does not deliver into FintechOS")));
    };
    let (http, clock) = (Arc::new(ScriptedHttp::new(script)), Arc::new(ManualClock::default()));
    let at = clock.now();
    let parcel = Parcel {
        id: String::new(),
        onboarding: onboarding()?,
        kind: event.kind.clone(),
        at,
        body: event.body.to_string(),
        until: at + Duration::from_secs(10),
    };
    let courier = FintechosCourier::new(Arc::<ScriptedHttp>::clone(&http), clock);
    let call = pin!(courier.call(instance, &parcel));
    // the script answers at once
    let Poll::Ready(outcome) = call.poll(&mut Context::from_waker(Waker::noop())) else {
        return Err(wrong("a try that waits"));
    };
    Ok(Tried { calls: http.calls(), code: outcome.err().map(|error| error.code()) })
}

fn config(members: &Value) -> Result<TenantConfig, ReferenceError> {
    let mut file: Value = serde_json::from_str(EXAMPLE_CONFIGURATION).map_err(|error| wrong(error.to_string()))?;
    let place = format!("/tenants/{TENANT}/connections/{CONNECTION}/delivery");
    let delivery = file.pointer_mut(&place).and_then(Value::as_object_mut);
    let delivery = delivery.ok_or_else(|| wrong(format!("no {place}")))?;
    let changed: BTreeMap<String, Value> = members.as_object().cloned().unwrap_or_default().into_iter().collect();
    delivery.extend(changed);
    let all = read_file(&file.to_string(), Rules::default());
    let all = all.map_err(|faults| wrong(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
    let found = all.tenants.into_iter().find(|(name, _)| name.as_str() == TENANT);
    found.map(|(_, (config, _))| config).ok_or_else(|| wrong(format!("no tenant {TENANT}")))
}

fn onboarding() -> Result<OnboardingKey, ReferenceError> {
    Ok(OnboardingKey { tenant: Tenant::parse(TENANT)?, id: OnboardingId::parse(cases::ONBOARDING)? })
}

/// A report that is complete.
fn change() -> Result<Change, ReferenceError> {
    let resource = Resource { kind: ResourceKind::parse("report")?, id: ProviderId::parse(REPORT)? };
    Ok(Change {
        version: 4,
        kind: ChangeKind::Part,
        at: AT,
        status: Status::InReview,
        previous: Status::InReview,
        overturned: false,
        decided_by: DecidedBy::Automatic,
        reasons: Vec::new(),
        action: None,
        part: Some(PartFact { resource, standing: Standing::Approved, provider_status: "complete".to_owned() }),
        attempt: 1,
        evidence: Evidence::Webhook,
    })
}

/// As the example's own account makes it.
fn event() -> Result<ProviderEvent, ReferenceError> {
    let (config, change) = (config(&json!({}))?, change()?);
    let connection = config.connections.get(&ConnectionName::parse(CONNECTION)?);
    let event = connection.zip(change.part).and_then(|(connection, part)| connection.account.event_of(&part, AT));
    event.ok_or_else(|| wrong(format!("{CONNECTION} has no event of a report")))
}
