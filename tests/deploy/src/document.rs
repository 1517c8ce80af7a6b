//! `docs/deploy.md` as a script: its blocks of commands, each marked with what the tests do with it.
//!
//! A block of shell commands begins with one of two comments, which its reader sees, too:
//!
//! ```sh
//! # tested: deploy             its commands are run by the deployment test under that name
//! # not tested: needs a domain why they cannot be run without an account
//! ```

use std::collections::BTreeMap;
use std::path::Path;

const TESTED: &str = "# tested: ";
const NOT_TESTED: &str = "# not tested: ";
/// What stands before each line of a block below the point of a list.
const IN_A_LIST: &str = "   ";

/// Every name that the deployment test runs.
#[cfg(test)]
const RUN: [&str; 16] = [
    "account", "check", "validate", "release", "build", "deploy", "outputs", "names", "tenant", "index", "alias",
    "start", "current", "change", "logs", "remove",
];

/// The commands of the document, by name.
#[derive(Debug)]
pub(crate) struct Document {
    blocks: BTreeMap<String, String>,
}

impl Document {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::of(&text)
    }

    fn of(text: &str) -> Result<Self, String> {
        let mut blocks = BTreeMap::new();
        for block in shell_blocks(text) {
            let first = block.lines().next().unwrap_or_default();
            if let Some(name) = first.strip_prefix(TESTED) {
                if blocks.insert(name.trim().to_owned(), block.clone()).is_some() {
                    return Err(format!("docs/deploy.md has two blocks that are named {name}"));
                }
            } else if first.strip_prefix(NOT_TESTED).is_none_or(|reason| reason.trim().is_empty()) {
                return Err(format!("docs/deploy.md does not say whether this is tested: {block}"));
            }
        }
        Ok(Self { blocks })
    }

    /// The commands under that name.
    pub(crate) fn block(&self, name: &str) -> Result<&str, String> {
        self.blocks.get(name).map(String::as_str).ok_or(format!("docs/deploy.md has no block `{TESTED}{name}`"))
    }
}

/// Those that stand below the point of a list, too.
fn shell_blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<Vec<&str>> = None;
    for line in text.lines() {
        match &mut open {
            None if line.trim() == "```sh" => open = Some(Vec::new()),
            None => {}
            Some(lines) if line.trim() == "```" => {
                blocks.push(lines.join("\n"));
                open = None;
            }
            Some(lines) => lines.push(line.strip_prefix(IN_A_LIST).unwrap_or(line)),
        }
    }
    blocks
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use super::*;

    fn whole() -> Document {
        Document::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/deploy.md")).unwrap()
    }

    #[test]
    fn every_command_of_the_document_is_run_or_says_why_not() {
        let mut named: Vec<String> = whole().blocks.into_keys().collect();
        let mut run = RUN.map(str::to_owned);
        named.sort();
        run.sort();
        assert_eq!(named, run, "what is marked as tested is what is run");
    }

    fn text() -> String {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/deploy.md")).unwrap()
    }

    #[test]
    fn every_link_leads_somewhere() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        let text = text();
        let links = text.match_indices("](").filter_map(|(at, _)| text[at + 2..].split([')', '#']).next());
        let dead: Vec<&str> =
            links.filter(|link| !link.is_empty() && !link.starts_with("http") && !docs.join(link).exists()).collect();
        assert!(dead.is_empty(), "{dead:?}");
    }

    #[test]
    fn the_month_at_rest_adds_up() {
        let text = text();
        let table = text.split("## A month at rest").nth(1).unwrap();
        let cents = |row: &str| -> Option<u32> {
            let last = row.trim_end_matches([' ', '|']).rsplit('|').next()?.trim().trim_matches('*');
            last.replace('.', "").parse().ok().filter(|_| last.contains('.'))
        };
        let rows: Vec<u32> = table.lines().filter(|line| line.starts_with("| ")).filter_map(cents).collect();
        let (sum, rows) = rows.split_last().unwrap();
        assert!(rows.len() > 5, "{rows:?}");
        assert_eq!(rows.iter().sum::<u32>(), *sum);
    }

    #[test]
    fn a_block_without_a_mark_is_refused() {
        assert!(Document::of("```sh\nrm -r x\n```\n").is_err());
        assert!(Document::of("1. x\n\n   ```sh\n   rm -r x\n   ```\n").is_err(), "in a list");
        assert!(Document::of("```sh\n# not tested: \nrm -r x\n```\n").is_err(), "the reason is missing");
        assert!(Document::of("```sh\n# tested: a\n```\n```sh\n# tested: a\n```\n").is_err(), "twice the same name");
        let right = Document::of("text\n```sh\n# tested: a\none\ntwo\n```\n```json\n{}\n```\n").unwrap();
        assert_eq!(right.block("a").unwrap(), "# tested: a\none\ntwo");
        assert!(right.block("b").is_err());
    }
}
