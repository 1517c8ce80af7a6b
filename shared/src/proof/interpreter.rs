//! The one interpreter of specifications.

use secrecy::zeroize::Zeroizing;
use serde_json::Value;
use subtle::Choice;

use super::credentials::{Client, Credential, Proofs};
use super::request::{Context, Unverified};
use super::specification::{Clause, Kind, Specification};
use super::verified::{Body, Evidence, Proof, Verified, Vouched};
use super::{Refusal, authorization, mac, sources, token};

/// What one kind, or one clause, found.
pub(super) enum Finding {
    Unconfigured,
    Refused(Refusal),
    Proven(Proof),
}

/// An entry's place in its list, what it is limited to, and whether it matched.
pub(super) type Compared<'a> = (usize, Option<&'a [String]>, Choice);

struct Case<'a> {
    specification: &'a Specification,
    proofs: &'a Proofs,
    request: Unverified<'a>,
    context: Context<'a>,
}

/// Proves a request by the provider's specification with the tenant's credentials.
///
/// The answer depends on nothing else: no clock, no cache. A refusal that `is_ours` is answered 503,
/// every other 401.
pub fn prove<'a>(
    specification: &Specification,
    proofs: &Proofs,
    request: Unverified<'a>,
    context: Context<'_>,
) -> Result<Verified<Body<'a>>, Refusal> {
    specification.check().map_err(|_| Refusal::Misconfigured)?;
    let case = Case { specification, proofs, request, context };
    let source = sources::admit(&specification.provider, proofs.sources.as_deref(), request.source);
    let findings: Vec<_> = specification.all.iter().map(|clause| (clause, case.clause(clause))).collect();
    let mut whole = Proof::whole();
    let mut refusals = Vec::new();
    for (clause, finding) in findings {
        match finding {
            Finding::Unconfigured if clause.when_configured => {}
            Finding::Unconfigured => refusals.push(Refusal::NothingConfigured),
            Finding::Refused(refusal) => refusals.push(refusal),
            Finding::Proven(proof) => whole = whole.and(proof),
        }
    }
    refusals.extend(source.err());
    match refusals.iter().find(|refusal| refusal.is_ours()).or(refusals.first()) {
        Some(refusal) => Err(*refusal),
        None => Ok(Verified::new(request.body, whole)),
    }
}

impl Case<'_> {
    /// Every kind is evaluated; those that prove are joined; otherwise the refusal that came furthest.
    fn clause(&self, clause: &Clause) -> Finding {
        let findings: Vec<_> = clause.any.iter().map(|kind| self.kind(*kind)).collect();
        findings.into_iter().reduce(join).unwrap_or(Finding::Unconfigured)
    }

    fn kind(&self, kind: Kind) -> Finding {
        match kind {
            Kind::Basic => self.basic(),
            Kind::Bearer => {
                let token = authorization::bearer(self.request.headers);
                single(kind, &self.proofs.bearer, token)
            }
            Kind::Oauth2 => self.oauth2(),
            Kind::Hmac => match &self.specification.mac {
                Some(mac) => mac::evaluate(mac, &self.proofs.hmac, &self.request),
                None => Finding::Refused(Refusal::Misconfigured),
            },
            Kind::UrlKeys => {
                let key = self.request.url_key.map(str::as_bytes).ok_or(Refusal::CredentialMissing);
                single(kind, &self.proofs.url_keys, key)
            }
            Kind::BodyTokens => match self.body_token() {
                Ok(token) => single(kind, &self.proofs.body_tokens, Ok(&token)),
                Err(refusal) => single(kind, &self.proofs.body_tokens, Err(refusal)),
            },
            Kind::Sources => self.sources(),
        }
    }

    fn basic(&self) -> Finding {
        let usable = |login: &super::Login| !login.username.is_empty() && !login.password.is_empty();
        let logins = self.proofs.basic.iter().enumerate().filter(|(_, login)| usable(login));
        if !self.proofs.basic.iter().any(usable) {
            return Finding::Unconfigured;
        }
        let pair = match authorization::basic(self.request.headers) {
            Ok(pair) => pair,
            Err(refusal) => return Finding::Refused(refusal),
        };
        let compared = logins.map(|(position, login)| {
            let fits = login.username.compare(&pair.user) & login.password.compare(&pair.password);
            (position, login.types.as_deref(), fits)
        });
        gather(Kind::Basic, compared.collect(), Refusal::CredentialUnknown)
    }

    fn oauth2(&self) -> Finding {
        let usable = |client: &Client| !client.client_id.is_empty() && !client.client_secret.is_empty();
        if !self.proofs.oauth2.iter().any(usable) {
            return Finding::Unconfigured;
        }
        let read = authorization::bearer(self.request.headers).and_then(token::read);
        let presented = match read {
            Ok(presented) => presented,
            Err(refusal) => return Finding::Refused(refusal),
        };
        let clients = self.proofs.oauth2.iter().enumerate().filter(|(_, client)| usable(client));
        let compared = clients
            .map(|(position, client)| (position, client.types.as_deref(), presented.compare(client, &self.context)));
        match gather(Kind::Oauth2, compared.collect(), Refusal::CredentialUnknown) {
            proven @ Finding::Proven(_) => match presented.in_life(self.request.received_at) {
                Ok(()) => proven,
                Err(refusal) => Finding::Refused(refusal),
            },
            other @ (Finding::Unconfigured | Finding::Refused(_)) => other,
        }
    }

    /// The one proof that must parse before it believes: the token is a member of the body.
    fn body_token(&self) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let pointer = self.specification.body_token.as_ref().ok_or(Refusal::Misconfigured)?;
        let body: Value = serde_json::from_slice(self.request.body).map_err(|_| Refusal::CredentialMalformed)?;
        let token = body.pointer(&pointer.pointer).ok_or(Refusal::CredentialMissing)?;
        let token = token.as_str().ok_or(Refusal::CredentialMalformed)?;
        Ok(Zeroizing::new(token.as_bytes().to_vec()))
    }

    fn sources(&self) -> Finding {
        let Some(sources) = self.proofs.sources.as_deref() else {
            return Finding::Unconfigured;
        };
        match sources::admit(&self.specification.provider, Some(sources), self.request.source) {
            Ok(()) => gather(Kind::Sources, vec![(0, None, Choice::from(1))], Refusal::SourceNotAllowed),
            Err(refusal) => Finding::Refused(refusal),
        }
    }
}

fn single(kind: Kind, entries: &[Credential], candidate: Result<&[u8], Refusal>) -> Finding {
    let usable = || entries.iter().enumerate().filter(|(_, entry)| !entry.value.is_empty());
    if usable().next().is_none() {
        return Finding::Unconfigured;
    }
    match candidate {
        Err(refusal) => Finding::Refused(refusal),
        Ok(candidate) => {
            let compared =
                usable().map(|(position, entry)| (position, entry.types.as_deref(), entry.value.compare(candidate)));
            gather(kind, compared.collect(), Refusal::CredentialUnknown)
        }
    }
}

/// All entries have been compared by now: what is looked at here is only which ones matched.
pub(super) fn gather(kind: Kind, compared: Vec<Compared<'_>>, otherwise: Refusal) -> Finding {
    let mut vouched: Option<Vouched> = None;
    let mut evidence = Vec::new();
    for (position, types, _) in compared.into_iter().filter(|(_, _, matched)| bool::from(*matched)) {
        let own = Vouched::of(types);
        vouched = Some(match vouched {
            Some(before) => before.or(own),
            None => own,
        });
        evidence.push(Evidence { kind, position });
    }
    match vouched {
        Some(vouched) => Finding::Proven(Proof { vouched, evidence, signed_at: None }),
        None => Finding::Refused(otherwise),
    }
}

/// Two kinds of one clause.
fn join(left: Finding, right: Finding) -> Finding {
    match (left, right) {
        (Finding::Proven(left), Finding::Proven(right)) => Finding::Proven(left.or(right)),
        (proven @ Finding::Proven(_), _) | (_, proven @ Finding::Proven(_)) => proven,
        (Finding::Refused(left), Finding::Refused(right)) => {
            let further = right.depth() > left.depth();
            Finding::Refused(if further { right } else { left })
        }
        (Finding::Unconfigured, other) | (other, Finding::Unconfigured) => other,
    }
}
