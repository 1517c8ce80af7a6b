//! The generated reference is what the code says, and its examples are what the gateway takes and gives.

use std::collections::BTreeSet;
use std::fs;

use idv_gateway::adapters::dynamodb::items::ITEM_KINDS;
use idv_gateway::config::{Rules, read_file};
use idv_gateway::domain::{OnboardingId, Tenant};
use idv_gateway::invoke::request::{Action, Request};
use idv_gateway::ports::Wish;
use idv_reference::{ACTIONS, EXAMPLE_CONFIGURATION, FOLDER, compare, examples, pages};
use serde_json::Value;

use super::{root, sources};

#[test]
fn the_pages_are_what_the_code_says() {
    let drift = compare(&root(), &pages(&root()).unwrap()).unwrap();
    assert!(drift.is_empty(), "`cargo idv reference` writes them anew: {drift:#?}");
}

#[test]
fn every_example_fits_its_schema() {
    let folder = root().join(FOLDER).join("schemas");
    let mut checked = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let schema: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
        compiler.add_resource("schema.json", schema.clone()).unwrap();
        let compiled = compiler.compile("schema.json", &mut schemas).unwrap();
        let examples = schema.get("examples").and_then(Value::as_array).unwrap();
        assert!(!examples.is_empty(), "{}", path.display());
        for example in examples {
            let verdict = schemas.validate(example, compiled);
            assert!(verdict.is_ok(), "{}: {}", path.display(), verdict.unwrap_err());
            checked += 1;
        }
        let object = Value::Object(serde_json::Map::new());
        assert!(schemas.validate(&object, compiled).is_err(), "{} takes anything", path.display());
    }
    assert!(checked >= 2 * ACTIONS.len(), "{checked}");
}

#[test]
fn every_action_has_an_example_that_is_read() {
    let examples = examples().unwrap();
    let shown: BTreeSet<&str> = examples.iter().map(|example| example.action).collect();
    assert_eq!(shown, ACTIONS.iter().copied().collect());
    for example in examples {
        let read = Request::read(example.request.clone()).map_err(|refusal| refusal.json());
        assert!(read.is_ok(), "{}: {}", example.action, read.err().unwrap_or_default());
        assert!(example.answer.get("error").is_none(), "{}", example.action);
    }
}

/// The gateway's reader leaves `subject` and `options` to the provider.
#[test]
fn the_example_of_start_is_what_the_provider_takes() {
    let configuration = read_file(EXAMPLE_CONFIGURATION, Rules::default()).ok().unwrap();
    let starts = examples().unwrap().into_iter().filter(|example| example.action == "start");
    for example in starts {
        let request = Request::read(example.request).ok().unwrap();
        let Action::Start(start) = request.action else { continue };
        let (tenant, _) = &configuration.tenants[&Tenant::parse("acme").unwrap()];
        let wish = Wish {
            onboarding: OnboardingId::parse("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap(),
            attempt: 1,
            kind: start.subject.kind,
            subject: start.subject.fields,
            channel: start.channel,
            return_url: None,
            options: start.options,
            before: None,
        };
        let faults = tenant.connection(&start.connection).unwrap().account.check(&wish).err().unwrap_or_default();
        assert!(faults.is_empty(), "{faults:?}");
    }
}

/// Each attribute that the adapter names stands in the table of items.
#[test]
fn every_attribute_of_the_ledger_is_described() {
    let names = ITEM_KINDS.iter().flat_map(|kind| kind.attributes).flat_map(|(names, _)| names.split([',', '…']));
    let described: BTreeSet<&str> = names.map(str::trim).filter(|name| !name.is_empty()).collect();
    // words that are no attributes: sort keys, states, an index, paths into one
    let others =
        ["onboarding", "subject", "claim", "change#", "claim#", "list", "bound", "parked", "stranger", "erased"];
    let adapter = sources().into_iter().filter(|source| source.path.starts_with("shared/src/adapters/dynamodb/"));
    let mut found = 0;
    for source in adapter.filter(|source| !source.path.ends_with("items.rs")) {
        for line in source.text.lines().filter(|line| line.contains("const ") && line.contains(": &str = \"")) {
            let name = line.split('"').nth(1).unwrap_or_default();
            let attribute = name.split('.').next().unwrap_or_default();
            assert!(described.contains(attribute) || others.contains(&name), "{}: {name}", source.path);
            found += 1;
        }
    }
    assert!(found > 30, "{found}");
}

/// What is logged can be counted: every call names its event. The page of log events lists those that do.
#[test]
fn every_log_call_names_its_event() {
    let mut found = 0;
    for source in sources().into_iter().filter(|source| !source.is_test()) {
        if !source.path.starts_with("shared/src/") && !source.path.starts_with("functions/") {
            continue;
        }
        let code = source.code();
        for level in ["error!(", "warn!(", "info!(", "debug!(", "trace!("] {
            for (at, _) in code.match_indices(level) {
                let arguments = code[at + level.len()..].trim_start();
                let line = arguments.lines().next().unwrap_or_default();
                assert!(arguments.starts_with("event = \""), "{} logs without an event: {line}", source.path);
                found += 1;
            }
        }
    }
    assert!(found > 40, "{found}");
}
