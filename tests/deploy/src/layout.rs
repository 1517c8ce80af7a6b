//! The files of a run: `{folder}/this` and `{folder}/before` look like the repository to `sam deploy`, each with what it
//! is to deploy; `{folder}/work` is where an operator's files lie.

use std::fs;
use std::io::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `sam build` leaves, beside the template.
const BUILT: &str = "infra/.aws-sam/build";
const SETTINGS: &str = "infra/samconfig.toml";
const FUNCTIONS: [(&str, &str); 5] = [
    ("WebhookIngress", "webhook-ingress"),
    ("EventFetcher", "event-fetcher"),
    ("OnboardingInitiator", "onboarding-initiator"),
    ("ResultDeliverer", "result-deliverer"),
    ("Reconciler", "reconciler"),
];

/// Where things are.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
    folder: PathBuf,
}

fn told(path: &Path) -> impl FnOnce(Error) -> String {
    move |error| format!("{}: {error}", path.display())
}

impl Layout {
    /// Makes the folder anew.
    pub(crate) fn make(root: &Path, folder: &Path) -> Result<Self, String> {
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(told(folder))?;
        }
        let layout = Self { root: root.to_path_buf(), folder: folder.to_path_buf() };
        fs::create_dir_all(layout.work()).map_err(told(folder))?;
        Ok(layout)
    }

    /// The repository, and what its own `sam build` built.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where an operator's own files are.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.join("work")
    }

    /// An empty folder of that name.
    pub(crate) fn fresh(&self, name: &str) -> Result<PathBuf, String> {
        let path = self.folder.join(name);
        fs::create_dir_all(&path).map_err(told(&path))?;
        Ok(path)
    }

    /// The template as it is built, with other binaries: what `sam deploy` finds when it is called there.
    pub(crate) fn with_binaries_of(&self, binaries: &Path) -> Result<PathBuf, String> {
        let root = self.fresh("before")?;
        let (settings, built) = (root.join(SETTINGS), root.join(BUILT));
        fs::create_dir_all(&built).map_err(told(&built))?;
        fs::copy(self.root.join(SETTINGS), &settings).map_err(told(&settings))?;
        let template = built.join("template.yaml");
        fs::copy(self.root.join(BUILT).join("template.yaml"), &template).map_err(told(&template))?;
        for (resource, function) in FUNCTIONS {
            let folder = built.join(resource);
            fs::create_dir_all(&folder).map_err(told(&folder))?;
            strip(&binaries.join(function), &folder.join("bootstrap"))?;
        }
        Ok(root)
    }
}

/// Copies a binary without what a debugger needs: it is uploaded with each deployment.
fn strip(from: &Path, to: &Path) -> Result<(), String> {
    let stripped = Command::new("strip").arg("-o").arg(to).arg(from).status();
    match stripped {
        Ok(status) if status.success() => Ok(()),
        Ok(_) | Err(_) => fs::copy(from, to).map(|_| ()).map_err(told(from)),
    }
}
