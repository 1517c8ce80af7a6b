//! A credential that was shared is told once.

use std::time::Duration;

use idv_gateway::domain::{ChangeKind, Status};
use idv_gateway::ports::Ledger;
use idv_it::rig::drive::at_once;
use idv_it::rig::{Act, Rig};
use serde_json::json;

use super::{Sent, comes, granting, send, status, truth};

fn granted(rig: &mut Rig) -> Sent {
    let sent = send(rig, "key-1");
    comes(rig, &sent, "code-1");
    rig.settle().unwrap();
    sent
}

fn looked(rig: &mut Rig, sent: &Sent) {
    rig.play_for(Duration::from_secs(10));
    rig.queue(&sent.begun.touched());
    rig.settle().unwrap();
}

/// The credentials that were told, in order, each with its word.
fn told(rig: &Rig, sent: &Sent) -> Vec<(String, String)> {
    let timeline = at_once(rig.ledger.timeline(&sent.begun.key)).unwrap();
    let told = timeline.into_iter().filter(|change| change.kind == ChangeKind::Credential);
    let fact = |change: idv_gateway::domain::Change| {
        let part = change.part.unwrap();
        (part.resource.to_string(), part.provider_status)
    };
    told.map(fact).collect()
}

fn row(id: &str, word: &str) -> (String, String) {
    (format!("credential/{id}"), word.to_owned())
}

#[test]
fn each_is_told_once_whatever_becomes_of_it() {
    let mut rig = Rig::new(&granting());
    let sent = granted(&mut rig);
    assert!(told(&rig, &sent).is_empty(), "neither a person nor a capture is one");
    let run = sent.begun.run.clone();
    let share = |rig: &Rig, id: &str, word| rig.provider("acme").share(&run, id, word);
    share(&rig, "one", Some("pending"));
    looked(&mut rig, &sent);
    assert_eq!(told(&rig, &sent), [row("one", "pending")]);
    looked(&mut rig, &sent);
    share(&rig, "one", Some("approved"));
    looked(&mut rig, &sent);
    assert_eq!(told(&rig, &sent), [row("one", "pending")], "that it was decided is another kind of change");
    let decided = |change: &idv_gateway::domain::Change| change.kind == ChangeKind::Part;
    assert_eq!(truth(&rig, &sent).changes.iter().filter(|change| decided(change)).count(), 1);
    share(&rig, "one", None);
    looked(&mut rig, &sent);
    let gone = truth(&rig, &sent).parts.into_iter().find(|part| part.is_credential()).unwrap();
    assert!(gone.gone);
    share(&rig, "one", Some("approved"));
    share(&rig, "two", Some("approved"));
    looked(&mut rig, &sent);
    assert_eq!(told(&rig, &sent), [row("one", "pending"), row("two", "approved")], "what comes back is not new");
    assert_eq!(status(&rig, &sent), Status::LinkIssued, "by itself it says nothing of the whole");
}

#[test]
fn it_is_delivered_in_its_order_and_stands_in_the_timeline() {
    let mut rig = Rig::new(&granting());
    let sent = granted(&mut rig);
    rig.provider("acme").share(&sent.begun.run, "one", Some("pending"));
    rig.provider("acme").act(&sent.begun.run, Act::Approve);
    looked(&mut rig, &sent);
    let accepted = rig.receiver.accepted();
    let kinds: Vec<&str> = accepted.iter().map(|heard| heard.kind.as_str()).collect();
    let versions: Vec<u64> = accepted.iter().map(|heard| heard.version).collect();
    assert!(versions.is_sorted(), "{versions:?}");
    let shared = kinds.iter().position(|kind| *kind == "onboarding.credential");
    let approved = kinds.iter().position(|kind| *kind == "onboarding.approved");
    assert!(shared.is_some() && shared < approved, "{kinds:?}");
    let heard = &accepted[shared.unwrap()];
    assert_eq!(heard.body["data"]["part"]["resource"]["id"], "one", "{}", heard.body);
    let timeline = json!({ "action": "timeline", "tenant": "acme", "onboarding_id": sent.begun.key.id });
    let timeline = rig.ask(None, timeline).done().unwrap();
    let all = timeline["changes"].as_array().unwrap_or_else(|| panic!("{timeline}"));
    let listed: Vec<_> = all.iter().filter(|change| change["kind"] == "credential").collect();
    assert_eq!(listed.len(), 1, "{timeline}");
}

/// Two fetchers, or a fault while what was found is written: still once.
#[test]
fn it_is_told_once_whatever_fails() {
    use idv_it::rig::{Mode, Setup};
    let play = |fault: Option<(usize, Mode)>| {
        let mut rig = Rig::new(&Setup { plan: fault.into_iter().collect(), ..granting() });
        let sent = granted(&mut rig);
        rig.play_for(Duration::from_secs(10));
        let from = rig.chaos.points().len();
        rig.provider("acme").share(&sent.begun.run, "one", Some("approved"));
        rig.queue(&sent.begun.touched());
        rig.settle().unwrap();
        assert_eq!(told(&rig, &sent), [row("one", "approved")], "{fault:?}");
        (from, rig.chaos.points())
    };
    let (from, points) = play(None);
    for (number, point) in points.iter().enumerate().skip(from) {
        for mode in Mode::ALL.into_iter().filter(|mode| mode.fits(point)) {
            play(Some((number, mode)));
        }
    }
}
