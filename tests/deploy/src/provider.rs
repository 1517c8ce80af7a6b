//! The providers of the walk: a row in `PROVIDERS` and an arm of each match, here and in `outside.rs`.

use serde_json::{Value, json};

/// A simulated provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    Ondato,
    Intergiro,
    Onfido,
}

/// Each provider with the tenant that has an account with it. The tenant `acme` has only what the version before knows:
/// to a version that does not know a provider, a tenant with that provider is one that cannot be read.
pub(crate) const PROVIDERS: [(Provider, &str); 3] =
    [(Provider::Ondato, "acme"), (Provider::Intergiro, "globex"), (Provider::Onfido, "initech")];
/// The connection of the last one that leads to a FintechOS instance.
pub(crate) const TO_FINTECHOS: &str = "onfido-fintechos";

impl Provider {
    /// Of the connection, too.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ondato => "ondato",
            Self::Intergiro => "intergiro",
            Self::Onfido => "onfido",
        }
    }

    /// How the person comes there.
    pub(crate) const fn channel(self) -> &'static str {
        match self {
            Self::Ondato | Self::Intergiro => "link",
            Self::Onfido => "sdk",
        }
    }

    /// Whether the app says when the person has done her part.
    pub(crate) const fn is_submitted(self) -> bool {
        match self {
            Self::Ondato | Self::Intergiro => false,
            Self::Onfido => true,
        }
    }

    /// Who is to be verified, as this provider wants it said. Nobody else has this address.
    pub(crate) fn subject(self, email: &str) -> Value {
        match self {
            Self::Ondato => json!({ "kind": "individual", "firstName": "Ona", "lastName": "Example", "email": email }),
            Self::Intergiro => json!({
                "kind": "individual", "first_name": "Ona", "last_name": "Example", "email": email,
                "phone_number": "46700000000", "date_of_birth": "1991-12-06",
                "address": {
                    "country_code": "SE", "street1": "Torg 2", "city": "Uppsala", "region": "Uppsala", "postal_code": "753 10",
                },
            }),
            Self::Onfido => json!({
                "kind": "individual", "first_name": "Ona", "last_name": "Example", "email": email, "dob": "1991-12-06",
                "location": { "ip_address": "203.0.113.10", "country_of_residence": "GBR" },
            }),
        }
    }

    /// What the tenant is told once the person has done her part.
    pub(crate) const fn captured(self) -> &'static str {
        match self {
            Self::Ondato => "submitted",
            Self::Intergiro => "in_review",
            Self::Onfido => "submitted",
        }
    }
}
