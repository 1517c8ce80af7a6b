//! Commands as an operator types them: in bash, with the tools in PATH and an environment that leads to the emulator.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::document::Document;
use crate::layout::Layout;

/// The stack of the walk.
pub(crate) const STACK: &str = "idv-dev";
pub(crate) const REGION: &str = "eu-west-1";
/// A whole build for release takes minutes; a command that hangs is not waited for.
const LIMIT: Duration = Duration::from_mins(30);
/// A process is asked to end, and after this long ended.
const GRACE: Duration = Duration::from_secs(5);

/// A process with everything that it starts.
pub(crate) struct Group {
    id: Option<u32>,
}

impl Group {
    pub(crate) fn spawn(command: &mut Command) -> std::io::Result<(Child, Self)> {
        let child = command.process_group(0).spawn()?;
        let id = child.id();
        Ok((child, Self { id }))
    }

    fn signal(&self, name: &str) {
        if let Some(id) = self.id {
            let group = format!("-{id}");
            let mut kill = std::process::Command::new("kill");
            // whoever has ended already needs no signal
            let _ = kill.args([name, "--", &group]).stderr(Stdio::null()).status();
        }
    }

    /// Asks all of it to end, and ends what does not.
    pub(crate) async fn end(mut self, mut child: Child) {
        self.signal("-TERM");
        let _ = tokio::time::timeout(GRACE, child.wait()).await;
        self.signal("-KILL");
        let _ = child.wait().await;
        self.id = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal("-KILL");
    }
}

/// Runs commands.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    folder: PathBuf,
    environment: BTreeMap<String, String>,
}

impl Shell {
    /// In the repository, with the values that `docs/deploy.md` lets its reader choose.
    pub(crate) fn new(layout: &Layout, arch: &str) -> Self {
        let chosen =
            [("STACK", STACK), ("STAGE", "dev"), ("ARCH", arch), ("SAM_CLI_TELEMETRY", "0"), ("AWS_PAGER", "")];
        let own = layout.folder().join("no-such-file").display().to_string();
        let account = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            // nothing of this machine's own configuration
            ("AWS_CONFIG_FILE", own.as_str()),
            ("AWS_SHARED_CREDENTIALS_FILE", own.as_str()),
        ];
        let environment = chosen.into_iter().chain(account);
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { folder: layout.root().to_path_buf(), environment }
    }

    /// The same with AWS there.
    pub(crate) fn at(&self, endpoint: &str) -> Self {
        self.with("AWS_ENDPOINT_URL", endpoint)
    }

    /// The same with one more variable.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut shell = self.clone();
        shell.environment.insert(name.to_owned(), value.to_owned());
        shell
    }

    /// The same in another folder.
    pub(crate) fn within(&self, folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), environment: self.environment.clone() }
    }

    /// Runs a block of the document; answers with its output.
    pub(crate) async fn block(&self, document: &Document, name: &str) -> Result<String, String> {
        self.quietly(&format!("the block `{name}` of docs/deploy.md"), document.block(name)?).await
    }

    /// Runs commands; their output is answered, or shown if they fail.
    pub(crate) async fn quietly(&self, what: &str, script: &str) -> Result<String, String> {
        let mut command = self.command(script);
        let (mut child, _group) =
            Group::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()))
                .map_err(|error| format!("bash: {error}"))?;
        if let Some(mut input) = child.stdin.take() {
            // whoever asks whether to go on is told yes; whoever does not ask has closed this
            let _ = input.write_all(b"y\n").await;
        }
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let all = async { tokio::join!(whole(output), whole(errors), child.wait()) };
        let ended = tokio::time::timeout(LIMIT, all).await.map_err(|_| format!("{what} takes too long"))?;
        let (output, errors, status) = ended;
        if status.is_ok_and(|status| status.success()) {
            return Ok(output);
        }
        Err(format!("{what} failed\n{}\n{output}\n{errors}", script.trim_end()))
    }

    /// Runs commands that tell of their progress themselves.
    pub(crate) async fn shown(&self, what: &str, script: &str) -> Result<(), String> {
        let (mut child, _group) = Group::spawn(&mut self.command(script)).map_err(|error| format!("bash: {error}"))?;
        let ended = tokio::time::timeout(LIMIT, child.wait()).await.map_err(|_| format!("{what} takes too long"))?;
        if ended.is_ok_and(|status| status.success()) { Ok(()) } else { Err(format!("{what} failed, see above")) }
    }

    fn command(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("AWS_") || text.starts_with("SAM_") {
                command.env_remove(&name);
            }
        }
        command.args(["-euo", "pipefail", "-c", script]).envs(&self.environment).current_dir(&self.folder);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

async fn whole(output: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut output) = output {
        let _ = output.read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A path as one word.
pub(crate) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
