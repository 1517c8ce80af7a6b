use idv_gateway::domain::IdempotencyKey;
use idv_gateway::ports::ClaimKey;

fn key(key: IdempotencyKey) -> ClaimKey {
    ClaimKey { action: "start", key }
}

fn main() {}
