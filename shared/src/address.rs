//! Where we may connect to on somebody else's word: tenants' webhook URLs, sign-in URLs, base URLs.
//!
//! Three checks, of which none replaces another:
//! 1. `vet_url`, when a configuration is read and before each connection: the *parsed* URL, because
//!    `0x7f.1`, `2130706433` and full-width digits are all 127.0.0.1 to the parser and nothing in the text.
//! 2. `vet_resolved`, on the answer of the resolver: one forbidden address refuses the whole answer, since
//!    an answer that mixes public with private ones is an attack or a mistake.
//! 3. The caller connects to exactly the addresses that were vetted (pinned, no second look-up) and follows
//!    no redirect; otherwise a name that resolves differently a moment later undoes both.
//!
//! Public means: in no special-purpose range of the IANA registries, and in IPv6 inside 2000::/3, the
//! only block that is allotted. Ranges that embed an IPv4 address are refused whole, whatever they embed.

use std::net::IpAddr;

use thiserror::Error;
use url::{Host, Url};

mod ranges;
#[cfg(test)]
mod tests;

pub use ranges::Range;

/// What a deployment allows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// Plain HTTP, loopback and any port: the local stack's, refused in production.
    pub allow_local: bool,
}

/// HTTPS's own, and its usual neighbour. Others reach services that were never meant to be called.
const PORTS: [u16; 2] = [443, 8443];

#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{}", self.code())]
pub enum AddressRefusal {
    SchemeNotAllowed,
    UserInfo,
    NoHost,
    PortNotAllowed,
    /// `localhost` and the names below it, by any resolver this machine (RFC 6761 §6.3).
    Localhost,
    /// One label: a resolver may complete it with a domain of its own network.
    NotQualified,
    /// A literal or resolved address of a special-purpose range.
    Special(Range),
    /// The resolver found nothing.
    Unresolved,
}

/// Who is to be connected to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// Vetted.
    Address(IpAddr),
    /// To be resolved, and the answer vetted.
    Name(String),
}

/// Judges a URL before anything is resolved.
pub fn vet_url(url: &Url, policy: Policy) -> Result<Target, AddressRefusal> {
    match url.scheme() {
        "https" => {}
        "http" if policy.allow_local => {}
        _ => return Err(AddressRefusal::SchemeNotAllowed),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressRefusal::UserInfo);
    }
    let port = url.port_or_known_default().ok_or(AddressRefusal::PortNotAllowed)?;
    if !policy.allow_local && !PORTS.contains(&port) {
        return Err(AddressRefusal::PortNotAllowed);
    }
    match url.host().ok_or(AddressRefusal::NoHost)? {
        Host::Ipv4(address) => vet_address(address.into(), policy).map(|()| Target::Address(address.into())),
        Host::Ipv6(address) => vet_address(address.into(), policy).map(|()| Target::Address(address.into())),
        Host::Domain(name) => vet_name(name, policy),
    }
}

/// Judges a resolver's answer as a whole.
pub fn vet_resolved(addresses: &[IpAddr], policy: Policy) -> Result<(), AddressRefusal> {
    if addresses.is_empty() {
        return Err(AddressRefusal::Unresolved);
    }
    addresses.iter().try_for_each(|address| vet_address(*address, policy))
}

/// Whether an address is public, or is a loopback address where these are allowed.
pub fn vet_address(address: IpAddr, policy: Policy) -> Result<(), AddressRefusal> {
    match ranges::special(address) {
        None => Ok(()),
        Some(Range::Loopback) if policy.allow_local => Ok(()),
        Some(range) => Err(AddressRefusal::Special(range)),
    }
}

fn vet_name(name: &str, policy: Policy) -> Result<Target, AddressRefusal> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    let local = bare == "localhost" || bare.ends_with(".localhost");
    if bare.is_empty() {
        return Err(AddressRefusal::NoHost);
    }
    if local && !policy.allow_local {
        return Err(AddressRefusal::Localhost);
    }
    if !local && !bare.contains('.') {
        return Err(AddressRefusal::NotQualified);
    }
    Ok(Target::Name(name.to_owned()))
}

impl AddressRefusal {
    pub fn code(self) -> &'static str {
        match self {
            Self::SchemeNotAllowed => "scheme_not_allowed",
            Self::UserInfo => "user_info",
            Self::NoHost => "no_host",
            Self::PortNotAllowed => "port_not_allowed",
            Self::Localhost => "localhost",
            Self::NotQualified => "not_qualified",
            Self::Special(range) => range.code(),
            Self::Unresolved => "unresolved",
        }
    }
}
