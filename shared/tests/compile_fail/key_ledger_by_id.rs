use idv_gateway::domain::OnboardingId;
use idv_gateway::ports::Ledger;

async fn read(ledger: &dyn Ledger, id: &OnboardingId) {
    let _found = ledger.read(id).await;
}

fn main() {}
