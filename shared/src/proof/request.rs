//! A request as it arrived, before anything about it is believed.

use std::net::IpAddr;

/// Name and value as bytes: a value need not be text, and one that is not must be refused, not lost.
pub type Header<'a> = (&'a [u8], &'a [u8]);

#[derive(Clone, Copy)]
pub struct Unverified<'a> {
    /// In order, duplicates included. Names in any case.
    pub headers: &'a [Header<'a>],
    /// The bytes that were signed: after the transport's base64 flag, before any parser.
    pub body: &'a [u8],
    /// The `{key}` of `/v1/webhooks/{tenant}/{connection}/{key}`.
    pub url_key: Option<&'a str>,
    /// From the gateway's request context, never from a header.
    pub source: Option<IpAddr>,
    /// Unix seconds.
    pub received_at: i64,
}

/// Whose request it claims to be, by the URL: the token of one connection is worth nothing at another.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub tenant: &'a str,
    pub connection: &'a str,
}

/// What a header that may stand once was found as.
pub(super) enum Only<'a> {
    Absent,
    One(&'a [u8]),
    Several,
}

pub(super) fn only<'a>(headers: &[Header<'a>], name: &str) -> Only<'a> {
    let mut values =
        headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| *value);
    match (values.next(), values.next()) {
        (None, _) => Only::Absent,
        (Some(value), None) => Only::One(value),
        (Some(_), Some(_)) => Only::Several,
    }
}
