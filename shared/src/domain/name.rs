//! Identifiers, each a type of its own. A value of these types has been checked; nothing else makes one.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is not an identifier. It names the rule, never the text: the text may be personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct BadName(pub &'static str);

macro_rules! name {
    ($(#[$meta:meta])* $type:ident, $rule:literal, $check:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        pub struct $type(String);

        impl $type {
            /// Checks the text.
            ///
            /// # Errors
            /// The rule that the text breaks.
            pub fn parse(text: impl Into<String>) -> Result<Self, BadName> {
                let text = text.into();
                let check: fn(&str) -> bool = $check;
                if check(&text) { Ok(Self(text)) } else { Err(BadName($rule)) }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl TryFrom<String> for $type {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> { Self::parse(text) }
        }

        impl std::str::FromStr for $type {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> { Self::parse(text) }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self { name.0 }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(&self.0) }
        }
    };
}

name!(
    /// A client of the deployer.
    Tenant,
    "a tenant's name is 1 to 63 of a-z, 0-9 and -, and does not begin with -",
    is_label
);
name!(
    /// One account of a tenant with one provider.
    ConnectionName,
    "a connection's name is 1 to 63 of a-z, 0-9 and -, and does not begin with -",
    is_label
);
name!(
    /// One case to verify one subject: `onb_` and a ULID.
    OnboardingId,
    "an onboarding id is onb_ and 26 characters of Crockford's base 32",
    |text| text.strip_prefix("onb_").is_some_and(|ulid| ulid.len() == 26
        && ulid.bytes().all(|b| b.is_ascii_digit() || (b.is_ascii_uppercase() && !b"ILOU".contains(&b))))
);
name!(
    /// The app's own id for what is verified; kept as it came.
    Reference,
    "a reference is 1 to 128 characters without control characters",
    |text| !text.is_empty() && text.chars().count() <= 128 && !text.chars().any(char::is_control)
);
name!(
    /// The provider's id of one of its resources.
    ProviderId,
    "a provider's id is 1 to 128 of letters, digits and . _ : -",
    |text| !text.is_empty() && text.len() <= 128
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
);
name!(
    /// What a resource of a provider is, in the words of that provider's folder.
    ResourceKind,
    "a kind of resource is 1 to 40 of a-z and _",
    |text| !text.is_empty() && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
);
name!(
    /// Another integration's name for a connection: its `SubscriptionId`. Letters count. It opens nothing by itself.
    SubscriptionId,
    "a subscription's id is 1 to 256 of letters, digits and . _ -",
    // Azure API Management has up to 256 characters.
    |text| (1..=256).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
);
name!(
    /// The app's key of one request that writes.
    IdempotencyKey,
    "an idempotency key is 1 to 128 printable ASCII characters",
    |text| !text.is_empty() && text.len() <= 128 && text.bytes().all(|b| b.is_ascii_graphic())
);

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// One resource at the provider: what a notice points at and what a part is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resource {
    /// Ondato's `identity_verification`, Onfido's `check`…
    pub kind: ResourceKind,
    /// The provider's id of it.
    pub id: ProviderId,
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

/// An onboarding and whose it is: there is no key without its tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OnboardingKey {
    /// Whose.
    pub tenant: Tenant,
    /// Which.
    pub id: OnboardingId,
}

/// A connection and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConnectionKey {
    /// Whose.
    pub tenant: Tenant,
    /// Which.
    pub name: ConnectionName,
}

/// A resource at a provider, seen through one connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubjectKey {
    /// Through which connection.
    pub connection: ConnectionKey,
    /// What.
    pub resource: Resource,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_their_alphabet() {
        for good in ["a", "acme", "0-a", &"x".repeat(63)] {
            assert!(Tenant::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "A", "a_b", "a/b", "a#b", "ä", "a\0", &"x".repeat(64)] {
            assert!(Tenant::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_onboarding_id_is_a_prefixed_ulid() {
        assert!(OnboardingId::parse("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV").is_ok());
        for bad in
            ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "onb_", "onb_01arz3ndektsv4rrffq69g5fav", "onb_01ARZ3NDEKTSV4RRFFQ69G5FA#"]
        {
            assert!(OnboardingId::parse(bad).is_err(), "{bad}");
        }
    }
}
