//! Who comes back with what, and what becomes of it.

use idv_gateway::domain::{Because, Notice, Reason, Status};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::WayBack;
use idv_it::rig::play::start;
use idv_it::rig::provider::Desk;
use idv_it::rig::{Act, Granting, Mode, Rig, Setup};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

use super::{MINUTE, Sent, back, comes, dlq, granting, refuses, send, sent, status, truth};

fn waiting(rig: &Rig) -> Vec<Notice> {
    let messages = rig.bells.messages(QueueName::Notices);
    messages.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
}

fn is_declined(rig: &Rig, sent: &Sent) -> bool {
    let truth = truth(rig, sent);
    let why = vec![Because { code: Reason::ConsentDeclined, provider_code: None }];
    let noted = truth.attempts[0].declined;
    assert_eq!(noted, truth.status == Status::Cancelled);
    assert!(!noted || truth.reasons == why);
    assert!(!truth.withdrawn);
    noted
}

#[test]
fn who_refuses_is_cancelled_until_they_come_back_with_a_code() {
    let rows: [(&str, bool, bool); 3] = [("state", true, false), ("cookie", false, true), ("both", true, true)];
    for (name, in_query, in_cookie) in rows {
        let mut rig = Rig::new(&granting());
        let person = send(&rig, "key-1");
        rig.settle().unwrap();
        let query = if in_query { format!("&state={}", person.state) } else { String::new() };
        let cookie = in_cookie.then_some(person.state.as_str());
        let answer = back(&rig, &format!("error=access_denied{query}"), cookie);
        assert_eq!(answer.status, 303, "{name}");
        rig.settle().unwrap();
        assert!(is_declined(&rig, &person), "{name}");
        // a look changes nothing about that, and the person may change their mind
        rig.play_for(std::time::Duration::from_secs(3 * 3600));
        assert!(is_declined(&rig, &person), "{name}");
        rig.provider("acme").act(&person.begun.run, Act::Complete);
        comes(&rig, &person, "code-1");
        rig.settle().unwrap();
        assert_eq!(status(&rig, &person), Status::Submitted, "{name}");
        assert!(!is_declined(&rig, &person) && truth(&rig, &person).reasons.is_empty(), "{name}");
        let told: Vec<Status> = truth(&rig, &person).changes.iter().map(|change| change.status).collect();
        assert_eq!(told, [Status::Created, Status::LinkIssued, Status::Cancelled, Status::Submitted], "{name}");
    }
}

#[test]
fn a_code_with_the_cookie_alone_counts_only_where_no_state_comes_with_codes() {
    let of = |way| Setup { granting: Some(Granting { way, ..Granting::default() }), ..granting() };
    let rows = [
        ("a state is wanted", WayBack::OAUTH2, "code=abc", 400, 0),
        ("none is wanted", WayBack { code: "code", with_state: false }, "code=abc", 303, 1),
        ("a code of another name", WayBack { code: "ott", with_state: false }, "ott=abc", 303, 1),
        ("which is wanted with a state", WayBack { code: "ott", with_state: true }, "ott=abc", 400, 0),
        ("a code of another's name", WayBack { code: "ott", with_state: false }, "code=abc", 303, 0),
        ("a code that is there twice", WayBack::OAUTH2, "code=abc&code=abc", 303, 0),
        ("a code beside an error", WayBack { code: "code", with_state: false }, "code=abc&error=access_denied", 303, 1),
        ("a code beside an error", WayBack::OAUTH2, "code=abc&error=access_denied", 400, 0),
    ];
    for (name, way, query, status, exchanged) in rows {
        let mut rig = Rig::new(&of(way));
        let person = send(&rig, "key-1");
        rig.settle().unwrap();
        let answer = back(&rig, query, Some(&person.state));
        assert_eq!(answer.status, status, "{name}");
        assert_eq!(waiting(&rig).len(), usize::from(status == 303), "{name}");
        rig.settle().unwrap();
        assert_eq!(rig.provider("acme").exchanged().len(), exchanged, "{name}");
        assert!(!is_declined(&rig, &person), "{name}");
    }
}

#[test]
fn another_error_is_no_refusal_and_is_looked_into() {
    for error in ["server_error", "temporarily_unavailable", "login_required", "access_denied%00", "Access_Denied", ""]
    {
        let mut rig = Rig::new(&granting());
        let person = send(&rig, "key-1");
        rig.settle().unwrap();
        let looks = rig.looks_at(&person.begun);
        assert_eq!(back(&rig, &format!("error={error}&state={}", person.state), None).status, 303, "{error}");
        assert!(waiting(&rig).iter().all(|notice| notice.declined.is_none() && notice.returned.is_none()), "{error}");
        rig.settle().unwrap();
        assert!(!is_declined(&rig, &person), "{error}");
        assert_eq!((status(&rig, &person), rig.looks_at(&person.begun)), (Status::LinkIssued, looks + 1), "{error}");
    }
}

#[test]
fn a_refusal_of_another_way_changes_nothing() {
    let mut rig = Rig::new(&granting());
    let (one, other) = (send(&rig, "key-1"), send(&rig, "key-2"));
    rig.settle().unwrap();
    for state in ["forged", "", &other.state[1..]] {
        assert_eq!(back(&rig, &format!("error=access_denied&state={state}"), None).status, 400, "{state}");
    }
    let path = "/v1/return/beta/main";
    let query = format!("error=access_denied&state={}", one.state);
    assert_eq!(rig.visit(path, &query).done().unwrap().status, 400);
    assert!(waiting(&rig).is_empty());
    refuses(&rig, &other);
    rig.settle().unwrap();
    assert!(!is_declined(&rig, &one) && is_declined(&rig, &other));
    // what they carried is worth something for its time alone
    rig.wait(8 * 24 * 60 * MINUTE);
    assert_eq!(back(&rig, &query, None).status, 400);
}

#[test]
fn a_refusal_after_the_exchange_changes_nothing() {
    let mut rig = Rig::new(&granting());
    let person = send(&rig, "key-1");
    rig.provider("acme").act(&person.begun.run, Act::Begin);
    comes(&rig, &person, "code-1");
    rig.settle().unwrap();
    assert_eq!(status(&rig, &person), Status::InProgress);
    refuses(&rig, &person);
    rig.settle().unwrap();
    assert_eq!((status(&rig, &person), is_declined(&rig, &person)), (Status::InProgress, false));
}

/// Both in one batch, in either order: a code is worth more than a refusal.
#[test]
fn a_refusal_beside_a_code_does_not_count() {
    for code_first in [true, false] {
        let mut rig = Rig::new(&granting());
        let person = send(&rig, "key-1");
        rig.settle().unwrap();
        rig.provider("acme").act(&person.begun.run, Act::Begin);
        for code in [code_first, !code_first] {
            if code { comes(&rig, &person, "code-1") } else { refuses(&rig, &person) }
        }
        rig.settle().unwrap();
        assert_eq!((status(&rig, &person), is_declined(&rig, &person)), (Status::InProgress, false), "{code_first}");
    }
}

/// What the code gave is kept, the one who kept it died; meanwhile a refusal of an older tab arrives.
#[test]
fn a_refusal_between_the_two_halves_of_an_exchange_does_not_count() {
    let mut rig = Rig::new(&granting());
    let person = send(&rig, "key-1");
    rig.settle().unwrap();
    rig.provider("acme").act(&person.begun.run, Act::Begin);
    rig.chaos.strike("account.me", Mode::KillBefore);
    comes(&rig, &person, "code-1");
    rig.pump();
    assert_eq!(rig.chaos.struck(), 1);
    refuses(&rig, &person);
    rig.settle().unwrap();
    assert_eq!(rig.provider("acme").tokens().len(), 1);
    assert_eq!(truth(&rig, &person).attempts[0].return_nonce, None);
    assert_eq!((status(&rig, &person), is_declined(&rig, &person)), (Status::InProgress, false));
}

#[test]
fn a_connection_that_is_off_or_not_readable_has_them_come_again_later() {
    let mut rig = Rig::new(&granting());
    let person = send(&rig, "key-1");
    rig.settle().unwrap();
    let setup = granting();
    let desk = || {
        let desk = Desk::new(rig.provider("acme"), Arc::clone(&rig.chaos), setup.recovery, None);
        Arc::new(desk.granting(setup.granting))
    };
    let query = format!("code=code-1&state={}", person.state);
    let mut off = setup.tenant("acme", desk());
    off.connections.values_mut().for_each(|connection| connection.enabled = false);
    let mut later = setup.tenant("acme", desk());
    let names: Vec<_> = later.connections.keys().cloned().collect();
    later.connections.clear();
    later.unreadable.extend(names.iter().map(|name| (name.clone(), "a later version's".to_owned())));
    let mut missing = setup.tenant("acme", desk());
    missing.connections.clear();
    let mut tenant_off = setup.tenant("acme", desk());
    tenant_off.enabled = false;
    for (name, config, status) in
        [("off", off, 503), ("later", later, 503), ("missing", missing, 400), ("tenant off", tenant_off, 503)]
    {
        rig.vault.set(config);
        let answer = back(&rig, &query, Some(&person.state));
        assert_eq!(answer.status, status, "{name}");
        assert!(answer.headers.iter().all(|(name, _)| *name != "location"), "{name}");
    }
    assert!(waiting(&rig).is_empty());
    rig.vault.set(setup.tenant("acme", desk()));
    rig.provider("acme").act(&person.begun.run, Act::Begin);
    comes(&rig, &person, "code-1");
    rig.settle().unwrap();
    assert_eq!((status(&rig, &person), dlq(&rig)), (Status::InProgress, 0));
}

/// The app asks for a fresh link: what they carry is another, and the way before is over.
#[test]
fn a_fresh_link_takes_the_place_of_the_way_before() {
    let life = std::time::Duration::from_secs(3600);
    let mut rig = Rig::new(&Setup { link_life: Some(life), ..granting() });
    let person = send(&rig, "key-1");
    rig.settle().unwrap();
    rig.play_for(26 * life);
    assert_eq!(back(&rig, &format!("code=code-1&state={}", person.state), None).status, 400, "it ran out");
    let resume = serde_json::json!({
        "action": "resume", "tenant": "acme", "onboarding_id": person.begun.key.id, "idempotency_key": "key-2",
    });
    let again = super::sent(&rig.ask(None, resume).done().unwrap());
    assert_eq!((&again.begun, again.state == person.state), (&person.begun, false), "the same run");
    rig.settle().unwrap();
    rig.provider("acme").act(&person.begun.run, Act::Begin);
    comes(&rig, &again, "code-1");
    rig.settle().unwrap();
    assert_eq!(status(&rig, &person), Status::InProgress);
    // the start's own key finds the run that was gone on with
    let repeated = rig.ask(None, start("acme", "key-1")).done().unwrap();
    assert_eq!(repeated["onboarding_id"], person.begun.key.id.as_str());
}

fn resumed(rig: &Rig, person: &Sent, key: &str) -> Sent {
    let id = &person.begun.key.id;
    let request = json!({ "action": "resume", "tenant": "acme", "onboarding_id": id, "idempotency_key": key });
    sent(&rig.ask(None, request).done().unwrap())
}

/// A link by which the person came back leads nowhere a second time: who asks for a way on gets another one.
#[test]
fn a_used_link_is_followed_by_a_fresh_one() {
    let mut rig = Rig::new(&granting());
    let person = send(&rig, "key-1");
    rig.settle().unwrap();
    assert_eq!(resumed(&rig, &person, "before").state, person.state, "it lives");
    rig.provider("acme").act(&person.begun.run, Act::Begin);
    comes(&rig, &person, "code-1");
    rig.settle().unwrap();
    assert_eq!(status(&rig, &person), Status::InProgress);
    let again = resumed(&rig, &person, "after");
    assert_eq!(again.begun.run, person.begun.run);
    assert_ne!(again.state, person.state);
    assert_eq!(resumed(&rig, &person, "after-that").state, again.state, "which lives");
    comes(&rig, &again, "another-code");
    rig.settle().unwrap();
    assert_eq!(rig.provider("acme").tokens().len(), 2, "and its code counts");
    assert_eq!(status(&rig, &person), Status::InProgress);
}

/// Whoever is under way by the link before comes back, too; by one before that nobody does.
#[test]
fn who_is_under_way_by_the_link_before_comes_back_too() {
    let mut rig = Rig::new(&Setup { link_life: Some(Duration::from_secs(3600)), ..granting() });
    let first = send(&rig, "key-1");
    let mut links = vec![first.state.clone()];
    for key in ["second", "third"] {
        rig.wait(3601);
        rig.settle().unwrap();
        links.push(resumed(&rig, &first, key).state);
    }
    assert!(links[0] != links[1] && links[1] != links[2]);
    for (at, counts) in [(0, 0), (1, 1)] {
        let person = Sent { begun: first.begun.clone(), state: links[at].clone() };
        comes(&rig, &person, &format!("code-{}", "x".repeat(at)));
        rig.settle().unwrap();
        assert_eq!(rig.provider("acme").tokens().len(), counts, "link {at}");
    }
    comes(&rig, &Sent { begun: first.begun.clone(), state: links[2].clone() }, "code-of-the-third");
    rig.settle().unwrap();
    assert_eq!(rig.provider("acme").tokens().len(), 1, "and then the way is over");
}

/// Who refused may think better of it, also when the link has died.
#[test]
fn who_refused_is_given_another_link() {
    let mut rig = Rig::new(&Setup { link_life: Some(Duration::from_secs(3600)), ..granting() });
    let person = send(&rig, "key-1");
    refuses(&rig, &person);
    rig.settle().unwrap();
    assert!(is_declined(&rig, &person));
    rig.wait(3601);
    rig.settle().unwrap();
    assert_eq!(status(&rig, &person), Status::Cancelled);
    let again = resumed(&rig, &person, "again");
    assert_eq!((status(&rig, &person), truth(&rig, &person).attempts[0].declined), (Status::LinkIssued, false));
    rig.provider("acme").act(&person.begun.run, Act::Begin);
    comes(&rig, &again, "code-1");
    rig.settle().unwrap();
    assert_eq!(status(&rig, &person), Status::InProgress);
    // who has been there needs no link, and has granted what a later refusal would be about
    rig.wait(3601);
    rig.settle().unwrap();
    assert_eq!(status(&rig, &person), Status::InProgress, "a dead link is nobody's matter any more");
}
