//! What an app may ask, and what it is answered.

use std::future::Future;

use idv_it::stage::{Case, Plan, Stage};
use idv_local::FunctionName;
use idv_simulators::ondato::{Act, ApiManner, ApiRule, Endpoint};
use serde_json::{Value, json};

pub(crate) fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or("no error")
}

fn refused(answer: &Value, expected: &str, field: &str) {
    assert_eq!((code(answer), answer["error"]["field"].as_str().unwrap_or_default()), (expected, field), "{answer}");
}

/// How many rows the table has.
async fn rows(stage: &Stage) -> i32 {
    stage.stack.dynamodb().scan().table_name(stage.stack.table()).send().await.unwrap().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn start_gives_one_link_per_key() {
    let stage = Stage::start(&["acme"]).await;
    let request = stage.start_request("acme", "customer-1");
    let first = stage.ask("acme", &request).await;
    let case = Case::of(&stage, "acme", &first);
    assert_eq!(first["status"], "link_issued");
    assert_eq!(first["link"]["embed"], "never");
    assert!(first["link"]["expires_at"].is_string(), "{first}");
    let truth = stage.ondato.truth(&case.idv).unwrap();
    assert_eq!(truth.idv["externalReferenceId"], *case.id, "the provider has our id, not the app's");
    assert_eq!(truth.idv["registration"]["firstName"], "Ona");
    let back = &truth.localisations.unwrap()["localisationSettings"][0]["successRedirectUrl"];
    assert_eq!(back, &request["return_url"]);

    let again = stage.ask("acme", &request).await;
    assert_eq!((&again["onboarding_id"], &again["link"]), (&first["onboarding_id"], &first["link"]), "the same key");
    assert_eq!(stage.ondato.idvs_created().len(), 1);

    let mut other = request.clone();
    other["subject"]["firstName"] = json!("Jonas");
    refused(&stage.ask("acme", &other).await, "conflict", "idempotency_key");
    assert_eq!(stage.ondato.idvs_created().len(), 1);

    // ten at once with one key: one onboarding, whoever wins
    let request = stage.start_request("acme", "customer-2");
    let answers = futures_util::future::join_all((0..10).map(|_| stage.ask("acme", &request))).await;
    let given: Vec<&Value> = answers.iter().filter(|answer| answer["error"].is_null()).collect();
    assert!(!given.is_empty() && given.iter().all(|answer| answer["link"] == given[0]["link"]), "{answers:?}");
    assert!(answers.iter().all(|answer| matches!(code(answer), "no error" | "in_progress")), "{answers:?}");
    assert_eq!(stage.ondato.idvs_created().len(), 2);

    let mut sdk = stage.start_request("acme", "customer-3");
    sdk["channel"] = json!("sdk");
    let sdk = stage.ask("acme", &sdk).await;
    assert_eq!(sdk["sdk"]["token"].as_str(), stage.ondato.idvs_created().last().map(String::as_str), "{sdk}");
    assert!(sdk["link"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_names_the_field_and_makes_nothing() {
    // without a setup for companies
    let plan = Plan::of(&[]).and("acme", |config| {
        config["connections"]["ondato"]["settings"].as_object_mut().unwrap().remove("kyb_setup_id");
    });
    let stage = Stage::with(plan).await;
    let good = stage.start_request("acme", "customer-1");
    let before = rows(&stage).await;
    let with = |pointer: &str, value: Value| {
        let mut request = good.clone();
        *request.pointer_mut(pointer).unwrap() = value;
        request
    };
    let without = |name: &str| {
        let mut request = good.clone();
        request.as_object_mut().unwrap().remove(name);
        request
    };
    let plus = |name: &str, value: Value| {
        let mut request = good.clone();
        request[name] = value;
        request
    };
    let cases = [
        (without("action"), "action"),
        (with("/action", json!("begin")), "action"),
        (with("/action", json!(7)), "action"),
        (without("connection"), "connection"),
        (with("/connection", json!("On Dato")), "connection"),
        (without("reference"), "reference"),
        (with("/reference", json!("")), "reference"),
        (with("/reference", json!("a\u{0}b")), "reference"),
        (without("idempotency_key"), "idempotency_key"),
        (with("/idempotency_key", json!("ä")), "idempotency_key"),
        (without("subject"), "subject"),
        (with("/subject", json!("Ona")), "subject"),
        (with("/subject/kind", json!("robot")), "subject.kind"),
        (with("/subject/kind", json!("company")), "subject.kind"),
        (with("/subject/firstName", json!("")), "subject.firstName"),
        (plus("subject", json!({"email": "jane"})), "subject.email"),
        (plus("subject", json!({"dateOfBirth": "1.1.1990"})), "subject.dateOfBirth"),
        (plus("subject", json!({"phoneNumber": "0600"})), "subject.phoneNumber"),
        (plus("subject", json!({"countryCode": "LTU"})), "subject.countryCode"),
        (plus("subject", json!({"shoeSize": 44})), "subject.shoeSize"),
        (plus("channel", json!("pigeon")), "channel"),
        (plus("return_url", json!("https://elsewhere.example/done")), "return_url"),
        (plus("return_url", json!("done")), "return_url"),
        (plus("options", json!({"language": "??"})), "options.language"),
        (plus("options", json!({"colour": "red"})), "options.colour"),
        (plus("options", json!([])), "options"),
        (plus("surprise", json!(true)), "surprise"),
    ];
    for (request, field) in cases {
        refused(&stage.ask("acme", &request).await, "invalid_request", field);
    }
    for request in [
        json!(null),
        json!([]),
        json!("start"),
        json!({"action": "start"}),
        json!({"action": "start", "tenant": "A_B"}),
    ] {
        let invoked = stage.stack.invoke(FunctionName::OnboardingInitiator, &request, None).await;
        assert_eq!(
            (invoked.function_error, code(&invoked.payload)),
            (None, "invalid_request"),
            "{request} → {}",
            invoked.payload
        );
    }
    refused(&stage.ask("acme", &with("/connection", json!("onfido"))).await, "not_found", "connection");
    for (action, more, expected, field) in [
        ("get", json!({}), "invalid_request", "onboarding_id"),
        ("get", json!({"onboarding_id": "17"}), "invalid_request", "onboarding_id"),
        ("get", json!({"reference": "nobody"}), "not_found", "reference"),
        ("get", json!({"onboarding_id": "onb_01ARZ3NDEKTSV4RRFFQ69G5FAV"}), "not_found", "onboarding_id"),
        ("timeline", json!({"onboarding_id": "onb_01ARZ3NDEKTSV4RRFFQ69G5FAV"}), "not_found", "onboarding_id"),
        (
            "resume",
            json!({"onboarding_id": "onb_01ARZ3NDEKTSV4RRFFQ69G5FAV", "idempotency_key": "k"}),
            "not_found",
            "onboarding_id",
        ),
        ("erase", json!({"onboarding_id": "onb_01ARZ3NDEKTSV4RRFFQ69G5FAV"}), "not_found", "onboarding_id"),
        ("list", json!({"limit": 0}), "invalid_request", "limit"),
        ("list", json!({"limit": 1000}), "invalid_request", "limit"),
        ("list", json!({"status": "fine"}), "invalid_request", "status"),
        ("list", json!({"updated_after": "yesterday"}), "invalid_request", "updated_after"),
    ] {
        let mut request = more;
        request["action"] = json!(action);
        refused(&stage.ask("acme", &request).await, expected, field);
    }
    assert_eq!(rows(&stage).await, before, "nothing was written");
    assert!(stage.ondato.requests().is_empty(), "nothing was asked of the provider");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_acts_for_its_tenant_alone() {
    let mut plan = Plan::of(&["acme", "other"]);
    plan.environment.insert("IDV_REQUIRE_TENANT_ALIAS".to_owned(), "true".to_owned());
    let stage = Stage::with(plan).await;
    let case = stage.begin("acme", "customer-1").await;
    stage.stack.forget_calls(FunctionName::OnboardingInitiator);
    let actions = ["start", "resume", "submit", "get", "timeline", "list", "update_contact", "cancel", "erase"];
    for action in actions {
        for qualifier in [Some("t-other"), Some("other"), Some("$LATEST"), Some("t-"), None] {
            let mut request = stage.start_request("acme", "stolen");
            if action != "start" {
                request = json!({"action": action, "tenant": "acme", "onboarding_id": case.id, "idempotency_key": "k", "email": "a@b.example"});
            }
            if matches!(action, "get" | "timeline" | "list") {
                request
                    .as_object_mut()
                    .unwrap()
                    .retain(|name, _| matches!(name.as_str(), "action" | "tenant" | "onboarding_id"));
            }
            if matches!(action, "resume" | "submit" | "cancel" | "erase") {
                request.as_object_mut().unwrap().remove("email");
            }
            if action == "list" {
                request.as_object_mut().unwrap().remove("onboarding_id");
            }
            let invoked = stage.stack.invoke(FunctionName::OnboardingInitiator, &request, qualifier).await;
            assert_eq!(invoked.function_error, None);
            refused(&invoked.payload, "forbidden", "tenant");
        }
    }
    assert_eq!(stage.stack.aws_calls(FunctionName::OnboardingInitiator), [], "refused before anything is read");
    // under its own alias another tenant's id is nobody's
    for action in ["get", "timeline", "erase", "cancel"] {
        let answer = stage.ask("other", &json!({"action": action, "onboarding_id": case.id})).await;
        refused(&answer, "not_found", "onboarding_id");
    }
    assert_eq!(case.shown().await["status"], "link_issued");
}

#[tokio::test(flavor = "multi_thread")]
async fn resume_goes_on_or_begins_the_next_attempt() {
    let stage = Stage::start(&["acme"]).await;
    let resume = |key: &str| json!({"idempotency_key": key, "subject": {"firstName": "Ona"}});

    let left = stage.begin("acme", "left").await;
    let same = left.ask("resume", resume("while-it-lives")).await;
    assert_eq!(same["link"]["url"], json!(stage.ondato.link(&left.idv)), "{same}");
    left.does([Act::Open, Act::Expire]);
    left.heard("expired").await;
    let next = left.ask("resume", resume("comes-back")).await;
    let resumed = Case::of(&stage, "acme", &next);
    assert_eq!((&resumed.id, &next["attempt"]), (&left.id, &json!(2)), "the same onboarding, its next attempt");
    assert_ne!(resumed.idv, left.idv);
    assert_eq!(left.ask("resume", resume("comes-back")).await["link"], next["link"], "the same key, the same link");
    assert_eq!(resumed.runs(), 2);

    let cancelled = stage.begin("acme", "cancelled").await;
    assert_eq!(cancelled.ask("cancel", json!({"idempotency_key": "c"})).await["status"], "cancelled");
    assert_eq!(cancelled.ask("cancel", json!({})).await["status"], "cancelled", "twice is done");
    refused(&cancelled.ask("resume", resume("r1")).await, "not_resumable", "onboarding_id");

    resumed.does(Act::whole_approval());
    resumed.ends("approved").await;
    refused(&resumed.ask("resume", resume("r2")).await, "not_resumable", "onboarding_id");
    refused(&resumed.ask("cancel", json!({})).await, "conflict", "onboarding_id");
    cancelled.ends("cancelled").await;

    // a decision on what was cancelled changes nothing that was said
    cancelled.does(Act::whole_approval());
    cancelled.webhooks_answered().await;
    assert!(stage.stack.quiet(idv_it::stage::PATIENCE).await);
    cancelled.ends("cancelled").await;

    let erased = stage.begin("acme", "erased").await;
    assert!(erased.ask("erase", json!({})).await["erased_at"].is_string());
    let answer = erased.ask("resume", resume("r3")).await;
    assert!(matches!(code(&answer), "not_resumable" | "not_found"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ondato_cannot_do_says_where_to_turn() {
    let stage = Stage::start(&["acme"]).await;
    let case = stage.begin("acme", "customer-1").await;
    for (action, more) in [
        ("submit", json!({"idempotency_key": "s"})),
        ("update_contact", json!({"idempotency_key": "u", "email": "new@example.com"})),
    ] {
        let answer = case.ask(action, more).await;
        assert_eq!(code(&answer), "unsupported", "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().len() > 20, "it says where to turn: {answer}");
    }
    refused(&case.ask("update_contact", json!({"idempotency_key": "u2"})).await, "invalid_request", "email");
}

#[tokio::test(flavor = "multi_thread")]
async fn get_and_timeline_tell_how_it_stands_and_why() {
    let stage =
        Stage::with(Plan::of(&["acme"]).and("strict", |config| config["allowed_actions"] = json!(["cancel"]))).await;
    let first = stage.begin("acme", "customer-1").await;
    let mut request = stage.start_request("acme", "customer-1");
    request["idempotency_key"] = json!("second");
    let second = Case::of(&stage, "acme", &stage.ask("acme", &request).await);
    let by_reference = stage.ask("acme", &json!({"action": "get", "reference": "customer-1"})).await;
    assert_eq!(
        (&by_reference["onboarding_id"], &by_reference["others"]),
        (&json!(second.id), &json!(1)),
        "the newest, and how many others"
    );

    first.does(Act::whole_until_review());
    first.does([Act::approve_manually()]);
    first.ends("approved").await;
    let shown = first.shown().await;
    assert_eq!((&shown["decided_by"], &shown["reasons"]), (&json!("manual"), &json!([])));
    assert_eq!(shown["provider_ids"]["identity_verification"], *first.idv);
    let timeline = first.timeline().await;
    let last = timeline.last().unwrap();
    assert_eq!((&last["status"], &last["evidence"]), (&json!("approved"), &json!("webhook")), "{last}");
    assert!(!format!("{shown}{timeline:?}").contains("Ona"), "no personal data");

    // a look now, though no webhook came
    second.webhooks(idv_simulators::ondato::WebhookManner::Lost);
    second.does([Act::Open]);
    assert_eq!(second.ask("get", json!({"refresh": true})).await["status"], "in_progress");
    assert_eq!(second.timeline().await.last().unwrap()["evidence"], "app");

    let details = first.ask("get", json!({"details": true})).await;
    assert!(
        details["details"]["kyc_identification"]["document"].to_string().contains("ONA")
            || details["details"].to_string().to_lowercase().contains("ona"),
        "{details}"
    );
    let table = stage.stack.dynamodb().scan().table_name(stage.stack.table()).send().await.unwrap();
    assert!(!format!("{table:?}").to_lowercase().contains("\"ona"), "details are stored nowhere");

    let strict = stage.begin("strict", "customer-1").await;
    assert_eq!(code(&strict.ask("get", json!({"details": true})).await), "forbidden");
    assert_eq!(code(&strict.ask("erase", json!({})).await), "forbidden");
    assert_eq!(strict.ask("cancel", json!({})).await["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn list_gives_pages_and_filters() {
    let stage = Stage::start(&["acme", "other"]).await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(stage.begin("acme", &format!("customer-{number}")).await.id);
    }
    stage.begin("other", "customer-0").await;
    made.reverse();
    let list = |more: Value| {
        let mut request = more;
        request["action"] = json!("list");
        let stage = &stage;
        async move { stage.ask("acme", &request).await }
    };
    let ids = |page: &Value| -> Vec<String> {
        page["onboardings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["onboarding_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let (mut seen, mut cursor, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let page = if cursor.is_null() {
            list(json!({"limit": 2})).await
        } else {
            list(json!({"limit": 2, "cursor": cursor})).await
        };
        seen.extend(ids(&page));
        cursor = page["cursor"].clone();
        pages += 1;
        if cursor.is_null() || pages > 5 {
            break;
        }
    }
    assert_eq!(seen, made, "newest first, each once, none of another tenant");

    let cancelled = made[2].clone();
    let between = stage.ask("acme", &json!({"action": "get", "onboarding_id": made[0]})).await["updated_at"].clone();
    stage.ask("acme", &json!({"action": "cancel", "onboarding_id": cancelled})).await;
    assert_eq!(ids(&list(json!({"status": "cancelled"})).await), [cancelled.as_str()]);
    assert_eq!(ids(&list(json!({"status": "link_issued"})).await).len(), 4);
    assert_eq!(ids(&list(json!({"connection": "ondato"})).await).len(), 5);
    assert_eq!(ids(&list(json!({"connection": "elsewhere"})).await).len(), 0);
    assert_eq!(ids(&list(json!({"updated_after": between})).await), [cancelled.as_str()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_the_provider_fails_can_be_repeated() {
    let stage = Stage::start(&["down", "refuses", "silent", "half"]).await;
    let start = |tenant: &'static str| {
        let request = stage.start_request(tenant, "customer-1");
        let stage = &stage;
        async move { stage.ask(tenant, &request).await }
    };
    // one after the other: before there is a run, a rule cannot be about one
    let once = |manner: ApiManner, endpoint| stage.ondato.misbehave(ApiRule::always(manner).at(endpoint).times(1));
    once(ApiManner::Status { code: 503 }, Endpoint::CreateIdv);
    assert_eq!(code(&start("down").await), "provider_unavailable");
    again(&start("down").await, &stage, "down").await;

    once(ApiManner::TooMany { retry_after: Some(1) }, Endpoint::CreateIdv);
    let answer = start("refuses").await;
    assert_eq!((code(&answer), &answer["error"]["retryable"]), ("rate_limited", &json!(true)));
    again(&start("refuses").await, &stage, "refuses").await;

    once(ApiManner::Silence, Endpoint::CreateIdv);
    assert_eq!(code(&start("silent").await), "provider_unavailable");
    again(&start("silent").await, &stage, "silent").await;

    // the run was made, its way back could not be set: no link was handed out, the next start makes another
    stage.ondato.misbehave(ApiRule::always(ApiManner::Status { code: 500 }).at(Endpoint::PutLocalisations).times(2));
    assert_eq!(code(&start("half").await), "provider_unavailable");
    let case = again(&start("half").await, &stage, "half").await;
    assert_eq!(case.runs(), 2, "the orphan stays at the provider, its link is nobody's");
}

fn again<'a>(answer: &Value, stage: &'a Stage, tenant: &str) -> impl Future<Output = Case<'a>> {
    let case = Case::of(stage, tenant, answer);
    async move {
        case.does([Act::Open]);
        case.heard("in_progress").await;
        case
    }
}
