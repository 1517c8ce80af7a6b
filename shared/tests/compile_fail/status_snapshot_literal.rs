use idv_gateway::domain::{Part, Snapshot};

fn without_the_cap(parts: Vec<Part>) -> Snapshot {
    Snapshot { parts, gone: false }
}

fn main() {}
