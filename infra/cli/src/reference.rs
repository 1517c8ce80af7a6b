//! `idv reference`: the generated pages of `docs/reference/`, written or compared.

use std::path::Path;
use std::process::ExitCode;

use crate::say::to_people;

/// Writes the pages, or with `check` lists where they drifted.
pub(crate) fn run(check: bool) -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let done = idv_reference::pages(&root).and_then(|pages| {
        if check {
            return idv_reference::compare(&root, &pages);
        }
        idv_reference::write(&root, &pages).map(|()| Vec::new())
    });
    match done {
        Ok(drift) if drift.is_empty() => ExitCode::SUCCESS,
        Ok(drift) => {
            drift.iter().for_each(|page| to_people(&page.to_string()));
            to_people("`cargo idv reference` writes the pages anew");
            ExitCode::from(crate::FAILED)
        }
        Err(error) => {
            to_people(&error.to_string());
            ExitCode::from(crate::FAILED)
        }
    }
}
