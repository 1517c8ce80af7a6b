//! Fractal ID end to end, in its three generations: persons who go there and come back, what is decided part by part,
//! tokens that are refreshed, processes that die in between.

mod classic;
mod crash;
mod kyc;
mod returning;
mod tokens;

use idv_it::stage::Stage;
use idv_local::SourceQueue;
use serde_json::Value;

/// Nothing was given up.
pub(crate) async fn nothing_dead(stage: &Stage) {
    for source in SourceQueue::ALL {
        assert_eq!(stage.stack.dead_letters(source).await.unwrap(), Vec::<Value>::new(), "nothing was given up");
    }
}

/// Everything that rests in the ledger.
pub(crate) async fn table(stage: &Stage) -> String {
    let rows = stage.stack.dynamodb().scan().table_name(stage.stack.table()).send().await.unwrap();
    format!("{:?}", rows.items())
}
