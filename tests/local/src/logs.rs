//! What the functions print: kept for tests, and handed on to standard error.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};

use crate::names::FunctionName;

/// Enough for every test; a long demo forgets its oldest lines.
const KEPT: usize = 50_000;

/// One line that a function printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Who printed it.
    pub function: FunctionName,
    /// Without its end.
    pub text: String,
}

/// All lines of all functions.
pub(crate) struct Logs {
    forward: bool,
    kept: Mutex<VecDeque<LogLine>>,
}

impl Logs {
    pub(crate) fn new(forward: bool) -> Self {
        Self { forward, kept: Mutex::default() }
    }

    pub(crate) fn lines(&self) -> Vec<LogLine> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The last lines of a function, for an error.
    pub(crate) fn last(&self, function: FunctionName) -> String {
        const SHOWN: usize = 20;
        let lines = self.lines().into_iter().rev().filter(|line| line.function == function);
        let mut lines: Vec<String> = lines.take(SHOWN).map(|line| line.text).collect();
        lines.reverse();
        lines.join("\n")
    }

    /// Reads a process's output to its end.
    pub(crate) async fn follow(&self, function: FunctionName, output: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(output).split(b'\n');
        while let Ok(Some(line)) = lines.next_segment().await {
            let text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            self.take(LogLine { function, text }).await;
        }
    }

    /// A line of the stack itself about a function.
    pub(crate) async fn take(&self, line: LogLine) {
        if self.forward {
            let shown = format!("{:<20} {}\n", line.function, line.text);
            // a closed standard error must not end a function
            let _ = tokio::io::stderr().write_all(shown.as_bytes()).await;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(line);
    }
}
