//! result-deliverer: hands changes to tenants' systems. See `idv_gateway::deliver`.

mod handler;

use std::sync::Arc;

use idv_gateway::adapters::aws::Patience;
use idv_gateway::adapters::courier::AnyCourier;
use idv_gateway::adapters::eventbridge::BusTarget;
use idv_gateway::adapters::process::Process;
use idv_gateway::adapters::sqs::{QueueTarget, Served};
use idv_gateway::deliver::Deliverer;
use idv_gateway::delivery::fintechos::FintechosCourier;
use idv_gateway::delivery::webhook::WebhookCourier;
use lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let process = Process::start(Patience::WORKER, Served::Deliveries).await?;
    let clock = Arc::clone(&process.gateway.world.clock);
    let queue = process.environment.queues.deliveries.clone();
    let courier = AnyCourier {
        webhook: WebhookCourier::new(Arc::clone(&process.gateway.http)),
        fintechos: FintechosCourier::new(Arc::clone(&process.gateway.http), Arc::clone(&clock)),
        queue: QueueTarget::new(
            process.aws.target_sqs(),
            process.aws.sqs_endpoint().map(str::to_owned),
            process.environment.queues,
        ),
        bus: BusTarget::new(process.aws.eventbridge()),
        allowed: process.environment.allowed_targets,
    };
    let deliverer = Deliverer::new(process.gateway, Arc::new(courier), queue);
    run(service_fn(async |event| handler::answer(&deliverer, &*clock, event).await)).await
}
