//! An instance that answers by script: what it is sent is what the fixtures have, and every answer means one thing.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::domain::{OnboardingId, OnboardingKey, Tenant};
use crate::memory::http::{Call, ScriptedHttp, empty};
use crate::memory::world::ManualClock;
use crate::ports::{ActionCall, Content, DataForm, SignIn};

const TOKEN: &str = "/api/Authorize/GetToken";
const ACTION: &str = "/api/openApi/CallAction";
const GUID: &str = "0c0ffee0-1111-4222-8333-444455556666";

fn fixture(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/fintechos");
    serde_json::from_str(&std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap()).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

/// The instance of the fixtures.
fn instance() -> FintechOs {
    let at = |path: &str| Url::parse(&format!("https://portal.acme.example.com{path}")).unwrap();
    FintechOs {
        sign_in: SignIn::GetToken { client_id: secret("acme-client") },
        token_url: at(TOKEN),
        username: secret("dcs.integration@acme.example.com"),
        password: secret("fake-password-1"),
        call: ActionCall::CallAction {
            action: "FTOS_Onfido_WebHook".to_owned(),
            data: DataForm::Text,
            user_name: true,
        },
        call_url: at(ACTION),
        content: Content::ProviderEvent { events: BTreeSet::from(["report.completed".to_owned()]), report: false },
        token_life: Duration::from_secs(300),
        success_pointer: "/IsSuccess".to_owned(),
    }
}

type Given = Result<Response, HttpError>;
type Outcome = Result<(), CourierError>;

struct Bench {
    http: Arc<ScriptedHttp>,
    clock: Arc<ManualClock>,
    courier: FintechosCourier,
}

impl Bench {
    fn new(script: impl Fn(&Call) -> Result<Response, HttpError> + Send + Sync + 'static) -> Self {
        let (http, clock) = (Arc::new(ScriptedHttp::new(script)), Arc::new(ManualClock::default()));
        let courier = FintechosCourier::new(Arc::<ScriptedHttp>::clone(&http), Arc::<ManualClock>::clone(&clock));
        Self { http, clock, courier }
    }

    /// An instance that signs in whoever comes, with another token each time, and answers the action so, in order; the
    /// last answer stays.
    fn answering(answers: Vec<Result<Response, HttpError>>) -> Self {
        let (signed_in, called) = (std::sync::atomic::AtomicUsize::new(0), std::sync::atomic::AtomicUsize::new(0));
        let next = |count: &std::sync::atomic::AtomicUsize| count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Self::new(move |call| match call.url.path() {
            TOKEN => Ok(answer(200, &json!({"access_token": format!("token-{}", next(&signed_in))}))),
            _ => answers[next(&called).min(answers.len() - 1)].clone(),
        })
    }

    async fn call(&self, instance: &FintechOs) -> Result<(), CourierError> {
        self.courier.call(instance, &self.parcel()).await
    }

    fn parcel(&self) -> Parcel {
        let id = OnboardingId::parse("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
        let at = self.clock.now();
        Parcel {
            id: "m-1".to_owned(),
            onboarding: OnboardingKey { tenant: Tenant::parse("acme").unwrap(), id },
            kind: "report.completed".to_owned(),
            at,
            body: fixture("event.report_completed").to_string(),
            until: at + Duration::from_secs(10),
        }
    }

    fn lines(&self) -> Vec<String> {
        self.http.calls().iter().map(Call::line).collect()
    }
}

fn answer(status: u16, body: &Value) -> Response {
    crate::memory::http::json(status, body)
}

/// `Data` as text is the same JSON, whatever the order of its members.
fn opened(mut body: Value) -> Value {
    if let Some(data) = body.pointer_mut("/Request/Data") {
        *data = data.as_str().map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
    }
    body
}

#[tokio::test]
async fn what_is_sent_is_what_the_documentation_has() {
    let bench = Bench::new(|call| match call.url.path() {
        TOKEN => Ok(answer(200, &fixture("gettoken.response.assumed_string"))),
        "/ftosapi/authentication/keycloakToken" => Ok(answer(200, &fixture("keycloaktoken.response"))),
        _ => Ok(answer(200, &fixture("callaction.response.assumed_success"))),
    });
    bench.call(&instance()).await.unwrap();
    let sent = bench.http.calls();
    assert_eq!(sent[0].json(), fixture("gettoken.request"));
    assert_eq!(opened(sent[1].json()), opened(fixture("callaction.data_string.request")));
    assert!(sent.iter().all(|call| call.audience == Audience::Tenant && call.limit == 16 * 1024));
    assert!(sent.iter().all(|call| call.authorization.is_none() && call.url.query().is_none()));

    let action = "FTOS_Onfido_WebHook".to_owned();
    let call = ActionCall::CallAction { action, data: DataForm::Object, user_name: false };
    bench.call(&FintechOs { call, ..instance() }).await.unwrap();
    assert_eq!(bench.http.calls().last().unwrap().json(), fixture("callaction.data_object.request"));

    let at = |path: &str| Url::parse(&format!("https://portal.acme.example.com/ftosapi{path}")).unwrap();
    let newer = FintechOs {
        sign_in: SignIn::KeycloakToken,
        token_url: at("/authentication/keycloakToken"),
        call: ActionCall::EndpointApi,
        call_url: at("/automation-processors/actions/FTOS_Onfido_WebHook"),
        ..instance()
    };
    bench.http.forget();
    bench.call(&newer).await.unwrap();
    let sent = bench.http.calls();
    assert_eq!(sent[0].json(), fixture("keycloaktoken.request"));
    assert_eq!(sent[1].json(), fixture("endpoint_api.request"));
    let token = fixture("keycloaktoken.response")["accessToken"].as_str().unwrap().to_owned();
    assert_eq!(sent[1].authorization, Some(format!("Bearer {token}")));
}

#[tokio::test]
async fn every_answer_to_the_action_means_one_thing() {
    let wait = Some(Duration::from_secs(40));
    let busy = Response { retry_after: wait, ..empty(429) };
    let (said, word) = (Ok(answer(200, &json!({"IsSuccess": false}))), CourierError::Failed("by_its_word"));
    let cases: [(&str, Given, Outcome); 14] = [
        ("taken", Ok(answer(200, &fixture("callaction.response.assumed_success"))), Ok(())),
        ("a number of a script", Ok(answer(200, &json!(0))), Ok(())),
        ("no body", Ok(empty(204)), Ok(())),
        ("a page", Ok(Response { body: b"<html>IsSuccess: false</html>".to_vec(), ..empty(200) }), Ok(())),
        ("null is not false", Ok(answer(200, &json!({"IsSuccess": null, "Message": "token"}))), Ok(())),
        ("failed by its word", said, Err(word)),
        ("the same as text", Ok(answer(201, &json!({"IsSuccess": "False", "Message": "No such action"}))), Err(word)),
        ("gone", Ok(empty(410)), Err(CourierError::Gone)),
        ("busy", Ok(busy), Err(CourierError::Answered { status: 429, retry_after: wait })),
        ("broken", Ok(empty(503)), Err(CourierError::Answered { status: 503, retry_after: None })),
        ("wrong", Ok(empty(400)), Err(CourierError::Answered { status: 400, retry_after: None })),
        ("elsewhere", Ok(empty(307)), Err(CourierError::Answered { status: 307, retry_after: None })),
        ("silent", Err(HttpError::TimedOut), Err(CourierError::NoAnswer("timed_out"))),
        ("not to be called", Err(HttpError::Forbidden("loopback")), Err(CourierError::Misconfigured("loopback"))),
    ];
    for (name, given, expected) in cases {
        let bench = Bench::answering(vec![given]);
        assert_eq!(bench.call(&instance()).await, expected, "{name}");
        assert_eq!(bench.http.count(), 2, "{name}: one sign-in, one call");
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_the_call_made_once_more() {
    let logical = || Ok(answer(200, &fixture("callaction.response.assumed_failure")));
    let taken = || Ok(answer(200, &fixture("callaction.response.assumed_success")));
    let by_status = |status| Err(CourierError::Answered { status, retry_after: None });
    let by_word = Err(CourierError::Failed("token_refused"));
    for (refusal, twice) in [(Ok(empty(401)), by_status(401)), (Ok(empty(403)), by_status(403)), (logical(), by_word)] {
        let bench = Bench::answering(vec![refusal.clone(), taken()]);
        assert_eq!(bench.call(&instance()).await, Ok(()));
        let (sign_in, call) = (format!("POST {TOKEN}"), format!("POST {ACTION}"));
        assert_eq!(bench.lines(), [&sign_in, &call, &sign_in, &call].map(String::as_str));
        let token = |at: usize| bench.http.calls()[at].json()["ApiInfo"]["Token"].clone();
        assert_eq!((token(1), token(3)), (json!("token-0"), json!("token-1")));
        // the fresh one is kept
        assert_eq!(bench.call(&instance()).await, Ok(()));
        assert_eq!((bench.http.count(), token(4)), (5, json!("token-1")));

        let bench = Bench::answering(vec![refusal]);
        assert_eq!(bench.call(&instance()).await, twice);
        assert_eq!(bench.http.count(), 4, "not a third time");
    }
}

#[tokio::test]
async fn every_answer_to_the_sign_in_means_one_thing() {
    let refused = Err(CourierError::NotSignedIn("refused"));
    let without = Err(CourierError::NotSignedIn("without_token"));
    let by_status = |status| Err(CourierError::Answered { status, retry_after: None });
    let cases: [(Given, Outcome); 14] = [
        (Ok(empty(400)), refused),
        (Ok(empty(401)), refused),
        (Ok(empty(404)), refused),
        (Ok(answer(200, &json!(""))), without),
        (Ok(answer(200, &json!({}))), without),
        (Ok(answer(200, &json!({"token": null, "Token": 7}))), without),
        (Ok(answer(200, &json!({"token": "not for\na header"}))), without),
        (Ok(Response { body: b"<html>maintenance</html>".to_vec(), ..empty(200) }), without),
        (Ok(empty(410)), Err(CourierError::Gone)),
        (Ok(empty(429)), by_status(429)),
        (Ok(empty(500)), by_status(500)),
        (Ok(empty(302)), by_status(302)),
        (Err(HttpError::Unreachable), Err(CourierError::NoAnswer("unreachable"))),
        (Err(HttpError::TooLong), Err(CourierError::NoAnswer("too_long"))),
    ];
    for (given, expected) in cases {
        let shown = given.as_ref().map(|given| (given.status, String::from_utf8_lossy(&given.body).into_owned()));
        let shown = format!("{shown:?}");
        let bench = Bench::new(move |_| given.clone());
        assert_eq!(bench.call(&instance()).await, expected, "{shown}");
        assert_eq!(bench.lines(), [format!("POST {TOKEN}")], "{shown}");
    }
}

#[test]
fn a_token_is_found_where_any_instance_may_put_it() {
    for name in ["gettoken.response.assumed_string", "gettoken.response.assumed_object"] {
        assert_eq!(sign_in::token_in(&fixture(name)), Some(GUID), "{name}");
    }
    for member in ["access_token", "accessToken", "AccessToken", "token", "Token"] {
        assert_eq!(sign_in::token_in(&json!({member: GUID, "other": "x"})), Some(GUID), "{member}");
    }
    assert_eq!(sign_in::token_in(&json!({"data": {"token": GUID}})), None);
}

#[test]
fn a_token_lives_as_long_as_it_says_where_it_says_anything() {
    let seconds = |said: Value| sign_in::life_in(&said).map(|life| life.as_secs());
    assert_eq!(seconds(fixture("keycloaktoken.response")), Some(1770));
    assert_eq!(seconds(fixture("gettoken.response.assumed_object")), Some(1170));
    assert_eq!(seconds(fixture("gettoken.response.assumed_string")), None);
    assert_eq!(seconds(json!({"expiresIn": 60, "refreshExpiresIn": 900})), Some(30));
    assert_eq!(seconds(json!({"expiresIn": "60"})), Some(30));
    assert_eq!(seconds(json!({"expiresIn": 20})), Some(0));
    assert_eq!(seconds(json!({"expiresIn": u64::MAX})), Some(24 * 3600 - 30));
    assert_eq!(seconds(json!({"expiresIn": -5, "refreshExpiresIn": 0})), None);
}

#[tokio::test]
async fn a_token_is_kept_for_its_life_and_no_longer() {
    let bench = Bench::answering(vec![Ok(empty(200))]);
    let short = FintechOs { token_life: Duration::from_secs(60), ..instance() };
    for (pass, expected) in [(0, 2), (59, 3), (1, 5), (59, 6)] {
        bench.clock.advance(Duration::from_secs(pass));
        bench.call(&short).await.unwrap();
        assert_eq!(bench.http.count(), expected, "after {pass} s more");
    }
}

#[tokio::test]
async fn nobody_uses_a_token_of_another_tenant_or_configuration() {
    let bench = Bench::answering(vec![Ok(empty(200))]);
    bench.call(&instance()).await.unwrap();
    bench.call(&FintechOs { password: secret("fake-password-2"), ..instance() }).await.unwrap();
    assert_eq!(bench.http.count(), 4, "a changed password signs in anew");
    let mut parcel = bench.parcel();
    parcel.onboarding.tenant = Tenant::parse("globex").unwrap();
    bench.courier.call(&instance(), &parcel).await.unwrap();
    assert_eq!(bench.http.count(), 6, "the same account, of another tenant");
    bench.call(&instance()).await.unwrap();
    assert_eq!(bench.http.count(), 7, "the first one's token is still kept");
}

#[test]
fn a_fingerprint_differs_with_each_thing_that_tells_an_endpoint_apart() {
    let at = |path: &str| Url::parse(&format!("https://other.example.com{path}")).unwrap();
    let named =
        |action: &str| ActionCall::CallAction { action: action.to_owned(), data: DataForm::Text, user_name: true };
    let all = [
        instance(),
        FintechOs { token_url: at(TOKEN), ..instance() },
        FintechOs { call_url: at(ACTION), ..instance() },
        FintechOs { sign_in: SignIn::KeycloakToken, ..instance() },
        FintechOs { sign_in: SignIn::GetToken { client_id: secret("globex-client") }, ..instance() },
        FintechOs { username: secret("dcs.integration@acme.example.comfake"), ..instance() },
        FintechOs {
            username: secret("dcs.integration@acme.example.comfake"),
            password: secret("-password-1"),
            ..instance()
        },
        FintechOs { call: named("Other"), ..instance() },
    ];
    let mut seen = BTreeMap::new();
    for (number, other) in all.iter().enumerate() {
        assert_eq!(seen.insert(other.fingerprint(), number), None, "{number}");
    }
    assert_eq!(instance().fingerprint(), instance().fingerprint());
}

/// Each call takes all that it may take.
#[tokio::test]
async fn all_calls_of_a_try_end_together() {
    let clock = Arc::new(ManualClock::default());
    let taking = Arc::clone(&clock);
    let http = Arc::new(ScriptedHttp::new(move |call| {
        let (spent, status) = match call.url.path() {
            TOKEN => (Duration::from_secs(4), 200),
            _ => (call.deadline.min(Duration::from_secs(3)), 401),
        };
        taking.advance(spent.min(call.deadline));
        Ok(answer(status, &json!({"token": GUID})))
    }));
    let courier = FintechosCourier::new(Arc::<ScriptedHttp>::clone(&http), Arc::<ManualClock>::clone(&clock));
    let bench = Bench { http, clock, courier };
    let began = bench.clock.now();
    let outcome = bench.call(&instance()).await;
    assert_eq!(outcome, Err(CourierError::NoAnswer("timed_out")));
    assert_eq!(bench.clock.now().since(began), Duration::from_secs(10));
    let deadlines: Vec<u64> = bench.http.calls().iter().map(|call| call.deadline.as_secs()).collect();
    assert_eq!(deadlines, [5, 6, 3], "a sign-in leaves half of it to the call");
}

/// An instance whose sign-in takes as long as that, on the clock of the runtime, whoever gives up sooner.
struct Slow {
    began: tokio::time::Instant,
    sign_in: Duration,
}

#[async_trait::async_trait]
impl Clock for Slow {
    fn now(&self) -> Timestamp {
        ManualClock::default().now() + self.began.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "the runtime's clock stands still: nobody really waits")]
    async fn wait(&self, span: Duration) {
        tokio::time::sleep_until(tokio::time::Instant::now() + span).await;
    }
}

#[async_trait::async_trait]
impl Http for Slow {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        if request.url.path() != TOKEN {
            return Ok(empty(200));
        }
        let late = request.deadline < self.sign_in;
        self.wait(self.sign_in.min(request.deadline)).await;
        if late { Err(HttpError::TimedOut) } else { Ok(answer(200, &json!({"token": GUID}))) }
    }
}

/// Two tries that begin at the same time with so many seconds left, the first a moment earlier, where a sign-in takes so
/// many seconds; what became of each, and when.
async fn together(sign_in: u64, left: [u64; 2]) -> [(Outcome, u64); 2] {
    let began = tokio::time::Instant::now();
    let slow = Arc::new(Slow { began, sign_in: Duration::from_secs(sign_in) });
    let courier = FintechosCourier::new(Arc::<Slow>::clone(&slow), Arc::<Slow>::clone(&slow));
    let parcel = Bench::answering(vec![Ok(empty(200))]).parcel();
    let [one, other] = left.map(|left| Parcel { until: slow.now() + Duration::from_secs(left), ..parcel.clone() });
    let tried = async |parcel: &Parcel| {
        let outcome = courier.call(&instance(), parcel).await;
        (outcome, began.elapsed().as_secs())
    };
    let (one, other) = tokio::join!(tried(&one), tried(&other));
    [one, other]
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_failed_for_want_of_time_is_nobody_elses_failure() {
    let timed_out = Err(CourierError::NoAnswer("timed_out"));
    assert_eq!(together(3, [1, 10]).await, [(timed_out, 1), (Ok(()), 4)]);
    assert_eq!(together(30, [10, 10]).await, [(timed_out, 5), (timed_out, 5)], "a silent one costs one deadline");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_sign_in_longer_than_its_own_try() {
    let timed_out = Err(CourierError::NoAnswer("timed_out"));
    assert_eq!(together(4, [10, 2]).await, [(Ok(()), 4), (timed_out, 2)]);
}
