//! The stages: each is confirmed before it changes, and gives only parameters that there are.

use std::collections::{BTreeMap, BTreeSet};

use super::root;
use super::template::Template;

/// `[section]` → `name = "value"`, as far as this file uses TOML.
fn sections(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut sections: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut section = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        } else if let Some((name, value)) = line.split_once(" = ") {
            sections.entry(section.clone()).or_default().insert(name.to_owned(), value.trim_matches('"').to_owned());
        }
    }
    sections
}

#[test]
fn each_stage_is_confirmed_and_has_its_own_stack() {
    let sections = sections(&std::fs::read_to_string(root().join("infra/samconfig.toml")).unwrap());
    let template = Template::read();
    let parameters = template.at("/Parameters").as_object().unwrap();
    let mut stacks = BTreeSet::new();
    for stage in ["dev", "staging", "prod"] {
        let deploy = &sections[&format!("{stage}.deploy.parameters")];
        assert_eq!(deploy["confirm_changeset"], "true", "{stage}");
        assert_eq!(deploy["capabilities"], "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND", "{stage}");
        assert_eq!(deploy["disable_rollback"], "false", "{stage}");
        assert!(stacks.insert(&sections[&format!("{stage}.global.parameters")]["stack_name"]), "{stage}");
        let given: BTreeMap<&str, &str> =
            deploy["parameter_overrides"].split(' ').filter_map(|pair| pair.split_once('=')).collect();
        assert_eq!(given["Stage"], stage);
        for (name, value) in &given {
            let allowed = parameters.get(*name).unwrap_or_else(|| panic!("{stage}: there is no parameter {name}"));
            let values = allowed["AllowedValues"].as_array();
            assert!(
                values.is_none_or(|values| values.iter().any(|it| it.to_string().trim_matches('"') == *value)),
                "{name}"
            );
        }
        // nobody acts for every tenant by accident, and no release goes to all at once
        let strict = stage != "dev";
        assert_eq!(given.get("RequireTenantAlias").copied().unwrap_or("false"), if strict { "true" } else { "false" });
        assert_eq!(given.get("Canary").copied().unwrap_or("true"), if strict { "true" } else { "false" });
    }
    assert_eq!(sections["default.global.parameters"], sections["dev.global.parameters"]);
    assert_eq!(sections["default.deploy.parameters"], sections["dev.deploy.parameters"]);
}
