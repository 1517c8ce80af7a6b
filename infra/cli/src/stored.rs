//! Where a configuration rests: a file of the operator's, or the secrets of a deployment. Nothing is written over what
//! somebody else has written meanwhile, and a file is whole at every moment.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use aws_sdk_secretsmanager::Client;
use idv_gateway::adapters::aws::Cause;
use serde_json::Value;

use crate::document::Document;

/// An index has at most so many parts (docs/deploy.md).
const MOST_PARTS: u64 = 16;

/// Puts a text in a file's place by renaming, with the mode that the file had; a new one is its owner's alone, for there
/// are secrets in it. `before` is what was read from it.
pub(crate) fn replace(path: &Path, before: Option<&str>, text: &str) -> Result<(), String> {
    let failed = |error: io::Error| format!("{} cannot be written: {error}", path.display());
    // a link stays a link
    let target = if before.is_some() { fs::canonicalize(path).map_err(failed)? } else { path.to_owned() };
    if before.is_some_and(|before| fs::read_to_string(&target).is_ok_and(|now| now != before)) {
        return Err(format!("{} was changed meanwhile; give the command again", path.display()));
    }
    let beside = beside(&target);
    let written = write(&beside, &target, text).and_then(|()| fs::rename(&beside, &target));
    written.map_err(|error| {
        // what is left of it holds secrets
        let _ = fs::remove_file(&beside);
        failed(error)
    })
}

fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{}", std::process::id()))
}

fn write(beside: &Path, target: &Path, text: &str) -> io::Result<()> {
    let mut file = private(beside)?;
    if let Ok(had) = fs::metadata(target) {
        file.set_permissions(had.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The secrets of a deployment.
pub(crate) struct Secrets {
    client: Client,
    prefix: String,
}

impl Secrets {
    pub(crate) fn new(client: Client, prefix: &str) -> Self {
        Self { client, prefix: prefix.trim_end_matches('/').to_owned() }
    }

    /// The whole name of one.
    pub(crate) fn name(&self, of: &str) -> String {
        format!("{}/{of}", self.prefix)
    }

    /// The text of one.
    pub(crate) async fn read(&self, of: &str) -> Result<String, String> {
        let name = self.name(of);
        let answer = self.client.get_secret_value().secret_id(&name).send().await;
        let answer =
            answer.map_err(|error| format!("the secret {name} cannot be read: {}", Cause::of(&error).code()))?;
        answer.secret_string.ok_or_else(|| format!("the secret {name} holds no text"))
    }

    /// Gives one a new version, unless it is another by now than was read.
    pub(crate) async fn write(&self, of: &str, before: &str, text: &str) -> Result<(), String> {
        let name = self.name(of);
        if self.read(of).await? != before {
            return Err(format!("the secret {name} was changed meanwhile; give the command again"));
        }
        let put = self.client.put_secret_value().secret_id(&name).secret_string(text).send().await;
        put.map(drop).map_err(|error| format!("the secret {name} cannot be written: {}", Cause::of(&error).code()))
    }

    /// The secrets that the index is in: one, or as many as it says.
    pub(crate) async fn index(&self) -> Result<Vec<(String, String)>, String> {
        let whole = self.read("index").await?;
        let value: Value = read_json(&self.name("index"), &whole)?;
        let Some(parts) = value.get("parts").and_then(Value::as_u64) else {
            return Ok(vec![("index".to_owned(), whole)]);
        };
        let mut all = Vec::new();
        for part in 0..parts.min(MOST_PARTS) {
            let name = format!("index/{part}");
            let text = self.read(&name).await?;
            all.push((name, text));
        }
        Ok(all)
    }

    /// Says in the index that a tenant's secret has changed: functions read it within a minute then, and not only within
    /// five. Saying it once more does no harm.
    pub(crate) async fn announce(&self, tenant: &str) -> Result<(), String> {
        for (part, text) in self.index().await? {
            let name = self.name(&part);
            let value: Value = read_json(&name, &text)?;
            let Some(version) = value.pointer(&format!("/tenants/{tenant}")) else { continue };
            let version = following(version.as_str().unwrap_or_default());
            let unreadable = |error: serde_json::Error| format!("the secret {name}: {error}");
            let mut document = Document::read(&text).map_err(unreadable)?;
            document.set(&["tenants", tenant], &Value::String(version)).map_err(unreadable)?;
            return self.write(&part, &text, &document.line().map_err(unreadable)?).await;
        }
        Err(format!("the index {} has no tenant {tenant}", self.name("index")))
    }
}

/// Texts of secrets are not shown, so neither is what a parser quotes of them.
pub(crate) fn read_json(name: &str, text: &str) -> Result<Value, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("the secret {name} is no JSON at line {} column {}", error.line(), error.column()))
}

/// Versions are counted by whoever writes them: a number goes on, at the end of another text a count begins.
fn following(version: &str) -> String {
    let (stem, last) = version.rsplit_once('.').map_or(("", version), |(stem, last)| (stem, last));
    let after = last.parse::<u64>().ok().and_then(|number| number.checked_add(1));
    match (after, stem) {
        (Some(after), "") if !version.starts_with('.') => after.to_string(),
        (Some(after), stem) => format!("{stem}.{after}"),
        (None, _) => format!("{version}.1"),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_counted_on() {
        for (version, next) in [
            ("1", "2"),
            ("9", "10"),
            ("", ".1"),
            (".1", ".2"),
            ("2026-11-20", "2026-11-20.1"),
            ("2026-11-20.1", "2026-11-20.2"),
            ("18446744073709551615", "18446744073709551615.1"),
            ("ab12-cd", "ab12-cd.1"),
        ] {
            assert_eq!(following(version), next, "{version}");
        }
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = std::env::temp_dir().join(format!("idv-stored-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.json");
        replace(&path, None, "one").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600, "a new one is its owner's");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            let link = folder.join("link.json");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            replace(&link, Some("one"), "two").unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(mode(&path), 0o640, "the mode is kept");
            fs::remove_file(&link).unwrap();
            fs::write(&path, "one").unwrap();
        }
        replace(&path, Some("one"), "three").unwrap();
        assert!(replace(&path, Some("one"), "four").unwrap_err().contains("changed meanwhile"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
        fs::remove_dir_all(&folder).unwrap();
    }
}
