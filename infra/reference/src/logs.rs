//! The log events, read from the calls that write them: name, level, fields and the file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::ReferenceError;
use crate::pages::{Page, at, files_below};
use crate::table::{code, table};

const FOLDERS: [&str; 2] = ["shared/src", "functions"];
const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
const NAMED: &str = "event = \"";

pub(crate) fn page(root: &Path) -> Result<Page, ReferenceError> {
    let mut calls: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
    let mut files = Vec::new();
    for folder in FOLDERS {
        files_below(&root.join(folder), &mut files)?;
    }
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")) {
        let text = fs::read_to_string(file).map_err(at(file))?;
        let path = file.strip_prefix(root).unwrap_or(file).to_string_lossy().into_owned();
        for (name, level, fields) in events(&text) {
            let places = calls.entry((name, level, fields)).or_default();
            if !places.contains(&path) {
                places.push(path.clone());
            }
        }
    }
    let rows = calls.into_iter().map(|((name, level, fields), places)| {
        vec![code(name), level, fields, places.iter().map(code).collect::<Vec<_>>().join(", ")]
    });
    let body = format!(
        "One line of JSON each, on standard error. Fields are names, codes and ids; none holds a secret or a value of a \
         person.\n\n{}",
        table(&["`event`", "level", "fields", "where"], rows)
    );
    Ok(Page::of("logs.md", "Log events", "What the functions say while they work.", &body))
}

/// Calls such as `warn!(event = "name", tenant = %x, cause)`.
fn events(text: &str) -> Vec<(String, String, String)> {
    let starts = text.match_indices(NAMED).map(|(at, _)| at);
    let calls = starts.filter_map(|start| {
        let (before, after) = text.split_at_checked(start)?;
        let level = LEVELS.into_iter().find(|level| before.trim_end().ends_with(&format!("{level}!(")))?;
        let arguments = arguments(after)?;
        let mut parts = arguments.into_iter();
        let name = parts.next()?.trim_start_matches(NAMED).trim_end_matches('"').to_owned();
        let fields = parts.filter(|part| !part.starts_with('"')).filter_map(|part| {
            let name = part.split('=').next()?.trim().trim_start_matches(['%', '?']);
            Some(code(name.rsplit('.').next()?))
        });
        Some((name, level.to_owned(), fields.collect::<Vec<_>>().join(", ")))
    });
    calls.collect()
}

/// What stands between the commas, up to the closing bracket.
fn arguments(text: &str) -> Option<Vec<String>> {
    let (mut depth, mut quoted, mut parts) = (0_usize, false, vec![String::new()]);
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            '(' | '{' | '[' if !quoted => depth = depth.saturating_add(1),
            ')' if !quoted && depth == 0 => {
                return Some(
                    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect(),
                );
            }
            ')' | '}' | ']' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut()?.push(letter);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::events;

    #[test]
    fn a_call_is_read_with_its_level_and_fields() {
        let text = r#"warn!(event = "refused, twice", tenant = %key.tenant, connection = %f(a, b), cause, "words, here"); x(1)"#;
        let expected = ("refused, twice", "warn", "`tenant`, `connection`, `cause`");
        let found = events(text);
        let found: Vec<_> =
            found.iter().map(|(name, level, fields)| (name.as_str(), level.as_str(), fields.as_str())).collect();
        assert_eq!(found, [expected]);
        assert!(events("println!(event = \"x\")").is_empty());
    }
}
