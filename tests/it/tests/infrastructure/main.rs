//! The deployment's template, held to the code it deploys: who may do what, how long each waits for whom, what is kept,
//! what is logged, what rings. Each check takes any template and lists what is wrong with it; beside the true template it
//! is given spoilt ones, so that it is seen to find something.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops loudly")]

mod alarms;
mod counted;
mod drop_in;
mod environment;
mod keeping;
mod observed;
mod permissions;
mod room;
mod routes;
mod stages;
mod targets;
mod template;
mod times;
mod yaml;

use std::path::{Path, PathBuf};

use self::template::Template;

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Nothing is wrong with the template; and of each spoilt one the check says so, in words that hold `told`.
fn held(check: fn(&Template) -> Vec<String>, spoilt: &[(Template, &str)]) {
    let template = Template::read();
    let faults = check(&template);
    assert!(faults.is_empty(), "{faults:#?}");
    for (number, (spoilt, told)) in spoilt.iter().enumerate() {
        let faults = check(spoilt);
        assert!(faults.iter().any(|fault| fault.contains(told)), "spoilt template {number} ({told}): {faults:#?}");
    }
}
