//! onboarding-initiator: apps invoke it. See `idv_gateway::invoke`.

mod handler;

use idv_gateway::adapters::aws::Patience;
use idv_gateway::adapters::process::Process;
use idv_gateway::adapters::sqs::Served;
use idv_gateway::invoke::Initiator;
use lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let process = Process::start(Patience::WORKER, Served::Notices).await?;
    let initiator = Initiator::new(process.gateway, process.environment.require_tenant_alias);
    run(service_fn(async |event| handler::answer(&initiator, event).await)).await
}
