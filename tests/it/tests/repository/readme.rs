//! Every promise in the README names the test that proves it, and no name is dead.

use std::collections::BTreeMap;
use std::fs;

use super::root;

const GUARANTEES: usize = 11;

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

#[test]
fn every_named_test_exists() {
    let named = named(&readme());
    assert!(named.len() >= GUARANTEES, "{}", named.len());
    for (file, test) in named {
        let path = root().join(&file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(is_test(&text, &test), "{file} has no test {test}");
    }
}

#[test]
fn every_guarantee_has_a_proof() {
    let readme = readme();
    let section = readme.split("\n## ").find(|section| section.starts_with("What is guaranteed")).unwrap();
    let mut proofs: BTreeMap<usize, usize> = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with("| ")) {
        let number = row.trim_start_matches("| ").split(' ').next().and_then(|number| number.parse().ok());
        if let Some(number) = number {
            *proofs.entry(number).or_default() += named(row).len();
        }
    }
    assert_eq!(proofs.keys().copied().collect::<Vec<_>>(), (1..=GUARANTEES).collect::<Vec<_>>());
    let bare: Vec<_> = proofs.iter().filter(|(_, count)| **count == 0).collect();
    assert!(bare.is_empty(), "{bare:?}");
}

#[test]
fn every_link_leads_somewhere() {
    let folder = root();
    let mut pages = vec![folder.join("README.md"), folder.join("SECURITY.md")];
    pages.extend(fs::read_dir(folder.join("docs/adr")).unwrap().map(|entry| entry.unwrap().path()));
    let mut links = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap();
            if target.starts_with("http") || target.starts_with('#') {
                continue;
            }
            let file = target.split('#').next().unwrap();
            assert!(page.parent().unwrap().join(file).exists(), "{}: {target}", page.display());
            links += 1;
        }
    }
    assert!(links > 10, "{links}");
}

/// The two commands are the ones that the checks run.
#[test]
fn the_commands_are_those_of_the_checks() {
    let (readme, checks) = (readme(), fs::read_to_string(root().join(".ci/run")).unwrap());
    for command in ["cargo idv demo --once", "cargo test --workspace"] {
        assert!(readme.contains(&format!("\n{command}\n")), "{command} in the README");
        assert!(checks.contains(command), "{command} in .ci/run");
    }
}

/// `path/to/file.rs::name`, as code.
fn named(text: &str) -> Vec<(String, String)> {
    let spans = text.split('`').skip(1).step_by(2);
    let names = spans.filter_map(|span| span.split_once(".rs::"));
    names.map(|(file, test)| (format!("{file}.rs"), test.to_owned())).collect()
}

/// The attribute stands at most a few lines above the name.
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let heads = [format!("fn {name}("), format!("fn {name}<")];
    let mut found = lines.iter().enumerate().filter(|(_, line)| heads.iter().any(|head| line.contains(head)));
    found.any(|(at, _)| {
        lines[at.saturating_sub(6)..at].iter().any(|line| line.contains("test]") || line.contains("test("))
    })
}
