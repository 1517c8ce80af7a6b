//! The special-purpose ranges, as data.
//!
//! Source: the IANA IPv4 and IPv6 special-purpose address registries, multicast, and what the registries
//! deprecated but routers still know. The standard library's predicates miss a dozen of them (::/96 with
//! an embedded address, 64:ff9b::/96, 100.64/10, 198.18/15, 240/4, 2002::/16 …).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Range {
    ThisNetwork,
    Loopback,
    Private,
    /// Carrier-grade NAT (RFC 6598).
    Shared,
    /// The metadata services of clouds and of ECS live here.
    LinkLocal,
    ProtocolAssignments,
    Documentation,
    /// AS112 (RFC 7534, 7535).
    As112,
    /// Automatic multicast tunnelling (RFC 7450).
    Amt,
    SixToFour,
    Benchmarking,
    Multicast,
    Reserved,
    Broadcast,
    Unspecified,
    /// IPv4 inside IPv6: compatible, mapped, translated or ISATAP.
    EmbeddedV4,
    Discard,
    Teredo,
    SegmentRouting,
    UniqueLocal,
    SiteLocal,
    /// Outside 2000::/3.
    NotAllotted,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(a: u16, b: u16, c: u16, d: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), length)
}

/// The first that fits names the reason: the narrow before the wide.
const V4: [(Ipv4Net, Range); 21] = [
    (v4(0, 0, 0, 0, 32), Range::Unspecified),
    (v4(0, 0, 0, 0, 8), Range::ThisNetwork),
    (v4(10, 0, 0, 0, 8), Range::Private),
    (v4(100, 64, 0, 0, 10), Range::Shared),
    (v4(127, 0, 0, 0, 8), Range::Loopback),
    (v4(169, 254, 0, 0, 16), Range::LinkLocal),
    (v4(172, 16, 0, 0, 12), Range::Private),
    (v4(192, 0, 0, 0, 24), Range::ProtocolAssignments),
    (v4(192, 0, 2, 0, 24), Range::Documentation),
    (v4(192, 31, 196, 0, 24), Range::As112),
    (v4(192, 52, 193, 0, 24), Range::Amt),
    (v4(192, 88, 99, 0, 24), Range::SixToFour),
    (v4(192, 168, 0, 0, 16), Range::Private),
    (v4(192, 175, 48, 0, 24), Range::As112),
    (v4(198, 18, 0, 0, 15), Range::Benchmarking),
    (v4(198, 51, 100, 0, 24), Range::Documentation),
    (v4(203, 0, 113, 0, 24), Range::Documentation),
    (v4(224, 0, 0, 0, 4), Range::Multicast),
    (v4(255, 255, 255, 255, 32), Range::Broadcast),
    (v4(240, 0, 0, 0, 4), Range::Reserved),
    (v4(168, 63, 129, 16, 32), Range::LinkLocal), // the host of an Azure machine: public by number only
];

const V6: [(Ipv6Net, Range); 23] = [
    (v6(0, 0, 0, 0, 128), Range::Unspecified),
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), Range::Loopback),
    (v6(0, 0, 0, 0, 96), Range::EmbeddedV4), // compatible
    (Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96), Range::EmbeddedV4), // mapped
    (Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96), Range::EmbeddedV4), // translated, RFC 2765
    (v6(0x64, 0xff9b, 0, 0, 32), Range::EmbeddedV4), // NAT64: ::/96, 1::/48 of a local network, and what lies between
    (v6(0x100, 0, 0, 0, 63), Range::Discard), // with the dummy prefix 100:0:0:1::/64
    (v6(0x2001, 0, 0, 0, 32), Range::Teredo),
    (v6(0x2001, 2, 0, 0, 48), Range::Benchmarking),
    (v6(0x2001, 3, 0, 0, 32), Range::Amt),
    (v6(0x2001, 4, 0x112, 0, 48), Range::As112),
    (v6(0x2001, 0x10, 0, 0, 28), Range::ProtocolAssignments), // ORCHID
    (v6(0x2001, 0x20, 0, 0, 28), Range::ProtocolAssignments), // ORCHIDv2
    (v6(0x2001, 0, 0, 0, 23), Range::ProtocolAssignments),
    (v6(0x2001, 0xdb8, 0, 0, 32), Range::Documentation),
    (v6(0x2002, 0, 0, 0, 16), Range::SixToFour),
    (v6(0x2620, 0x4f, 0x8000, 0, 48), Range::As112),
    (v6(0x3fff, 0, 0, 0, 20), Range::Documentation),
    (v6(0x5f00, 0, 0, 0, 16), Range::SegmentRouting),
    (v6(0xfc00, 0, 0, 0, 7), Range::UniqueLocal),
    (v6(0xfe80, 0, 0, 0, 10), Range::LinkLocal),
    (v6(0xfec0, 0, 0, 0, 10), Range::SiteLocal),
    (v6(0xff00, 0, 0, 0, 8), Range::Multicast),
];

const ALLOTTED: Ipv6Net = v6(0x2000, 0, 0, 0, 3);

/// The special-purpose range that an address lies in; `None` is public.
pub(super) fn special(address: IpAddr) -> Option<Range> {
    match address {
        IpAddr::V4(address) => V4.iter().find(|(net, _)| net.contains(&address)).map(|(_, range)| *range),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v6(address: Ipv6Addr) -> Option<Range> {
    if let Some((_, range)) = V6.iter().find(|(net, _)| net.contains(&address)) {
        return Some(*range);
    }
    // ISATAP (RFC 5214 §6.1): an interface id of 0:5efe or 200:5efe before the IPv4 address.
    let [_, _, _, _, upper, lower, _, _] = address.segments();
    if matches!((upper, lower), (0 | 0x200, 0x5efe)) {
        return Some(Range::EmbeddedV4);
    }
    if ALLOTTED.contains(&address) { None } else { Some(Range::NotAllotted) }
}

impl Range {
    pub fn code(self) -> &'static str {
        match self {
            Self::ThisNetwork => "this_network",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::Shared => "shared",
            Self::LinkLocal => "link_local",
            Self::ProtocolAssignments => "protocol_assignments",
            Self::Documentation => "documentation",
            Self::As112 => "as112",
            Self::Amt => "amt",
            Self::SixToFour => "six_to_four",
            Self::Benchmarking => "benchmarking",
            Self::Multicast => "multicast",
            Self::Reserved => "reserved",
            Self::Broadcast => "broadcast",
            Self::Unspecified => "unspecified",
            Self::EmbeddedV4 => "embedded_v4",
            Self::Discard => "discard",
            Self::Teredo => "teredo",
            Self::SegmentRouting => "segment_routing",
            Self::UniqueLocal => "unique_local",
            Self::SiteLocal => "site_local",
            Self::NotAllotted => "not_allotted",
        }
    }
}

#[cfg(test)]
pub(super) fn tables() -> Vec<(ipnet::IpNet, Range)> {
    let v4 = V4.iter().map(|(net, range)| ((*net).into(), *range));
    v4.chain(V6.iter().map(|(net, range)| ((*net).into(), *range))).collect()
}
