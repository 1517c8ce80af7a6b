use idv_gateway::domain::{Resource, SubjectKey};

fn key(resource: Resource) -> SubjectKey {
    SubjectKey { resource }
}

fn main() {}
