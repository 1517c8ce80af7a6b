use idv_gateway::domain::{OnboardingId, OnboardingKey};

fn key(id: OnboardingId) -> OnboardingKey {
    OnboardingKey { id }
}

fn main() {}
