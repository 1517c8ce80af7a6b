//! The configuration file: read by the gateway's own reader, so that what passes here is what the functions take.

use std::path::Path;
use std::process::ExitCode;

use idv_gateway::config::{self, Rules};
use idv_gateway::section::Fault;
use serde_json::Value;

use crate::say::to_people;

/// Reads and checks a file; else gives every error with its place.
pub(crate) fn read(path: &Path, local_targets: bool) -> Result<Value, Vec<String>> {
    let text = std::fs::read_to_string(path).map_err(|error| vec![format!("the file cannot be read: {error}")])?;
    check(&text, local_targets)
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
    fn what_is_no_json_is_said_with_line_and_column() {
        let errors = check("{\n  \"tenants\": }", true).err().unwrap_or_default();
        assert!(errors.iter().any(|error| error.contains("line 2")), "{errors:?}");
    }
}
