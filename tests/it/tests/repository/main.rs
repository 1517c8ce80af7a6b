//! What the repository says of itself, held to the tree: its arrows and sizes, its README, its reference, its example.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops loudly")]

mod architecture;
mod configuration;
mod dependencies;
mod readme;
mod reference;

use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A source file.
struct Source {
    /// Below the repository, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// A file that holds nothing but tests, or what only tests use.
    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.starts_with("tests/it/") || self.path.contains("/tests/") || name.ends_with("tests.rs")
    }

    /// Without comments and without the tests at its end.
    fn code(&self) -> String {
        let until_tests = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = until_tests.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Every Rust file of ours.
fn sources() -> Vec<Source> {
    let root = root();
    let mut files = Vec::new();
    for folder in ["shared", "functions", "infra", "tests"] {
        collect(&root.join(folder), &mut files);
    }
    assert!(files.len() > 100, "{}", files.len());
    let read = |path: PathBuf| Source {
        path: path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/"),
        text: fs::read_to_string(&path).unwrap(),
    };
    files.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
