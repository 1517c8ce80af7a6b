//! Everybody's events arrive at everybody's address: only the owner's ledger changes.

use std::collections::BTreeMap;

use idv_gateway::config::{Rules, read_tenant};
use idv_gateway::domain::{Onboarding, Status, Tenant};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::{SubjectState, TenantConfig};
use idv_simulators::onfido::{Act, Decision, Endpoint, Forgery, Outcome, RequestRecord, Seal};
use serde_json::{Value, json};

use super::plan::{ACCOUNT, Plan, days, minutes};
use super::stand::{Begun, Stand};

const TENANTS: [&str; 3] = ["acme", "bolt", "cade"];

fn strangers(owner: &str) -> impl Iterator<Item = &'static str> {
    TENANTS.into_iter().filter(move |tenant| *tenant != owner)
}

/// What every other tenant has.
fn others(stand: &Stand, owner: &str) -> Vec<Onboarding> {
    strangers(owner).flat_map(|tenant| stand.of_tenant(tenant)).collect()
}

fn all_accepted(stand: &Stand) {
    let refused: Vec<_> = stand.onfido.webhooks_sent().into_iter().filter(|sent| !sent.accepted()).collect();
    assert!(refused.is_empty(), "{refused:?}");
}

fn by_path(requests: &[RequestRecord]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for request in requests {
        *counts.entry(request.path.as_str()).or_default() += 1;
    }
    counts
}

/// Each with a classic run whose check is under way, and all quiet.
async fn three() -> (Stand, BTreeMap<&'static str, (Begun, String)>) {
    let mut stand = Stand::new(Plan::of(&TENANTS)).await;
    let mut begun = BTreeMap::new();
    for tenant in TENANTS {
        let run = stand.begin_classic(tenant, "key-1").await;
        let check = stand.submitted(&run, "key-2").await;
        begun.insert(tenant, (run, check));
    }
    stand.play_for(minutes(2)).await;
    (stand, begun)
}

/// Not a stranger of ours, but one who has nothing yet.
fn is_remembered(stand: &Stand, tenant: &str, kind: &str, id: &str) -> bool {
    let record = stand.subject(tenant, kind, id).unwrap_or_else(|| panic!("{tenant}: {kind} is not remembered"));
    let week = stand.now() + days(7);
    let until = record.until.unwrap();
    record.state == SubjectState::Stranger && until <= week && until > week - minutes(60)
}

#[tokio::test]
async fn only_the_owners_ledger_changes_and_a_stranger_costs_one_question() {
    let (mut stand, begun) = three().await;
    stand.scheduled = false;
    for (owner, outcome, expected) in [
        ("acme", Outcome::Clear, Status::Approved),
        ("bolt", Outcome::Suspected, Status::Rejected),
        ("cade", Outcome::Clear, Status::Approved),
    ] {
        let (run, check) = &begun[owner];
        let (mark, before) = (stand.mark(), others(&stand, owner));
        stand.onfido.act(check, Act::complete_with("document", outcome)).unwrap();
        stand.play_for(minutes(1)).await;
        assert_eq!(stand.status(run), expected, "{owner}");
        assert_eq!(others(&stand, owner), before, "{owner}: nobody else's has moved");
        let reports = stand.onfido.reports_of(check);
        for stranger in strangers(owner) {
            let asked = stand.asked(stranger, mark);
            assert_eq!(stand.looks(stranger, mark), 0, "{stranger} looked at {owner}'s");
            for report in reports.values() {
                let asked_for = asked.iter().filter(|request| request.path.ends_with(report)).count();
                assert!(asked_for <= 1, "{:?}", by_path(&asked));
                assert!(is_remembered(&stand, stranger, "report", report));
            }
            assert!(is_remembered(&stand, stranger, "check", check));
            assert!(
                is_remembered(&stand, stranger, "applicant", &run.root),
                "at once: ours are bound before any event"
            );
            // each of the three is led to the applicant by its check
            assert!(asked.len() <= 2 * reports.len() + 1, "{:?}", by_path(&asked));
        }
    }
    all_accepted(&stand);
    for tenant in TENANTS {
        assert_eq!(stand.of_tenant(tenant).len(), 1);
    }
    let dead = stand.bells.messages(QueueName::NoticesDlq);
    assert!(dead.is_empty(), "{dead:?}");
}

#[tokio::test]
async fn what_a_stranger_hears_again_costs_nothing_for_a_week() {
    let (mut stand, begun) = three().await;
    let (run, check) = &begun["acme"];
    stand.onfido.act(check, Act::complete()).unwrap();
    stand.play_for(minutes(1)).await;
    for after in [minutes(1), minutes(30), days(1), days(5)] {
        stand.play_for(after).await;
        let (mark, before) = (stand.mark(), others(&stand, "acme"));
        let sent = stand.onfido.webhooks_sent().len();
        stand.onfido.send_again(check);
        stand.play_for(minutes(1)).await;
        assert!(stand.onfido.webhooks_sent().len() >= sent + 9, "they were sent again, to all three");
        for stranger in strangers("acme") {
            assert_eq!(stand.resolves(stranger, mark), 0, "{after:?}: {:?}", by_path(&stand.asked(stranger, mark)));
        }
        let states = |all: Vec<Onboarding>| all.into_iter().map(|it| it.truth.status).collect::<Vec<_>>();
        assert_eq!(states(others(&stand, "acme")), states(before));
    }
    all_accepted(&stand);
    assert_eq!(stand.status(run), Status::Approved);
    stand.play_for(days(2)).await;
    let mark = stand.mark();
    stand.onfido.send_again(check);
    stand.play_for(minutes(1)).await;
    assert!(stand.resolves("bolt", mark) > 0, "a week is over: asked once more");
    assert_eq!(stand.of_tenant("bolt").len(), 1);
}

#[tokio::test]
async fn a_run_of_the_studio_names_its_owner_and_nobody_else_takes_it() {
    let mut stand = Stand::new(Plan::of(&TENANTS)).await;
    let mut runs = BTreeMap::new();
    for tenant in TENANTS {
        runs.insert(tenant, stand.begin_studio(tenant, "key-1").await);
    }
    stand.play_for(minutes(20)).await;
    stand.scheduled = false;
    for (owner, decision, expected) in [
        ("acme", Decision::Approved, Status::Approved),
        ("bolt", Decision::Declined, Status::Rejected),
        ("cade", Decision::Review, Status::InReview),
    ] {
        let (run, mark, before) = (&runs[owner], stand.mark(), others(&stand, owner));
        stand.onfido.perform(&run.root, Act::whole_run(decision)).unwrap();
        stand.play_for(minutes(1)).await;
        assert_eq!(stand.status(run), expected, "{owner}");
        assert_eq!(others(&stand, owner), before, "{owner}: nobody else's has moved");
        for stranger in strangers(owner) {
            assert!(is_remembered(&stand, stranger, "workflow_run", &run.root));
            let asked = stand.asked(stranger, mark);
            let there = asked.iter().filter(|request| request.path.ends_with(&run.root)).count();
            assert!(there <= 1, "{:?}", by_path(&asked));
        }
    }
    all_accepted(&stand);
    for tenant in TENANTS {
        assert!(stand.count(tenant, 0, &[Endpoint::GetRun]) > 0);
        assert_eq!(stand.of_tenant(tenant).len(), 1);
    }
}

/// The Dashboard's own checks are of nobody here; who is asked and how often is the same.
#[tokio::test]
async fn what_no_client_made_is_everybodys_stranger() {
    let mut stand = Stand::new(Plan::of(&TENANTS)).await;
    let check = stand.onfido.check_elsewhere(Some(ACCOUNT), None);
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.play_for(minutes(60)).await;
    all_accepted(&stand);
    let report = stand.onfido.reports_of(&check)["document"].clone();
    let heard = |record: &RequestRecord| record.path.ends_with(&report);
    for tenant in TENANTS {
        assert!(stand.of_tenant(tenant).is_empty());
        assert_eq!(stand.asked(tenant, 0).into_iter().filter(heard).count(), 1);
        assert_eq!(stand.subject(tenant, "check", &check).map(|it| it.state), Some(SubjectState::Stranger));
        assert_eq!(stand.looks(tenant, 0), 0);
    }
}

/// With `webhook_ids` a classic check's events go to its own client's address alone: nobody has to ask anything.
#[tokio::test]
async fn checks_that_name_their_webhook_bother_nobody() {
    let mut stand = Stand::new(Plan { own_webhooks: true, ..Plan::of(&TENANTS) }).await;
    let run = stand.begin_classic("acme", "key-1").await;
    let check = stand.submitted(&run, "key-2").await;
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.play_for(minutes(1)).await;
    assert_eq!(stand.status(&run), Status::Approved);
    let to: Vec<_> = stand.onfido.webhooks_sent().into_iter().map(|sent| sent.webhook).collect();
    assert!(to.len() >= 4 && to.iter().all(|webhook| *webhook == stand.webhooks["acme"]), "{to:?}");
    for stranger in strangers("acme") {
        assert!(stand.asked(stranger, 0).is_empty());
    }
}

#[tokio::test]
async fn a_signature_of_somebody_else_is_refused_and_asks_nothing() {
    let (mut stand, begun) = three().await;
    let (run, check) = &begun["acme"];
    let ids: Vec<String> = stand.onfido.reports_of(check).into_values().chain([check.clone()]).collect();
    let (mark, before) = (stand.mark(), stand.ledger.contents().onboardings);
    let address = stand.address("acme");
    let to_acme = |count| Forgery::invented(address.clone(), count).about(ids.clone());
    for token in [stand.signing_token("bolt"), stand.signing_token("cade"), "x".repeat(32), String::new()] {
        let answers = stand.onfido.forge(to_acme(6).signed_with(token)).await;
        assert_eq!(answers, BTreeMap::from([(401, 6)]));
    }
    let own = stand.signing_token("acme");
    for seal in [
        Seal::Absent,
        Seal::Empty,
        Seal::WrongToken,
        Seal::Reserialised,
        Seal::Truncated,
        Seal::Twice,
        Seal::Joined,
        Seal::JoinedWithWrong,
        Seal::UpperCase,
        Seal::Prefixed,
        Seal::Sha1,
        Seal::OtherBody,
    ] {
        let answers = stand.onfido.forge(to_acme(3).signed_with(&own).sealed(seal)).await;
        assert_eq!(answers, BTreeMap::from([(401, 3)]), "{seal:?}");
    }
    let names = [stand.address("nobody"), stand.address("ACME"), stand.address("acme/extra")];
    for address in names {
        let forgery = Forgery::invented(address.clone(), 1).about(ids.clone()).signed_with(&own);
        assert_eq!(stand.onfido.forge(forgery).await, BTreeMap::from([(401, 1)]), "{address}");
    }
    assert!(stand.bells.notices().is_empty(), "nothing was queued");
    stand.play_for(minutes(1)).await;
    assert_eq!((stand.mark(), stand.ledger.contents().onboardings), (mark, before));
    assert_eq!(stand.onfido.forge(to_acme(3).signed_with(&own)).await, BTreeMap::from([(200, 3)]));
    stand.play_for(minutes(1)).await;
    assert_eq!(stand.status(run), Status::Submitted, "a true signature makes us look, and nothing else");
}

fn strangers_of(stand: &Stand) -> usize {
    stand.ledger.contents().subjects.into_values().filter(|it| it.state == SubjectState::Stranger).count()
}

/// Somebody who has one client's signing token, and nothing else: one question for each invention, never a status.
#[tokio::test]
async fn inventions_with_a_true_signature_cost_one_question_each() {
    let (mut stand, begun) = three().await;
    stand.scheduled = false;
    let (mark, known) = (stand.mark(), strangers_of(&stand));
    let before: Vec<_> = begun.values().map(|(run, _)| stand.read(&run.key).truth).collect();
    let forgery = Forgery::invented(stand.address("acme"), 30).signed_with(stand.signing_token("acme"));
    assert_eq!(stand.onfido.forge(forgery).await, BTreeMap::from([(200, 30)]));
    stand.play_for(minutes(5)).await;
    let asked = stand.asked("acme", mark);
    assert_eq!(asked.len(), 30, "{:#?}", by_path(&asked));
    assert!(by_path(&asked).values().all(|&count| count == 1));
    assert!(asked.iter().all(|request| request.status == Some(404)));
    let after: Vec<_> = begun.values().map(|(run, _)| stand.read(&run.key).truth).collect();
    assert_eq!(after, before);
    assert_eq!(strangers_of(&stand), known + 30);
}

/// A rotation: both tokens count while both are listed, the old one not after.
#[tokio::test]
async fn a_rotated_token_is_accepted_beside_the_new_one() {
    let plan = Plan::of(&["acme"]);
    let stand = Stand::new(Plan::of(&["acme"])).await;
    let (old, new) = (stand.signing_token("acme"), "n".repeat(32));
    let send = async |token: &str| {
        let forgery = Forgery::invented(stand.address("acme"), 1).on("audit_log.created").signed_with(token);
        stand.onfido.forge(forgery).await.into_keys().collect::<Vec<_>>()
    };
    let with = |secrets: &[&str]| {
        let mut configuration = stand.configuration("acme", &plan);
        configuration["connections"]["onfido"]["webhook"]["hmac"] =
            secrets.iter().map(|secret| json!({"secret": secret})).collect();
        stand.configured("acme", &configuration)
    };
    assert_eq!((send(&old).await, send(&new).await), (vec![200], vec![401]));
    stand.vault.rotate(with(&[&new, &old]));
    assert_eq!((send(&new).await, send(&old).await), (vec![200], vec![200]), "a refusal reads the secret anew");
    stand.vault.set(with(&[&new]));
    assert_eq!((send(&new).await, send(&old).await), (vec![200], vec![401]));
}

fn faults_of(stand: &Stand, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut configuration = stand.configuration("acme", &Plan::of(&["acme"]));
    change(&mut configuration["connections"]["onfido"]["settings"]);
    let rules = Rules { local_targets: true };
    let read: Result<TenantConfig, _> = read_tenant(&Tenant::parse("acme").unwrap(), &configuration, rules);
    read.err().unwrap_or_default().into_iter().map(|fault| fault.place).collect()
}

#[tokio::test]
async fn nobody_adopts_from_a_shared_account() {
    let stand = Stand::new(Plan::of(&["acme"])).await;
    let place = "tenants.acme.connections.onfido.settings.unknown_subject";
    assert_eq!(faults_of(&stand, |settings| settings["unknown_subject"] = json!("adopt")), [place]);
    assert!(faults_of(&stand, |settings| settings["unknown_subject"] = json!("stranger")).is_empty());
    let own = |settings: &mut Value| {
        settings["unknown_subject"] = json!("adopt");
        settings["shared_account"] = json!(false);
    };
    assert!(faults_of(&stand, own).is_empty(), "an account of one client alone may");
}

/// Of an account that is one client's alone, what was made elsewhere can be adopted, and is once.
#[tokio::test]
async fn an_account_of_ones_own_can_adopt() {
    let settings = json!({"shared_account": false, "unknown_subject": "adopt"});
    let mut stand = Stand::new(Plan { settings, ..Plan::default() }).await;
    let check = stand.onfido.check_elsewhere(Some(ACCOUNT), None);
    stand.play_for(minutes(1)).await;
    stand.onfido.act(&check, Act::complete()).unwrap();
    stand.play_for(minutes(30)).await;
    let all = stand.of_tenant("acme");
    let applicant = stand.onfido.truth(&check).unwrap().applicant;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].truth.status, Status::Approved);
    assert_eq!(all[0].identity.reference.as_str(), format!("applicant/{applicant}"));
}
