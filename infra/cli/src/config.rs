//! The configuration file: read by the gateway's own reader, so that what passes here is what the functions take.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use idv_gateway::config::{self, Rules};
use idv_gateway::section::Fault;
use serde_json::Value;

use crate::say::to_people;

/// Reads and checks a file; else gives every error with its place.
pub(crate) fn read(path: &Path, local_targets: bool) -> Result<Value, Vec<String>> {
    let text = std::fs::read_to_string(path).map_err(|error| vec![format!("the file cannot be read: {error}")])?;
    let configuration = check(&text, local_targets)?;
    unsigned(&text, local_targets).iter().for_each(|place| {
        to_people(&format!(
            "{place}: its webhooks are answered 503 until `idv connection register` has stored what they are signed with"
        ));
    });
    let targets = targets(&configuration);
    if !local_targets && !targets.is_empty() {
        to_people("changes go to these only if AllowedQueueArns or AllowedEventBusArns of the stack lists them:");
        targets.iter().for_each(|arn| to_people(&format!("  {arn}")));
    }
    Ok(configuration)
}

/// Connections whose provider makes the signing secret, and whose secret is not there yet.
fn unsigned(text: &str, local_targets: bool) -> Vec<String> {
    let Ok(configuration) = config::read_file(text, Rules { local_targets }) else { return Vec::new() };
    let connections = configuration.tenants.values().flat_map(|(tenant, _)| tenant.connections.values());
    let unsigned = connections.filter(|one| one.account.makes_signing_secret() && one.proofs.hmac.is_empty());
    unsigned.map(|one| format!("tenants.{}.connections.{}", one.key.tenant, one.key.name)).collect()
}

/// The queues and event buses that a configuration names.
fn targets(configuration: &Value) -> BTreeSet<String> {
    let below = |values: &mut dyn Iterator<Item = &Value>| values.flat_map(targets).collect::<BTreeSet<_>>();
    match configuration {
        Value::Object(members) => {
            let named = ["queue_arn", "bus_arn"].into_iter().filter_map(|name| members.get(name)?.as_str());
            let named: BTreeSet<String> = named.map(str::to_owned).collect();
            &named | &below(&mut members.values())
        }
        Value::Array(items) => below(&mut items.iter()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => BTreeSet::new(),
    }
}

/// Checks a text.
pub(crate) fn check(text: &str, local_targets: bool) -> Result<Value, Vec<String>> {
    let told = |faults: Vec<Fault>| faults.iter().map(Fault::to_string).collect::<Vec<_>>();
    config::read_file(text, Rules { local_targets }).map_err(told)?;
    serde_json::from_str(text).map_err(|error| vec![error.to_string()])
}

/// Lists the errors and gives the exit code for them.
pub(crate) fn refuse(path: &Path, errors: &[String]) -> ExitCode {
    to_people(&format!("{}: {} to correct", path.display(), errors.len()));
    for error in errors {
        to_people(&format!("  {error}"));
    }
    ExitCode::from(crate::WRONG_INPUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_listed_with_its_place() {
        let text = r#"{"tenants": {"acme": {"connections": 1, "unheard": 2}}, "other": 3}"#;
        let errors = check(text, true).err().unwrap_or_default();
        for place in ["tenants.acme.connections", "tenants.acme.unheard", "other"] {
            assert!(errors.iter().any(|error| error.contains(place)), "{place}: {errors:?}");
        }
    }

    #[test]
    fn targets_are_found_wherever_they_stand() {
        let bus = serde_json::json!({"tenants": {
            "acme": {"delivery": {"kind": "sqs", "queue_arn": "q"}},
            "beta": {"connections": {"ondato": {"delivery": {"kind": "eventbridge", "bus_arn": "b", "source": "s"}}}},
        }});
        assert_eq!(targets(&bus), BTreeSet::from(["b".to_owned(), "q".to_owned()]));
        assert!(targets(&serde_json::json!({"tenants": {}, "aliases": []})).is_empty());
    }

    #[test]
    fn what_is_no_json_is_said_with_line_and_column() {
        let errors = check("{\n  \"tenants\": }", true).err().unwrap_or_default();
        assert!(errors.iter().any(|error| error.contains("line 2")), "{errors:?}");
    }
}
