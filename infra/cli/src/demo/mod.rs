//! The scripted walk through a local stack with simulated providers and a sample tenant application.
//!
//! The oracle is what the simulators and the application recorded themselves, compared with the ledger: no outcome is
//! taken from the code under test. `stage` starts everything, `clients` are the two that share an account, `user_owned`
//! is where persons own what is known of them, `stories` is what persons and operators do, `verdict` compares, `table`
//! shows.

mod clients;
mod stage;
mod stories;
mod table;
mod user_owned;
mod verdict;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::binaries::{self, Flaw};
use crate::local;
use crate::say::to_people;

use self::stage::Stage;

/// No story waits longer for what must come.
const PATIENCE: Duration = Duration::from_secs(45);
/// With a flaw something never comes: the slowest of what does come takes 10 s.
const FLAWED: Duration = Duration::from_secs(30);

/// Runs the walk.
pub(crate) async fn run(once: bool, port: u16, flaw: Option<Flaw>) -> ExitCode {
    let functions = match binaries::build(false, flaw).await {
        Ok(functions) => functions,
        Err(reason) => return failed(&reason),
    };
    let patience = if flaw.is_none() { PATIENCE } else { FLAWED };
    let started = Instant::now();
    let mut signal = std::pin::pin!(local::ended());
    let stage = tokio::select! {
        stage = Stage::start(port, functions, patience) => stage,
        () = &mut signal => return interrupted(once),
    };
    let stage = match stage {
        Ok(stage) => stage,
        Err(reason) => return failed(&reason),
    };
    to_people(&format!("Everything runs ({:.1} s). The walk begins.\n", started.elapsed().as_secs_f64()));
    let outcomes = tokio::select! {
        outcomes = stories::play(&stage) => outcomes,
        () = &mut signal => { stage.stop().await; return interrupted(once) },
    };
    table::show(&outcomes);
    let held = outcomes.iter().all(|outcome| outcome.faults.is_empty());
    if !held {
        to_people("\nSome expectations did not hold: see the lines marked ✗.");
    }
    if !once {
        to_people(&stage.addresses());
        signal.await;
    }
    stage.stop().await;
    if held { ExitCode::SUCCESS } else { ExitCode::from(crate::FAILED) }
}

/// A walk that was not walked to its end proves nothing.
fn interrupted(once: bool) -> ExitCode {
    if once { ExitCode::from(crate::FAILED) } else { ExitCode::SUCCESS }
}

fn failed(reason: &str) -> ExitCode {
    to_people(reason);
    ExitCode::from(crate::FAILED)
}
