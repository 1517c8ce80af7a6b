//! What the use cases need of the world, in the domain's words. Adapters and the in-memory parts implement it.

mod bells;
mod courier;
mod due;
mod fintechos;
mod http;
mod ledger;
mod login;
mod provider;
mod tenant;
mod vault;
mod way;
mod world;

pub use self::bells::{Bells, BellsError, DeliveryBell, Rejected};
pub use self::courier::{Courier, CourierError, Parcel};
pub use self::due::{Due, DueBell, next_look_entry};
pub use self::fintechos::{ActionCall, Content, DataForm, FintechOs, SignIn};
pub use self::http::{Audience, Http, HttpError, Method, PROVIDER_DEADLINE, Request, Response};
pub use self::ledger::{
    ClaimKey, ClaimRecord, Claimed, Commit, Committed, ConnectionRecord, ERASED_CLAIM, ERASED_REFERENCE, EndpointKey,
    EndpointRecord, EndpointState, EndpointWrite, LeaseOutcome, Ledger, LedgerError, LoginKey, LoginLease,
    MAX_REFERENCES, NO_ROOM, Page, Released, SharedLogin, SubjectRecord, SubjectState,
};
pub use self::login::{Login, Shared, Turn};
pub use self::provider::{
    Account, BadField, Contact, Entrance, Event, FeedEvent, FeedPage, ProviderError, ProviderEvent, Reach, Recovery,
    Registration, Renewed, Started, Submission, Unreadable, Whose, Wish,
};
pub use self::tenant::{Connection, Destination, DestinationKind, Reissue, Settings, TenantConfig, UnknownSubject};
pub use self::vault::{Index, Subscription, Vault, VaultError};
pub use self::way::{Carried, Way, WayBack};
pub use self::world::{Clock, Entropy, World};
