//! What is weak about a tenant's credentials, or does not fit the provider: all of it at once, each with
//! its place, so that an operator corrects a file once.

use std::fmt;

use super::credentials::{Proofs, Source};
use super::sources::published;
use super::specification::{Kind, Specification};
use crate::secret::Secret;

/// design §5: the token endpoint's clients have secrets of at least 32 random characters, because
/// nothing but a throttle slows down guessing.
pub const CLIENT_SECRET_LEAST: usize = 32;
/// 128 bits in URL-safe base64: the key part of a URL is the whole proof of a provider that signs nothing.
pub const URL_KEY_LEAST: usize = 22;

/// A weakness of the configuration, with its place below the connection's `webhook`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProofFault {
    pub place: String,
    pub problem: Problem,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    Nothing,
    NotAccepted,
    Empty,
    TooShort { least: usize },
    ColonInUsername,
    NotForUrl,
    NoTypes,
    NoSources,
    NoPublishedSources,
}

impl Proofs {
    /// All that is wrong with these credentials for a provider of this specification.
    pub fn faults(&self, specification: &Specification) -> Vec<ProofFault> {
        let mut faults = Vec::new();
        self.kinds(specification, &mut faults);
        self.secrets(&mut faults);
        self.addresses(specification, &mut faults);
        faults
    }

    fn kinds(&self, specification: &Specification, faults: &mut Vec<ProofFault>) {
        let counts = [
            (Kind::Basic, self.basic.len()),
            (Kind::Bearer, self.bearer.len()),
            (Kind::Oauth2, self.oauth2.len()),
            (Kind::Hmac, self.hmac.len()),
            (Kind::UrlKeys, self.url_keys.len()),
            (Kind::BodyTokens, self.body_tokens.len()),
        ];
        for (kind, _) in counts.iter().filter(|(kind, count)| *count > 0 && !specification.accepts(*kind)) {
            faults.push(ProofFault { place: kind.name().to_owned(), problem: Problem::NotAccepted });
        }
        let configured = |kind: &Kind| {
            counts.iter().any(|(other, count)| other == kind && *count > 0)
                || (*kind == Kind::Sources && self.sources.is_some())
        };
        let unmet =
            specification.all.iter().any(|clause| !clause.when_configured && !clause.any.iter().any(configured));
        if unmet {
            faults.push(ProofFault { place: String::new(), problem: Problem::Nothing });
        }
    }

    fn secrets(&self, faults: &mut Vec<ProofFault>) {
        for (at, login) in self.basic.iter().enumerate() {
            weigh(faults, format!("basic[{at}].username"), &login.username, 1);
            weigh(faults, format!("basic[{at}].password"), &login.password, 1);
            if login.username.expose().contains(&b':') {
                let place = format!("basic[{at}].username");
                faults.push(ProofFault { place, problem: Problem::ColonInUsername });
            }
            limits(faults, format!("basic[{at}]"), login.types.as_deref());
        }
        for (at, client) in self.oauth2.iter().enumerate() {
            weigh(faults, format!("oauth2[{at}].client_id"), &client.client_id, 1);
            weigh(faults, format!("oauth2[{at}].client_secret"), &client.client_secret, CLIENT_SECRET_LEAST);
            limits(faults, format!("oauth2[{at}]"), client.types.as_deref());
        }
        for (at, key) in self.hmac.iter().enumerate() {
            weigh(faults, format!("hmac[{at}].secret"), &key.secret, 1);
            limits(faults, format!("hmac[{at}]"), key.types.as_deref());
        }
        let single = [
            ("bearer", &self.bearer, 1),
            ("url_keys", &self.url_keys, URL_KEY_LEAST),
            ("body_tokens", &self.body_tokens, 1),
        ];
        for (name, list, least) in single {
            for (at, credential) in list.iter().enumerate() {
                weigh(faults, format!("{name}[{at}]"), &credential.value, least);
                limits(faults, format!("{name}[{at}]"), credential.types.as_deref());
            }
        }
        for (at, key) in self.url_keys.iter().enumerate() {
            let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            if !key.value.expose().iter().all(plain) {
                faults.push(ProofFault { place: format!("url_keys[{at}]"), problem: Problem::NotForUrl });
            }
        }
    }

    fn addresses(&self, specification: &Specification, faults: &mut Vec<ProofFault>) {
        let Some(sources) = &self.sources else { return };
        if sources.is_empty() {
            faults.push(ProofFault { place: "sources".to_owned(), problem: Problem::NoSources });
        }
        for (at, source) in sources.iter().enumerate() {
            if *source == Source::Published && published(&specification.provider).is_none() {
                let place = format!("sources[{at}]");
                faults.push(ProofFault { place, problem: Problem::NoPublishedSources });
            }
        }
    }
}

fn weigh(faults: &mut Vec<ProofFault>, place: String, secret: &Secret, least: usize) {
    let length = secret.expose_text().map_or(secret.len(), |text| text.chars().count());
    if length == 0 {
        faults.push(ProofFault { place, problem: Problem::Empty });
    } else if length < least {
        faults.push(ProofFault { place, problem: Problem::TooShort { least } });
    }
}

fn limits(faults: &mut Vec<ProofFault>, entry: String, types: Option<&[String]>) {
    if types.is_some_and(<[String]>::is_empty) {
        faults.push(ProofFault { place: format!("{entry}.types"), problem: Problem::NoTypes });
    }
}

impl fmt::Display for ProofFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(out, "{}: ", self.place)?;
        }
        match self.problem {
            Problem::Nothing => out.write_str("no proof that this provider's webhooks need is configured"),
            Problem::NotAccepted => out.write_str("this provider's webhooks are not proven this way"),
            Problem::Empty => out.write_str("is empty"),
            Problem::TooShort { least } => write!(out, "has fewer than {least} characters"),
            Problem::ColonInUsername => out.write_str("a user name cannot hold a colon"),
            Problem::NotForUrl => out.write_str("has characters other than letters, digits, - and _"),
            Problem::NoTypes => out.write_str("an empty list vouches for nothing; leave it out for every type"),
            Problem::NoSources => out.write_str("an empty list admits nobody; leave it out for any address"),
            Problem::NoPublishedSources => out.write_str("no published addresses are known for this provider"),
        }
    }
}
