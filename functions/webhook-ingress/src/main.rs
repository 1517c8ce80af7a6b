//! webhook-ingress: providers call it through the HTTP API. See `idv_gateway::ingress`.

mod handler;

use idv_gateway::adapters::aws::Patience;
use idv_gateway::adapters::process::Process;
use idv_gateway::adapters::sqs::Served;
use idv_gateway::ingress::Ingress;
use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let process = Process::start(Patience::INGRESS, Served::Notices).await?;
    let ingress = Ingress::new(process.gateway);
    run(service_fn(async |request| handler::answer(&ingress, request).await)).await
}
