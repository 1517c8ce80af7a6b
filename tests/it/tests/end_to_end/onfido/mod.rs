//! Onfido end to end: both ways of starting, bursts, an account that several tenants share, FintechOS instances that fail.

mod classic;
mod crash;
mod events;
mod instance;
mod overtaken;
mod shared;
mod studio;

use idv_it::stage::Stage;
use idv_local::SourceQueue;
use serde_json::Value;

/// Nothing was given up.
async fn nothing_dead(stage: &Stage) {
    for source in SourceQueue::ALL {
        assert_eq!(stage.stack.dead_letters(source).await.unwrap(), Vec::<Value>::new(), "nothing was given up");
    }
}
