//! event-fetcher: hears notices and looks. See `idv_gateway::fetch`.

mod handler;

use idv_gateway::adapters::aws::Patience;
use idv_gateway::adapters::process::Process;
use idv_gateway::adapters::sqs::Served;
use idv_gateway::fetch::Fetcher;
use lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let process = Process::start(Patience::WORKER, Served::Notices).await?;
    let clock = process.gateway.world.clock.clone();
    let fetcher = Fetcher::new(process.gateway, process.environment.queues.notices);
    run(service_fn(async |event| handler::answer(&fetcher, &*clock, event).await)).await
}
