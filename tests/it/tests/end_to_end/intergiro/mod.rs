//! Intergiro end to end: thin and unsigned events, one login for all functions, what is asked of a person, a feed.

mod actions;
mod contact;
mod crash;
mod decisions;
mod forged;
mod login;
mod register;
mod unheard;

use idv_it::stage::Stage;
use idv_local::SourceQueue;
use serde_json::Value;

/// Nothing was given up.
async fn nothing_dead(stage: &Stage) {
    for source in SourceQueue::ALL {
        assert_eq!(stage.stack.dead_letters(source).await.unwrap(), Vec::<Value>::new(), "nothing was given up");
    }
}
