//! The front door: what is answered, and what an answer costs.

use std::time::Duration;

use idv_gateway::domain::Status;
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::{CourierError, TenantConfig};
use idv_it::rig::provider::Desk;
use idv_it::rig::setup::{CONNECTION, token};
use idv_it::rig::{Act, Mode, Rig, Setup, play};
use serde_json::json;
use std::sync::Arc;

const PATH: &str = "/v1/webhooks/acme/main";

fn knock(rig: &Rig, path: &str, token: &str, body: &[u8]) -> (u16, String) {
    let answer = rig.knock(path, token, body).done().unwrap();
    (answer.status, format!("{:?} {}", answer.headers, answer.body))
}

/// What an answer cost, by port. A secret is read from the vault's cache; a forced read is counted apart.
fn costs(rig: &Rig) -> [usize; 4] {
    ["ledger.", "bells.", "account.", "courier."].map(|port| rig.chaos.count(port))
}

#[test]
fn a_webhook_costs_one_message_and_nothing_else() {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin("acme", "key-1");
    let event = rig.provider("acme").act(&begun.run, Act::Begin).to_string();
    let (before, points) = (costs(&rig), rig.chaos.points().len());
    assert_eq!(knock(&rig, PATH, &token("acme"), event.as_bytes()).0, 200);
    assert_eq!(rig.chaos.points()[points..], ["vault.tenant", "bells.notify"]);
    assert_eq!(costs(&rig)[1], before[1] + 1);
    assert_eq!(rig.vault.forced(), 0);
}

#[test]
fn an_unknown_name_and_a_wrong_proof_are_answered_alike_and_cost_nothing() {
    let rig = Rig::new(&Setup::default());
    let long = "x".repeat(64);
    let before = costs(&rig);
    let doors = [
        ("/v1/webhooks/nobody/main".to_owned(), token("nobody")),
        ("/v1/webhooks/acme/ghost".to_owned(), token("acme")),
        (PATH.to_owned(), "wrong".to_owned()),
        (PATH.to_owned(), String::new()),
        (format!("{PATH}x"), token("acme")),
        (format!("/v1/webhooks/{long}/main"), token("acme")),
        ("/v1/webhooks/ACME/main".to_owned(), token("acme")),
        ("/v1/webhooks/acme%2Fmain/main".to_owned(), token("acme")),
    ];
    let answers: Vec<_> = doors.iter().map(|(path, token)| knock(&rig, path, token, b"{}")).collect();
    assert_eq!(answers[0].0, 401);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(costs(&rig), before);
    assert_eq!(rig.ledger.writes(), 0);
}

#[test]
fn what_we_cannot_tell_is_503_and_the_provider_sends_again() {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin("acme", "key-1");
    // the vault is silent, then the queue is down: nothing was accepted
    for fault in ["vault", "bells"] {
        let switch = |rig: &Rig, on: bool| match fault {
            "vault" => rig.vault.fail(on.then_some("denied")),
            _ => rig.bells.fail(on.then_some("throttled")),
        };
        switch(&rig, true);
        let (status, shown) = knock(&rig, PATH, &token("acme"), br#"{"type":"touched","case":"case-0001"}"#);
        assert_eq!(status, 503, "{fault}");
        assert!(shown.contains("retry-after"), "{fault} {shown}");
        rig.happen(&begun, if fault == "vault" { Act::Begin } else { Act::Approve });
        rig.pump();
        assert!(rig.letters.last().unwrap().acked_at.is_none(), "{fault}");
        switch(&rig, false);
        rig.settle().unwrap();
    }
    assert_eq!(rig.read(&begun.key).truth.status, Status::Approved);
}

#[test]
fn a_connection_that_is_off_or_has_no_credential_is_our_own_fault() {
    let rig = Rig::new(&Setup::default());
    let setup = Setup::default();
    let config = || {
        let desk = Desk::new(rig.provider("acme"), Arc::clone(&rig.chaos), setup.recovery, None);
        setup.tenant("acme", Arc::new(desk))
    };
    let mut off = config();
    off.connections.values_mut().for_each(|connection| connection.enabled = false);
    rig.vault.set(off);
    assert_eq!(knock(&rig, PATH, &token("acme"), b"{}").0, 503, "paused");
    let mut bare = config();
    bare.connections.values_mut().for_each(|connection| connection.proofs.bearer.clear());
    rig.vault.set(bare);
    assert_eq!(knock(&rig, PATH, &token("acme"), b"{}").0, 503, "nothing configured");
}

/// As if the vault was silent, for that connection alone: nothing is refused, nothing is given up, nothing is said to be gone.
#[test]
fn a_connection_that_only_another_version_can_read_waits_for_it() {
    let mut rig = Rig::new(&Setup::default());
    let [told, open, left] = ["key-1", "key-2", "key-3"].map(|key| rig.begin_alone("acme", key));
    rig.settle().unwrap();
    rig.receiver.answer(|_| Err(CourierError::Answered { status: 500, retry_after: None }));
    rig.happen(&told, Act::Approve);
    rig.play_for(Duration::from_secs(60));
    assert_eq!(rig.read(&told.key).truth.status, Status::Approved);

    let setup = Setup::default();
    let config = || {
        let desk = Desk::new(rig.provider("acme"), Arc::clone(&rig.chaos), setup.recovery, None);
        setup.tenant("acme", Arc::new(desk))
    };
    let (whole, mut later) = (config(), config());
    let names: Vec<_> = std::mem::take(&mut later.connections).into_keys().collect();
    later.unreadable = names.into_iter().map(|name| (name, "provider must be one of".to_owned())).collect();
    rig.vault.set(later);
    rig.receiver.answer(|_| Ok(()));
    let calls = |rig: &Rig| (rig.receiver.tries().len(), rig.provider("acme").looks().len());
    let before = calls(&rig);
    rig.happen(&open, Act::Approve);
    rig.play_for(Duration::from_secs(600));
    assert_eq!(calls(&rig), before, "neither handed over nor looked at");
    for wrong in [token("acme"), "wrong".to_owned()] {
        assert_eq!(knock(&rig, PATH, &wrong, DECIDED).0, 503, "whether it is proven cannot be told");
    }
    let of_left = |action: &str| json!({"action": action, "tenant": "acme", "onboarding_id": left.key.id.as_str(), "idempotency_key": action});
    for request in [play::start("acme", "key-4"), of_left("resume"), of_left("erase")] {
        let answer = rig.ask(None, request.clone()).done().unwrap();
        assert_eq!(answer["error"]["code"], "unavailable", "{request} {answer}");
    }

    rig.vault.set(whole);
    let erased = rig.ask(None, of_left("erase")).done().unwrap();
    assert_eq!((erased["provider"].as_array().map(Vec::len), &erased["why"]), (Some(1), &json!([])), "{erased}");
    rig.settle().unwrap();
    let approved = rig.receiver.accepted().into_iter().filter(|hand_over| hand_over.kind == "onboarding.approved");
    assert_eq!(approved.count(), 2, "what had waited");
}

#[test]
fn a_rotated_secret_is_found_by_one_forced_read() {
    let rig = Rig::new(&Setup::default());
    let setup = Setup::default();
    let desk = Desk::new(rig.provider("acme"), Arc::clone(&rig.chaos), setup.recovery, None);
    let mut rotated = setup.tenant("acme", Arc::new(desk));
    let fresh = idv_gateway::secret::Secret::from("fresh-0123456789abcdef".to_owned());
    let credential = idv_gateway::proof::Credential { value: fresh, types: None };
    rotated.connections.values_mut().for_each(|connection| connection.proofs.bearer.truncate(0));
    rotated.connections.values_mut().next().unwrap().proofs.bearer.push(credential);
    rig.vault.rotate(rotated);
    let body = br#"{"type":"touched","case":"case-0001"}"#;
    assert_eq!(knock(&rig, PATH, "fresh-0123456789abcdef", body).0, 200);
    assert_eq!(rig.vault.forced(), 1);
    assert_eq!(knock(&rig, PATH, &token("acme"), body).0, 401, "the retired one");
}

/// The one credential of acme's connection may vouch for these types alone.
fn limited(rig: &Rig, types: &[&str]) -> TenantConfig {
    let setup = Setup::default();
    let desk = Desk::new(rig.provider("acme"), Arc::clone(&rig.chaos), setup.recovery, None);
    let mut config = setup.tenant("acme", Arc::new(desk));
    for proof in config.connections.values_mut().flat_map(|connection| &mut connection.proofs.bearer) {
        proof.types = Some(types.iter().map(|&kind| kind.to_owned()).collect());
    }
    config
}

const DECIDED: &[u8] = br#"{"type":"decided","case":"case-0001"}"#;

#[test]
fn a_widened_list_of_types_is_found_by_one_forced_read() {
    let rig = Rig::new(&Setup::default());
    rig.vault.set(limited(&rig, &["touched"]));
    rig.vault.rotate(limited(&rig, &["touched", "decided"]));
    let before = costs(&rig);
    assert_eq!(knock(&rig, PATH, &token("acme"), DECIDED).0, 200);
    assert_eq!((rig.vault.forced(), costs(&rig)[1]), (1, before[1] + 1), "one read, one message");
    assert_eq!(knock(&rig, PATH, &token("acme"), DECIDED).0, 200);
    assert_eq!(rig.vault.forced(), 1, "and it is known from then on");
}

#[test]
fn a_type_that_a_fresh_list_does_not_name_is_refused_like_a_wrong_proof() {
    let rig = Rig::new(&Setup::default());
    rig.vault.set(limited(&rig, &["touched"]));
    let wrong = knock(&rig, PATH, "wrong", DECIDED);
    // the list as it was, then one that is fresh and still does not name it
    for forced in [2, 3] {
        assert_eq!(knock(&rig, PATH, &token("acme"), DECIDED), wrong);
        assert_eq!((wrong.0, rig.vault.forced()), (401, forced));
        rig.vault.rotate(limited(&rig, &["touched", "started"]));
    }
    assert_eq!(costs(&rig)[1], 0, "nothing was queued");
    assert_eq!(knock(&rig, PATH, &token("acme"), br#"{"type":"touched","case":"case-0001"}"#).0, 200);
}

#[test]
fn a_type_is_not_refused_while_nobody_can_tell_whether_the_list_is_fresh() {
    // the cached list is there, the forced read of a fresher one is denied
    let rig = Rig::new(&Setup { plan: [(1, Mode::FailBefore)].into(), ..Setup::default() });
    rig.vault.set(limited(&rig, &["touched"]));
    let (status, shown) = knock(&rig, PATH, &token("acme"), DECIDED);
    assert_eq!(rig.chaos.points(), ["vault.tenant", "vault.fresher"]);
    assert_eq!((status, shown.contains("retry-after")), (503, true), "{shown}");
    assert_eq!(knock(&rig, PATH, &token("acme"), DECIDED).0, 401, "then it answers");
}

#[test]
fn proven_and_unreadable_is_400_too_large_is_413_without_a_subject_is_200() {
    let rig = Rig::new(&Setup::default());
    let before = costs(&rig);
    let cases: [(Vec<u8>, u16); 9] = [
        (b"not json".to_vec(), 400),
        (b"".to_vec(), 400),
        (b"[]".to_vec(), 400),
        (b"\xff\xfe".to_vec(), 400),
        (br#"{"case":"case-0001"}"#.to_vec(), 400),
        (vec![b' '; 256 * 1024 + 1], 413),
        (br#"{"type":"decided"}"#.to_vec(), 200),
        (br#"{"type":"never_heard_of","case":"case-0001"}"#.to_vec(), 200),
        (vec![b' '; 256 * 1024], 400),
    ];
    for (body, status) in cases {
        assert_eq!(knock(&rig, PATH, &token("acme"), &body).0, status, "{} bytes", body.len());
    }
    assert_eq!(costs(&rig), before, "none of them reached a queue");
    // without a proof the size alone is told
    assert_eq!(knock(&rig, PATH, "wrong", &vec![b' '; 256 * 1024 + 1]).0, 413);
    assert_eq!(knock(&rig, PATH, "wrong", b"not json").0, 401);
}

#[test]
fn an_alias_of_another_integration_leads_to_its_connection_alone() {
    let mut rig = Rig::new(&Setup::of(&["acme", "bolt"]));
    let begun = rig.begin("acme", "key-1");
    rig.vault.set_alias("/dcs/kyc2/webhook/notify/ClientA", idv_it::rig::setup::connection("acme"));
    let event = rig.provider("acme").act(&begun.run, Act::Approve).to_string();
    let alias = "/dcs/kyc2/webhook/notify/ClientA";
    // names are compared exactly, and one that does not exist is like a proof that does not hold
    let refused = knock(&rig, alias, &token("bolt"), event.as_bytes());
    assert_eq!(refused.0, 401);
    let (large, before) = (vec![b' '; 256 * 1024 + 1], costs(&rig));
    for other in ["ClientB", "clienta", "CLIENTA", "ClientA/", "ClientA%20", "ClientA/x", ""] {
        let other = format!("/dcs/kyc2/webhook/notify/{other}");
        assert_eq!(knock(&rig, &other, &token("acme"), event.as_bytes()), refused, "{other}");
        assert_eq!(knock(&rig, &other, "", &large), knock(&rig, alias, "", &large), "{other}");
        assert_eq!(rig.visit(&other, "").done().unwrap(), rig.visit(alias, "").done().unwrap(), "{other}");
    }
    assert_eq!(rig.visit(alias, "").done().unwrap().status, 404);
    assert_eq!(costs(&rig), before);
    assert_eq!(knock(&rig, alias, &token("acme"), event.as_bytes()).0, 200);
    rig.settle().unwrap();
    assert_eq!(rig.read(&begun.key).truth.status, Status::Approved);
}

#[test]
fn replays_are_accepted_and_change_nothing() {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin("acme", "key-1");
    rig.happen(&begun, Act::Approve);
    rig.settle().unwrap();
    let (version, told) = (rig.read(&begun.key).truth.version, rig.receiver.tries().len());
    let replay = rig.letters[0].body.clone();
    for _ in 0..50 {
        rig.post("acme", replay.clone());
    }
    rig.settle().unwrap();
    rig.play_for(Duration::from_secs(86_400));
    rig.post("acme", replay);
    rig.settle().unwrap();
    assert!(rig.letters.iter().all(|letter| letter.acked_at.is_some() && letter.sent == 1));
    assert_eq!((rig.read(&begun.key).truth.version, rig.receiver.tries().len()), (version, told));
    assert!(rig.bells.messages(QueueName::NoticesDlq).is_empty());
    assert_eq!(CONNECTION, "main");
}

/// A form that cannot be granted, and a client that is not known, say nothing of which names exist.
#[test]
fn the_token_endpoint_tells_nobody_which_names_exist() {
    use idv_gateway::ingress::{Arrival, Ingress};
    let rig = Rig::new(&Setup::default());
    let setup = Setup::default();
    let desk = Desk::new(rig.provider("acme"), Arc::clone(&rig.chaos), setup.recovery, setup.link_life);
    let mut config = setup.tenant("acme", Arc::new(desk));
    let client =
        serde_json::json!({"oauth2": [{"client_id": "c", "client_secret": "example-client-secret-of-32-chars-1"}]});
    for connection in config.connections.values_mut() {
        connection.proofs = serde_json::from_value(client.clone()).unwrap();
    }
    rig.vault.set(config);
    let ingress = Ingress::new(rig.gateway.clone());
    let ask = |name: &str, body: &str| {
        let arrival = Arrival {
            method: "POST".to_owned(),
            path: format!("/v1/oauth/{name}/token"),
            query: String::new(),
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            source: None,
        };
        idv_it::rig::pulse::run(&rig.chaos, ingress.answer(&arrival)).done().unwrap()
    };
    let known = "client_id=c&client_secret=example-client-secret-of-32-chars-1";
    let bodies = [
        (400, format!("grant_type=password&{known}")),
        (400, known.to_owned()),
        (400, format!("grant_type=client_credentials&client_id=c&{known}")),
        (401, "grant_type=client_credentials".to_owned()),
        (401, "grant_type=client_credentials&client_id=c&client_secret=wrong".to_owned()),
    ];
    for (status, body) in bodies {
        let here = ask(&format!("acme/{CONNECTION}"), &body);
        assert_eq!(here.status, status, "{body}");
        for name in [format!("nobody/{CONNECTION}"), "acme/ghost".to_owned()] {
            assert_eq!(ask(&name, &body), here, "{name} {body}");
        }
    }
    assert_eq!(ask(&format!("acme/{CONNECTION}"), &format!("grant_type=client_credentials&{known}")).status, 200);
}
