//! The total table: what a user and the copies that they granted us mean.

use super::credential::UserShared;
use crate::domain::{Assessment, Opinion, Part, Resource, Status};

pub(super) fn assess(parts: &[Part], _user_shared: UserShared) -> Assessment {
    match parts.first() {
        None => Assessment::Known(Opinion::plain(Status::Created)),
        Some(part) => Assessment::Unrecognised { resource: part.resource.clone() },
    }
}

/// The part for which the person should share again.
pub(super) fn asking(_parts: &[Part], _user_shared: UserShared) -> Option<Resource> {
    None
}
