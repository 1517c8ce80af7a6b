//! The generated reference: every page is a function of the code, so it cannot say what the code does not do.
//!
//! `cargo idv reference` writes the pages to `docs/reference/`, `cargo idv reference --check` compares them with what
//! lies there. Nothing is written by hand in that folder.
//!
//! | page | comes from |
//! | --- | --- |
//! | `vocabulary.md`, `errors.md` | the closed lists of the domain, the refusals of the proof, the drop-in's reasons in its source |
//! | `configuration.md` | members that the gateway's own reader knows, each tried on it |
//! | `environment.md` | the reader of the environment: what it asks for, what it insists on |
//! | `ledger.md` | the adapter's own table of items |
//! | `ondato.md`, `onfido.md`, `intergiro.md` | the provider's total table, asked cell by cell; events that were really proven and reduced |
//! | `fractal.md`, `idos.md` | the accounts themselves, on a stage where the provider answers by script: what each answer means |
//! | `fintechos.md` | the real courier, on an instance that answers by script |
//! | `drop-in.md` | the operations and the statuses of their refusals; the proposed bodies, which its own tests read |
//! | `logs.md` | the log calls of the sources |
//! | `invoke.md`, `deliveries.md`, `schemas/` | the types that cross the border, with examples made of those types |

mod cases;
mod configuration;
mod deliveries;
mod drop_in;
mod environment;
mod errors;
mod fintechos;
mod fractal;
mod idos;
mod intergiro;
mod invoke;
mod ledger;
mod logs;
mod ondato;
mod onfido;
mod pages;
mod schemas;
mod staged;
mod table;
mod vocabulary;

pub use self::invoke::{ACTIONS, Example, examples};
pub use self::pages::{Drift, FOLDER, Page, compare, write};

use std::path::Path;

use thiserror::Error;

/// The configuration that the examples are of; a test reads it whole.
pub const EXAMPLE_CONFIGURATION: &str = include_str!("../../../docs/example-configuration.json");

/// Why the pages cannot be made.
#[derive(Debug, Error)]
pub enum ReferenceError {
    /// A file or folder cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// An example is not what the gateway takes: the example or the gateway is wrong.
    #[error("the example of {0} is not taken: {1}")]
    Example(&'static str, String),
    /// Something that the code asks for has no sentence here, or the other way round.
    #[error("{0} is described in one place and not in the other")]
    Undescribed(String),
}

/// Every page, in the order of its path. `root` is the repository: `logs.md` reads its sources.
///
/// # Errors
/// See [`ReferenceError`].
pub fn pages(root: &Path) -> Result<Vec<Page>, ReferenceError> {
    let mut pages = vec![
        vocabulary::page(),
        errors::page(root)?,
        environment::page()?,
        configuration::page()?,
        ledger::page(),
        ondato::page()?,
        onfido::page()?,
        intergiro::page()?,
        fractal::page()?,
        idos::page()?,
        fintechos::page()?,
        logs::page(root)?,
        invoke::page()?,
        deliveries::page()?,
        drop_in::page()?,
    ];
    pages.extend(schemas::pages()?);
    pages.push(index(&pages));
    pages.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(pages)
}

fn index(pages: &[Page]) -> Page {
    let rows = pages.iter().filter(|page| !page.title.is_empty());
    let rows = rows.map(|page| vec![format!("[{}]({})", page.title, page.path), page.about.to_owned()]);
    let text = format!(
        "# Reference\n\n{}\n{}\n[schemas/](schemas/) holds the JSON Schema of every request, every answer and the \
         delivered event, each with its examples.\n",
        pages::NOTE,
        table::table(&["page", "what"], rows),
    );
    Page { path: "README.md".to_owned(), title: "", about: "", text }
}
