//! The classic generation: a person comes back, and each look after that is answered by script.

use data_encoding::HEXLOWER;
use idv_gateway::domain::Resource;
use idv_gateway::memory::http::{Call, empty, json as answer};
use idv_gateway::ports::Response;
use idv_gateway::secret::Secret;
use ring::hmac;
use serde_json::{Value, json};

use super::{UNKNOWN, USER, event, nothing, row};
use crate::cases::wrong;
use crate::staged::{COMES_AGAIN, Staged, at_once, exchange_refusal, set};
use crate::{EXAMPLE_CONFIGURATION, ReferenceError};

const CONNECTION: &str = "fractal";
const ASKED: &str = "basic+liveness";

/// What Fractal answers to a look.
struct Answers {
    /// The member `verification_cases` of the person's own.
    cases: Value,
    /// The account's list.
    list: Value,
    /// The person's token is taken.
    token: bool,
    /// Which scopes were granted.
    scope: &'static str,
}

const EVERYTHING: &str = "uid:read contact:read verification.basic:read verification.basic.details:read \
                          verification.liveness:read verification.liveness.details:read";

impl Answers {
    fn cases(cases: Value) -> Self {
        Self { cases, list: json!([]), token: true, scope: EVERYTHING }
    }

    fn listed(self, verdicts: &[(&str, &str)]) -> Self {
        let row =
            |(level, credential): &(&str, &str)| json!({"user_id": USER, "level": level, "credential": credential});
        Self { list: verdicts.iter().map(row).collect(), ..self }
    }

    fn lost(self) -> Self {
        Self { token: false, ..self }
    }

    fn answer(&self, call: &Call) -> Response {
        let of_machine = String::from_utf8_lossy(&call.body).contains("client_credentials");
        match call.line().as_str() {
            "POST /oauth/token" if of_machine => answer(200, &token("client.stats:read")),
            "POST /oauth/token" if self.token => answer(200, &token(self.scope)),
            "POST /oauth/token" => answer(400, &json!({"error": "invalid_grant"})),
            "GET /v2/users/me" if self.token => {
                answer(200, &json!({"uid": USER, "emails": [], "phones": [], "verification_cases": self.cases}))
            }
            "GET /v2/users/me" => empty(401),
            "GET /v2/stats/user-verifications" => answer(200, &self.list),
            _ => empty(404),
        }
    }
}

fn token(scope: &str) -> Value {
    json!({"access_token": "access", "token_type": "bearer", "expires_in": 7200, "refresh_token": "refresh", "scope": scope,
        "created_at": 1_795_161_600})
}

fn case(level: &str, status: &str, credential: &str, journey_completed: bool) -> Value {
    json!({"id": "11111111-1111-4111-8111-111111111111", "level": level, "journey_completed": journey_completed,
        "status": status, "credential": credential, "details": null})
}

fn both(basic: [&str; 2], liveness: [&str; 2]) -> Answers {
    Answers::cases(json!([case("basic", basic[0], basic[1], true), case("liveness", liveness[0], liveness[1], true)]))
}

const APPROVED: [&str; 2] = ["done", "approved"];

pub(super) fn rows() -> Result<Vec<Vec<String>>, ReferenceError> {
    let approved = || both(APPROVED, APPROVED);
    let one = || Answers::cases(json!([case("basic", "done", "approved", true)]));
    let fewer = Answers { scope: "uid:read verification.basic:read", ..one() };
    let bare = |level: &str| json!({"level": level, "status": "done", "journey_completed": true});
    let rows = [
        ("none yet", Answers::cases(json!([]))),
        ("`pending`, the journey not completed", Answers::cases(json!([case("basic", "pending", "pending", false)]))),
        ("`pending`, the journey completed", both(["pending", "pending"], ["pending", "pending"])),
        ("one `approved`, the other `pending`", both(APPROVED, ["pending", "pending"])),
        ("one `approved`, the other not there", one()),
        ("one `approved`, the other `contacted`", both(APPROVED, ["contacted", "pending"])),
        ("one `approved`, the other `rejected`", both(APPROVED, ["done", "rejected"])),
        ("one `contacted`, the other `rejected`", both(["contacted", "pending"], ["done", "rejected"])),
        ("both `approved`", approved()),
        (
            "both as one case, `basic+liveness`, `approved`",
            Answers::cases(json!([case(ASKED, "done", "approved", true)])),
        ),
        (
            "`status` itself `approved`, nothing beside it",
            Answers::cases(
                json!([{"level": "basic", "status": "approved"}, {"level": "liveness", "status": "approved"}]),
            ),
        ),
        ("both `done`, the credential `pending`", both(["done", "pending"], ["done", "pending"])),
        ("both `done`, no credential", Answers::cases(json!([bare("basic"), bare("liveness")]))),
        ("a word that is not known", both(APPROVED, [UNKNOWN, "pending"])),
        ("a credential that is not known", both(APPROVED, ["done", UNKNOWN])),
        ("both `approved`; the account's list says `expired`", approved().listed(&[("basic", "expired")])),
        ("one `approved`, and the person did not let us see the other", fewer),
        ("the person's token is lost, the list says nothing", approved().lost()),
        (
            "the token is lost, the list says `approved` for both",
            approved().lost().listed(&[("basic", "approved"), ("liveness", "approved")]),
        ),
        (
            "the token is lost, the list says `rejected` for one",
            approved().lost().listed(&[("basic", "rejected"), ("liveness", "approved")]),
        ),
    ];
    let mut table = vec![vec!["the person has not come back".to_owned(), before()?]];
    for (title, answers) in rows {
        table.push(vec![title.to_owned(), meaning(answers)?]);
    }
    Ok(table)
}

fn before() -> Result<String, ReferenceError> {
    let stage = Staged::of(CONNECTION, &[])?;
    let run = stage.begun(nothing(), json!({"level": ASKED}))?;
    stage.looked(&run)
}

/// The person comes back and nothing is decided; then a look with these answers.
fn meaning(answers: Answers) -> Result<String, ReferenceError> {
    let stage = Staged::of(CONNECTION, &[])?;
    let run = stage.begun(nothing(), json!({"level": ASKED}))?;
    come(&stage, &run, answers.scope)?;
    stage.answers(move |call| Ok(answers.answer(call)));
    stage.looked(&run)
}

/// The person comes back and has granted that.
fn come(stage: &Staged, run: &Resource, scope: &'static str) -> Result<(), ReferenceError> {
    let nothing_yet = Answers { scope, ..Answers::cases(json!([])) };
    stage.answers(move |call| Ok(nothing_yet.answer(call)));
    let connection = stage.connection()?;
    let code = Secret::from("code".to_owned());
    let came = at_once(connection.account.exchange(stage.reach(connection), run, Some(&code)))?;
    came.map_err(|error| wrong(error.to_string()))?.map(drop).ok_or_else(|| wrong("nothing comes of a code"))
}

/// Each type that is known, and one that is not.
pub(super) fn events() -> Result<Vec<Vec<String>>, ReferenceError> {
    let stage = Staged::of(CONNECTION, &[])?;
    let alone = Staged::of(CONNECTION, &[("/settings/idos_connection", Value::Null)])?;
    let level = json!({"level": "basic", "user_id": USER, "timestamp": "2026-11-20T08:00:00Z"});
    let shared = json!({"idos_human_id": "7c0f8c7e-2b6c-4d5f-8f43-0a8a4c1d9e01",
        "credential_id": "0d6b3f52-8c1a-4a77-9b2e-5f1f6f0f2a10", "shared_at": "2026-11-20T08:00:00Z"});
    let mut rows = Vec::new();
    for (name, data) in [
        ("verification_approved", &level),
        ("verification_rejected", &level),
        ("verification_contacted", &level),
        ("email_changed", &json!({"user_id": USER, "email": "jane@example.com"})),
        ("authorization_revoked", &json!({"user_id": USER})),
        ("application_access_revoked", &json!({"user_id": USER})),
        ("credential_shared", &shared),
        (UNKNOWN, &level),
    ] {
        let body = json!({"type": name, "data": data});
        rows.push(row(name, &told(&stage, &body)?));
        if name == "credential_shared" {
            let [_, subject, claim] = row(name, &told(&alone, &body)?).try_into().map_err(|_| wrong("no row"))?;
            rows.push(vec![format!("{} without `idos_connection`", crate::table::code(name)), subject, claim]);
            let mut unnamed = body.clone();
            set(&mut unnamed, "/data/idos_human_id", Value::Null)?;
            let [_, subject, claim] = row(name, &told(&stage, &unnamed)?).try_into().map_err(|_| wrong("no row"))?;
            rows.push(vec![format!("{} without `idos_human_id`", crate::table::code(name)), subject, claim]);
        }
    }
    Ok(rows)
}

/// Signed with the secret that the example has for that type, or for every one.
fn told(stage: &Staged, body: &Value) -> Result<idv_gateway::ports::Event, ReferenceError> {
    let of = body.pointer("/type").and_then(Value::as_str).unwrap_or_default();
    let example: Value = serde_json::from_str(EXAMPLE_CONFIGURATION).map_err(|error| wrong(error.to_string()))?;
    let entries = example.pointer("/tenants/acme/connections/fractal/webhook/hmac").and_then(Value::as_array);
    let speaks = |entry: &&Value| {
        let types = entry.pointer("/types").and_then(Value::as_array);
        types.is_none_or(|types| types.iter().any(|own| own == of))
    };
    let entry = entries.and_then(|entries| entries.iter().find(speaks));
    let secret = entry.and_then(|entry| entry.pointer("/secret")?.as_str()).ok_or_else(|| wrong("no secret"))?;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    let signature = format!("sha1={}", HEXLOWER.encode(hmac::sign(&key, body.to_string().as_bytes()).as_ref()));
    event(stage, &signature, body)
}

/// Makes an answer, of a body where it has one.
type With = fn(&Value) -> Response;

/// What an answer other than 200 leads to.
pub(super) fn errors() -> Result<Vec<Vec<String>>, ReferenceError> {
    let about_another = json!({"uid": "99999999-9999-4999-8999-999999999999", "verification_cases": []});
    let looks: [(&str, With, Value); 6] = [
        ("`users/me`: 500", |_| empty(500), Value::Null),
        ("`users/me`: 429", |_| empty(429), Value::Null),
        ("`users/me`: 403", |_| empty(403), Value::Null),
        ("`users/me`: 404", |_| empty(404), Value::Null),
        ("`users/me`: 200, and no JSON", |_| empty(200), Value::Null),
        ("`users/me`: about another person", |body| answer(200, body), about_another),
    ];
    let mut rows = Vec::new();
    for (title, with, body) in looks {
        rows.push(vec![title.to_owned(), looked(move |_| with(&body))?]);
    }
    let codes: [(&str, u16, Value); 4] = [
        ("the code: `invalid_grant`", 400, json!({"error": "invalid_grant"})),
        ("the code: `invalid_client`", 401, json!({"error": "invalid_client"})),
        ("the code: 500", 500, Value::Null),
        ("the code: 429", 429, Value::Null),
    ];
    for (title, status, body) in codes {
        rows.push(vec![title.to_owned(), exchanged(status, body)?]);
    }
    Ok(rows)
}

/// A look whose `users/me` is answered like this; the person has come back before.
fn looked(with: impl Fn(&Call) -> Response + Send + Sync + 'static) -> Result<String, ReferenceError> {
    let stage = Staged::of(CONNECTION, &[])?;
    let run = stage.begun(nothing(), json!({"level": ASKED}))?;
    come(&stage, &run, EVERYTHING)?;
    let usual = Answers::cases(json!([]));
    stage.answers(move |call| Ok(if call.line() == "GET /v2/users/me" { with(call) } else { usual.answer(call) }));
    stage.looked(&run)
}

fn exchanged(status: u16, body: Value) -> Result<String, ReferenceError> {
    let stage = Staged::of(CONNECTION, &[])?;
    let run = stage.begun(nothing(), json!({"level": ASKED}))?;
    stage.answers(move |_| Ok(answer(status, &body)));
    let connection = stage.connection()?;
    let code = Secret::from("code".to_owned());
    Ok(match at_once(connection.account.exchange(stage.reach(connection), &run, Some(&code)))? {
        Ok(Some(_)) => return Err(wrong("something comes of a code that is refused")),
        Ok(None) => COMES_AGAIN.to_owned(),
        Err(error) => exchange_refusal(&error).to_owned(),
    })
}
