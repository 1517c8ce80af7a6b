//! The operator's command as a process of its own.

use std::process::Stdio;

use tokio::process::Command;

use super::{PATIENCE, Stage, binaries};

/// How it ended.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: Option<i32>,
    /// What it told people.
    pub told: String,
}

/// `idv` with these arguments and nothing in its environment.
pub async fn idv(arguments: &[&str]) -> Ran {
    let mut idv = Command::new(&binaries().await.idv);
    idv.args(arguments).env_clear();
    ran(idv).await
}

impl Stage {
    /// The same, told of the stage's ledger as an operator is: by the environment and `--endpoint-url`.
    pub async fn operator(&self, command: &str, arguments: &[&str]) -> Ran {
        let mut idv = Command::new(&binaries().await.idv);
        idv.arg(command).args(arguments).args(["--endpoint-url", self.stack.aws_url().unwrap()]);
        idv.env_clear().env("IDV_TABLE", self.stack.table());
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            idv.env(name, "any");
        }
        idv.env("AWS_DEFAULT_REGION", "us-east-1");
        ran(idv).await
    }
}

async fn ran(mut idv: Command) -> Ran {
    idv.stdin(Stdio::null()).kill_on_drop(true);
    let ran = tokio::time::timeout(PATIENCE, idv.output()).await.unwrap().unwrap();
    assert!(ran.stdout.is_empty(), "standard output is for programs");
    Ran { code: ran.status.code(), told: String::from_utf8(ran.stderr).unwrap() }
}
