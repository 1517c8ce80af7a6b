//! reconciler: each minute it rings what is due. See `idv_gateway::reconcile`.

mod handler;

use idv_gateway::adapters::aws::Patience;
use idv_gateway::adapters::process::Process;
use idv_gateway::adapters::sqs::Served;
use idv_gateway::reconcile::Reconciler;
use lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let process = Process::start(Patience::WORKER, Served::Notices).await?;
    let reconciler = Reconciler::new(process.gateway);
    run(service_fn(async |event| handler::answer(&reconciler, event).await)).await
}
