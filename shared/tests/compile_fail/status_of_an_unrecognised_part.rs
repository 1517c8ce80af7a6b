use idv_gateway::domain::{Assessment, Resource, Status};

fn approved(resource: Resource) -> Assessment {
    Assessment::Unrecognised { resource, status: Status::Approved }
}

fn main() {}
