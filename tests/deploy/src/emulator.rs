//! The emulator of AWS as a child process; `emulator.py` closes those of its gaps that the template meets.
//!
//! It gets an environment of its own, because functions inherit it: nothing of this machine's reaches them. Two variables
//! are there for the functions' sake, `IDV_ALLOW_LOCAL_TARGETS`, because simulated providers and tenants' systems are
//! plain HTTP on this machine, and `IDV_TIME_SCALE`, so that what is due after 15 minutes is due after 15 seconds. So the
//! template is deployed as it is.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::http;
use crate::layout::Layout;
use crate::say::to_people;
use crate::shell::{Group, REGION};

const READY_WITHIN: Duration = Duration::from_secs(60);
/// What is due after 15 min is due after 15 s.
const FASTER: &str = "60";
/// So many of the last lines are shown after a failure.
const LAST: usize = 60;

/// A running emulator.
pub(crate) struct Emulator {
    group: Group,
    child: tokio::sync::Mutex<Child>,
    url: String,
    log: PathBuf,
}

impl Emulator {
    /// Starts it on a free port of the loopback interface.
    pub(crate) async fn start(python: &Path, layout: &Layout) -> Result<Self, String> {
        let port = free_port().map_err(|error| format!("no free port: {error}"))?;
        let url = format!("http://127.0.0.1:{port}");
        let log = layout.folder().join("emulator.log");
        let temporary = layout.fresh("emulator")?;
        let output = std::fs::File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let errors = output.try_clone().map_err(|error| error.to_string())?;
        let mut command = Command::new(python);
        command
            .arg(layout.root().join("tests/deploy/emulator.py"))
            .env_clear()
            .envs([
                ("PATH", "/usr/local/bin:/usr/bin:/bin"),
                ("BIND_HOST", "127.0.0.1"),
                ("AWS_ENDPOINT_URL", &url),
                // the region of requests that are not signed: the walk's own invocations
                ("MINISTACK_REGION", REGION),
                ("IDV_ALLOW_LOCAL_TARGETS", "true"),
                ("IDV_TIME_SCALE", FASTER),
            ])
            .env("GATEWAY_PORT", port.to_string())
            .envs([("HOME", &temporary), ("TMPDIR", &temporary)])
            .current_dir(&temporary)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        let (child, group) = Group::spawn(&mut command).map_err(|error| format!("{}: {error}", python.display()))?;
        let emulator = Self { group, child: tokio::sync::Mutex::new(child), url, log };
        tokio::select! {
            ready = emulator.ready() => ready,
            lost = emulator.lost() => Err(lost),
        }
        .inspect_err(|_| emulator.show_last_words())?;
        Ok(emulator)
    }

    async fn ready(&self) -> Result<(), String> {
        let client = http::client()?;
        let health = format!("{}/_ministack/health", self.url);
        let asking = async {
            let mut pause = tokio::time::interval(Duration::from_millis(50));
            loop {
                pause.tick().await;
                if client.get(&health).send().await.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
            }
        };
        tokio::time::timeout(READY_WITHIN, asking).await.map_err(|_| "it is not ready after 60 s".to_owned())
    }

    /// Where all services are.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Resolves when it ends by itself.
    pub(crate) async fn lost(&self) -> String {
        let ended = self.child.lock().await.wait().await;
        format!("the emulator has ended: {}", ended.map_or_else(|error| error.to_string(), |status| status.to_string()))
    }

    /// The end of what it and its functions printed.
    pub(crate) fn show_last_words(&self) {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        to_people(&format!("---- the end of {}", self.log.display()));
        lines.iter().skip(lines.len().saturating_sub(LAST)).for_each(|line| to_people(line));
    }

    /// Ends it and every function.
    pub(crate) async fn stop(self) {
        self.group.end(self.child.into_inner()).await;
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
