//! Where a grant rests, who opens it, and who replaces it.

use std::sync::Arc;
use std::time::Duration;

use idv_gateway::domain::{Lease, OnboardingKey, Status, Tenant};
use idv_gateway::gateway::Line;
use idv_gateway::ports::{Ledger, Login, LoginKey, ProviderError, SharedLogin, TenantConfig, Vault};
use idv_gateway::secret::Secret;
use idv_it::rig::drive::at_once;
use idv_it::rig::pulse::{Task, breath, run};
use idv_it::rig::setup::connection;
use idv_it::rig::{Act, Mode, Rig, Setup};

use super::{comes, dlq, granting, mixed, send, status};

fn config(rig: &Rig, tenant: &str) -> Arc<TenantConfig> {
    at_once(rig.vault.tenant(&Tenant::parse(tenant).unwrap())).unwrap()
}

/// The grant of an onboarding, or of none, as an account sees it.
fn line<'a>(rig: &'a Rig, config: &'a TenantConfig, of: Option<&OnboardingKey>) -> Line<'a> {
    let name = connection(config.tenant.as_str()).name;
    let line = Line::new(&rig.gateway, config, &config.connections[&name], Duration::from_secs(10));
    match of {
        Some(key) => line.of(key),
        None => line,
    }
}

async fn put(grant: &dyn Login, text: &str) -> Result<bool, ProviderError> {
    let shared = grant.read().await?;
    let Some(turn) = grant.take(shared.generation).await? else { return Ok(false) };
    grant.replace(&turn, &Secret::from(text.to_owned())).await
}

/// What is read there, if it is that.
fn reads(rig: &Rig, tenant: &str, of: &OnboardingKey, text: &str) -> Result<(u64, Option<bool>), ProviderError> {
    let config = config(rig, tenant);
    let line = line(rig, &config, Some(of));
    let shared = run(&rig.chaos, line.reach().grant.read()).done().unwrap()?;
    Ok((shared.generation, shared.login.map(|login| login.matches(text.as_bytes()))))
}

fn puts(rig: &Rig, of: &OnboardingKey, text: &str) -> Result<bool, ProviderError> {
    let config = config(rig, of.tenant.as_str());
    let line = line(rig, &config, Some(of));
    run(&rig.chaos, put(line.reach().grant, text)).done().unwrap()
}

/// The ledger's own row, put under another key as if somebody could write there.
fn plants(rig: &Rig, at: &LoginKey, sealed: &str) {
    let stood = at_once(rig.ledger.login(at)).unwrap();
    let lease = Lease { until: rig.now() + Duration::from_secs(1), fence: "planted".to_owned() };
    at_once(rig.ledger.lease_login(at, stood.generation, &lease, rig.now())).unwrap();
    let login = SharedLogin { generation: stood.generation + 1, sealed: Some(sealed.to_owned()) };
    assert!(at_once(rig.ledger.replace_login(at, "planted", &login)).unwrap());
}

fn sealed(rig: &Rig, at: &LoginKey) -> String {
    at_once(rig.ledger.login(at)).unwrap().sealed.unwrap()
}

#[test]
fn a_grant_opens_with_its_onboardings_own_key_alone() {
    let mut rig = Rig::new(&Setup { tenants: vec!["acme".to_owned(), "beta".to_owned()], ..granting() });
    let (one, other) = (rig.begin("acme", "key-1").key, rig.begin("acme", "key-2").key);
    let theirs = rig.begin("beta", "key-1").key;
    assert_eq!(reads(&rig, "acme", &one, ""), Ok((0, None)));
    assert_eq!(puts(&rig, &one, "granted by one"), Ok(true));
    assert_eq!(reads(&rig, "acme", &one, "granted by one"), Ok((1, Some(true))));
    let own = sealed(&rig, &LoginKey::Onboarding(one.clone()));
    assert!(!own.contains("granted"));
    assert_eq!(reads(&rig, "acme", &other, ""), Ok((0, None)));
    for (tenant, key) in [("acme", &other), ("beta", &theirs)] {
        plants(&rig, &LoginKey::Onboarding(key.clone()), &own);
        assert_eq!(reads(&rig, tenant, key, "granted by one"), Ok((1, None)), "{tenant}: not theirs");
    }
    // the tenant's own keys open neither a grant as the account's login nor the other way round
    let config = config(&rig, "acme");
    let account = line(&rig, &config, None);
    assert_eq!(run(&rig.chaos, put(account.reach().login, "the account's")).done().unwrap(), Ok(true));
    let accounts = LoginKey::Connection(connection("acme"));
    plants(&rig, &LoginKey::Onboarding(one.clone()), &sealed(&rig, &accounts));
    assert_eq!(reads(&rig, "acme", &one, "the account's"), Ok((2, None)));
    plants(&rig, &accounts, &own);
    let shared = run(&rig.chaos, account.reach().login.read()).done().unwrap().unwrap();
    assert_eq!((shared.generation, shared.login.is_some()), (2, false));
}

/// Also somebody who could copy the sealed key along with what it seals gets nowhere: it is bound to its onboarding.
#[test]
fn a_copied_key_opens_nothing_for_another() {
    let mut rig = Rig::new(&Setup { tenants: vec!["acme".to_owned(), "beta".to_owned()], ..granting() });
    let one = rig.begin("acme", "key-1").key;
    assert_eq!(puts(&rig, &one, "granted by one"), Ok(true));
    let wrapped = at_once(rig.ledger.key(&one)).unwrap().unwrap();
    let own = sealed(&rig, &LoginKey::Onboarding(one.clone()));
    for tenant in ["acme", "beta"] {
        let other = rig.begin(tenant, "key-2").key;
        at_once(rig.ledger.destroy_key(&other)).unwrap();
        at_once(rig.ledger.put_key(&other, &wrapped)).unwrap();
        plants(&rig, &LoginKey::Onboarding(other.clone()), &own);
        assert!(
            matches!(reads(&rig, tenant, &other, "granted by one"), Err(ProviderError::Unavailable(_))),
            "{tenant}"
        );
    }
}

#[test]
fn where_work_is_about_no_onboarding_there_is_no_grant() {
    let mut rig = Rig::new(&granting());
    let begun = rig.begin("acme", "key-1");
    assert_eq!(puts(&rig, &begun.key, "granted"), Ok(true));
    let config = config(&rig, "acme");
    let line = line(&rig, &config, None);
    let grant = line.reach().grant;
    let turn = idv_gateway::ports::Turn { generation: 0, fence: String::new() };
    let points = rig.chaos.points().len();
    assert!(matches!(at_once(grant.read()), Err(ProviderError::Unavailable(_))));
    assert!(matches!(at_once(grant.take(0)), Err(ProviderError::Unavailable(_))));
    assert!(matches!(at_once(grant.replace(&turn, &Secret::from(Vec::new()))), Err(ProviderError::Unavailable(_))));
    at_once(grant.give_back(&turn));
    assert_eq!(rig.chaos.points().len(), points, "and nothing is asked for it");
}

#[test]
fn erasing_destroys_a_grant_and_nothing_that_was_under_way_revives_it() {
    let mut rig = Rig::new(&granting());
    let begun = rig.begin("acme", "key-1");
    assert_eq!(puts(&rig, &begun.key, "granted"), Ok(true));
    let config = config(&rig, "acme");
    let line = line(&rig, &config, Some(&begun.key));
    let grant = line.reach().grant;
    let turn = run(&rig.chaos, grant.take(1)).done().unwrap().unwrap().unwrap();
    let erase = serde_json::json!({
        "action": "erase", "tenant": "acme", "onboarding_id": begun.key.id, "idempotency_key": "key-2",
    });
    assert!(rig.ask(None, erase).done().unwrap().get("erased_at").is_some());
    let newer = Secret::from("refreshed".to_owned());
    assert!(!matches!(run(&rig.chaos, grant.replace(&turn, &newer)).done().unwrap(), Ok(true)));
    assert!(run(&rig.chaos, grant.take(0)).done().unwrap().is_err());
    assert_eq!(reads(&rig, "acme", &begun.key, ""), Ok((0, None)));
    let contents = rig.ledger.contents();
    assert!(contents.keys.is_empty() && contents.logins.is_empty());
}

/// Both renew what they read; whoever is second finds the first's.
#[test]
fn of_two_replacers_one_at_a_time_writes_and_the_other_reads_again() {
    for seed in 0..300_u64 {
        let mut rig = Rig::new(&granting());
        let begun = rig.begin("acme", "key-1");
        assert_eq!(puts(&rig, &begun.key, "first"), Ok(true));
        let config = config(&rig, "acme");
        let (one, other) = (line(&rig, &config, Some(&begun.key)), line(&rig, &config, Some(&begun.key)));
        let renew = |line: &'static str, grant| async move { renewed(grant, line).await };
        let tasks =
            vec![Task::new(renew("one's", one.reach().grant)), Task::new(renew("other's", other.reach().grant))];
        let ends: Vec<Result<bool, ProviderError>> = mixed(seed, tasks);
        let written = ends.iter().filter(|end| **end == Ok(true)).count();
        assert!(written >= 1, "seed {seed}: {ends:?}");
        let texts = ["one's", "other's"].map(|text| reads(&rig, "acme", &begun.key, text).unwrap());
        assert_eq!(usize::try_from(texts[0].0).unwrap(), 1 + written, "seed {seed}: {ends:?}");
        assert_eq!(texts.iter().filter(|text| text.1 == Some(true)).count(), 1, "seed {seed}");
    }
}

/// A rotation in one piece of work: two tokens of one generation are never both kept.
async fn renewed(grant: &dyn Login, text: &str) -> Result<bool, ProviderError> {
    let shared = grant.read().await?;
    let Some(turn) = grant.take(shared.generation).await? else { return Ok(false) };
    for _ in 0..3 {
        breath().await;
    }
    grant.replace(&turn, &Secret::from(text.to_owned())).await
}

/// The provider has answered, we die: the right lapses, and the person comes again.
#[test]
fn whoever_dies_with_a_new_token_holds_the_grant_up_for_seconds() {
    for mode in [Mode::KillBefore, Mode::KillAfter, Mode::FailBefore, Mode::FailAfter] {
        let mut rig = Rig::new(&granting());
        let person = send(&rig, "key-1");
        rig.settle().unwrap();
        rig.provider("acme").act(&person.begun.run, Act::Begin);
        rig.chaos.strike("ledger.replace_login", mode);
        comes(&rig, &person, "code-1");
        rig.pump();
        assert_eq!((rig.chaos.struck(), rig.provider("acme").tokens().len()), (1, 1));
        comes(&rig, &person, "another-code");
        rig.play_for(Duration::from_secs(60));
        assert_eq!(status(&rig, &person), Status::InProgress, "{mode:?}");
        rig.settle().unwrap();
        assert_eq!((status(&rig, &person), dlq(&rig)), (Status::InProgress, 0), "{mode:?}");
    }
}
