use idv_gateway::domain::{OnboardingId, OnboardingKey};

fn key(id: OnboardingId) -> OnboardingKey {
    id.into()
}

fn main() {}
