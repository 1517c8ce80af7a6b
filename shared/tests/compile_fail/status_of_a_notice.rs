use idv_gateway::domain::{Claim, ClaimClass, Status};

fn approved() -> Claim {
    Claim { class: ClaimClass::Decided, part: None, at: None, status: Status::Approved }
}

fn main() {}
