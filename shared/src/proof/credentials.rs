//! The credentials that a tenant configured for the webhooks of one connection.
//!
//! One vocabulary for every provider; in each list any entry may match, and an entry may be limited to
//! event types. Reading is strict about names, not about strength: `faults` lists what is weak or does
//! not fit the provider, all at once, and an empty secret is never usable whatever it is compared with.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::secret::Secret;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Proofs {
    pub basic: Vec<Login>,
    pub bearer: Vec<Credential>,
    pub oauth2: Vec<Client>,
    pub hmac: Vec<MacKey>,
    pub url_keys: Vec<Credential>,
    pub body_tokens: Vec<Credential>,
    /// Absent: any address.
    pub sources: Option<Vec<Source>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    pub username: Secret,
    pub password: Secret,
    #[serde(default)]
    pub types: Option<Vec<String>>,
}

/// A client of our own token endpoint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    pub client_id: Secret,
    pub client_secret: Secret,
    #[serde(default)]
    pub types: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MacKey {
    pub secret: Secret,
    #[serde(default)]
    pub types: Option<Vec<String>>,
}

/// A single value: `"…"`, or `{"value": "…", "types": […]}`.
pub struct Credential {
    pub value: Secret,
    pub types: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    /// The provider's own list, shipped as data.
    Published,
    Net(IpNet),
}

impl FromStr for Source {
    type Err = &'static str;

    /// `published`, a network (`203.0.113.0/24`) or one address.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "published" {
            return Ok(Self::Published);
        }
        let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        net.map(Self::Net).map_err(|_| "expected \"published\", a network or an address")
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Credential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrMap)
    }
}

struct TextOrMap;

impl<'de> Visitor<'de> for TextOrMap {
    type Value = Credential;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a text or an object with value and types")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Credential, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Credential, E> {
        Ok(Credential { value: Secret::from(text), types: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Credential, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Whole {
            value: Secret,
            #[serde(default)]
            types: Option<Vec<String>>,
        }
        let whole = Whole::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Credential { value: whole.value, types: whole.types })
    }
}
