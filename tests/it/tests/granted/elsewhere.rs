//! An event that another connection of the same tenant is to look into.

use std::sync::Arc;

use idv_gateway::domain::{ConnectionKey, ConnectionName, Notice, SubjectKey};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::{Connection, SubjectState, TenantConfig};
use idv_it::rig::provider::Desk;
use idv_it::rig::setup::{connection, token};
use idv_it::rig::{Granting, Rig, Setup};
use serde_json::json;

use super::dlq;

fn setup(provider: &'static str) -> Setup {
    let granting = Granting { elsewhere: Some(("vault", provider)), ..Granting::default() };
    Setup { granting: Some(granting), tenants: vec!["acme".to_owned(), "beta".to_owned()], ..Setup::default() }
}

fn vault(tenant: &str) -> ConnectionKey {
    ConnectionKey { name: ConnectionName::parse("vault").unwrap(), ..connection(tenant) }
}

/// A tenant with a second connection.
fn with_vault(rig: &Rig, setup: &Setup, tenant: &str, change: impl FnOnce(&mut TenantConfig)) {
    let desk = || {
        let desk = Desk::new(rig.provider(tenant), Arc::clone(&rig.chaos), setup.recovery, None);
        Arc::new(desk.granting(setup.granting))
    };
    let mut config = setup.tenant(tenant, desk());
    let key = vault(tenant);
    let mut second = setup.tenant(tenant, desk());
    let other = second.connections.remove(&connection(tenant).name).unwrap();
    config.connections.insert(key.name.clone(), Connection { key, ..other });
    change(&mut config);
    rig.vault.set(config);
}

fn told(rig: &Rig, tenant: &str) -> u16 {
    let body = json!({ "type": "shared", "credential": "credential-1" }).to_string();
    let path = format!("/v1/webhooks/{tenant}/main");
    rig.knock(&path, &token(tenant), body.as_bytes()).done().unwrap().status
}

fn waiting(rig: &Rig) -> Vec<SubjectKey> {
    let messages = rig.bells.messages(QueueName::Notices);
    messages.iter().filter_map(|one| serde_json::from_str::<Notice>(&one.body).unwrap().subject()).collect()
}

#[test]
fn it_is_queued_for_that_connection_of_the_same_tenant_alone() {
    let setup = setup("desk");
    let mut rig = Rig::new(&setup);
    with_vault(&rig, &setup, "acme", |_| {});
    with_vault(&rig, &setup, "beta", |_| {});
    assert_eq!(told(&rig, "acme"), 200);
    let subjects = waiting(&rig);
    assert_eq!(subjects.len(), 1);
    assert_eq!(subjects[0].connection, vault("acme"));
    assert_eq!(subjects[0].resource.to_string(), "credential/credential-1");
    rig.play_for(std::time::Duration::from_secs(30));
    let known = rig.ledger.contents().subjects;
    let parked: Vec<_> =
        known.iter().filter(|(_, record)| matches!(record.state, SubjectState::Parked { .. })).collect();
    assert_eq!(parked.len(), 1, "nobody's yet, through that connection");
    assert_eq!(parked[0].0, &subjects[0]);
    assert_eq!(dlq(&rig), 0);
}

#[test]
fn what_we_have_configured_wrongly_is_sent_again_and_takes_nothing_down() {
    type Change = fn(&mut TenantConfig);
    let rows: [(&str, &'static str, Change); 6] = [
        ("off", "desk", |config| {
            config.connections.get_mut(&vault("acme").name).unwrap().enabled = false;
        }),
        ("missing", "desk", |config| {
            config.connections.remove(&vault("acme").name);
        }),
        ("of another provider", "another", |_| {}),
        ("a later version's", "desk", |config| {
            config.connections.remove(&vault("acme").name);
            config.unreadable.insert(vault("acme").name, "a later version's".to_owned());
        }),
        ("of another name", "desk", |config| {
            let moved = config.connections.remove(&vault("acme").name).unwrap();
            let name = ConnectionName::parse("vault-2").unwrap();
            config.connections.insert(name, moved);
        }),
        ("only another tenant has one", "desk", |config| {
            config.connections.remove(&vault("acme").name);
        }),
    ];
    for (name, provider, change) in rows {
        let setup = setup(provider);
        let mut rig = Rig::new(&setup);
        with_vault(&rig, &setup, "acme", change);
        with_vault(&rig, &setup, "beta", |_| {});
        assert_eq!(told(&rig, "acme"), 503, "{name}");
        assert!(waiting(&rig).is_empty(), "{name}");
        // everything else of the tenant is heard as before
        let begun = rig.begin("acme", "key-1");
        let event = rig.provider("acme").act(&begun.run, idv_it::rig::Act::Begin);
        let path = "/v1/webhooks/acme/main";
        let answer = rig.knock(path, &token("acme"), event.to_string().as_bytes()).done().unwrap();
        assert_eq!(answer.status, 200, "{name}");
        // and once it is put right, so is this
        with_vault(&rig, &setup, "acme", |_| {});
        assert_eq!(told(&rig, "acme"), if provider == "desk" { 200 } else { 503 }, "{name}");
    }
}

/// Nobody without the first connection's proof rings the second.
#[test]
fn it_counts_with_the_proof_of_the_connection_that_it_came_to() {
    let setup = setup("desk");
    let rig = Rig::new(&setup);
    with_vault(&rig, &setup, "acme", |_| {});
    let body = json!({ "type": "shared", "credential": "credential-1" }).to_string();
    let answer = rig.knock("/v1/webhooks/acme/main", &token("beta"), body.as_bytes()).done().unwrap();
    assert_eq!(answer.status, 401);
    assert!(waiting(&rig).is_empty());
}
