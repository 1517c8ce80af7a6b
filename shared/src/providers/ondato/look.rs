//! Reads the truth about one run: all of it or an error.
//!
//! The verification first, because it names the rest; then its identifications and forms side by side. Every answer
//! must be about what was asked for (own id, the verification it belongs to, the application that is configured): one
//! that is not is `Foreign` and never stored.
//!
//! An identification that the verification names and its own API does not know yet (404) is a read that came too
//! early: the whole look fails and is repeated. Only after a redaction may it be missing for good; then it is left out
//! and what was known of it stands.
//!
//! Forms are no verdict and are read only where a host was configured; KYB is read from a host that is assumed by
//! default, and a look fails while that host does not answer, because a company's decision stands nowhere else.

use futures_util::future::try_join_all;
use futures_util::try_join;
use serde_json::{Map, Value};
use url::Url;

use super::Ondato;
use super::api::{Api, Identification, Verification};
use super::assess::mark;
use super::id::{self, Kind};
use super::words::{self, AUTOMATICALLY, KybStatus, KycStatus, MANUALLY, VerificationStatus, same, word};
use crate::domain::{DecidedBy, Part, ProviderId, Resource, Snapshot, Standing, Timestamp};
use crate::ports::{ProviderError, Reach, Response};
use crate::providers::answer;

/// No more forms than this are read one by one; further ones are only listed.
const FORMS: usize = 8;

const ANOTHER: ProviderError = ProviderError::Foreign("it is another resource");
const OF_ANOTHER: ProviderError = ProviderError::Foreign("it belongs to another identity verification");
const APPLICATION: ProviderError = ProviderError::Foreign("it belongs to another application");

impl Ondato {
    pub(super) async fn snapshot(&self, reach: Reach<'_>, subject: &Resource) -> Result<Snapshot, ProviderError> {
        let root = self.root(reach, subject).await?;
        let found = self.verification(reach, &root).await?;
        let own = verification_part(&root, &found)?;
        let (kyc, kyb, forms) = try_join!(
            self.kyc(reach, &root, &found),
            self.kyb(reach, &root, &found),
            self.forms(reach, &root, &found)
        )?;
        Ok(Snapshot::of(std::iter::once(own).chain(kyc).chain(kyb).chain(forms).collect()))
    }

    /// The verification that a subject is, or belongs to.
    pub(super) async fn root(&self, reach: Reach<'_>, subject: &Resource) -> Result<ProviderId, ProviderError> {
        let host = match Kind::of(subject) {
            Some(Kind::IdentityVerification) => return Ok(subject.id.clone()),
            Some(Kind::KycIdentification) => &self.api.hosts.kyc,
            Some(Kind::KybIdentification) => &self.api.hosts.kyb,
            Some(Kind::Form) | None => return Err(ProviderError::NotFound),
        };
        let found = self.identification(reach, &Api::identification(host, &subject.id), &subject.id, None).await?;
        let parent = found.identity_verification_id.as_deref().and_then(id::uuid);
        parent.ok_or(ProviderError::Unavailable("an identification does not name its verification"))
    }

    pub(super) async fn verification(&self, reach: Reach<'_>, id: &ProviderId) -> Result<Verification, ProviderError> {
        let response = self.api.get(reach, &self.api.verification(id)).await?;
        let found: Verification = answer::object(&response)?;
        own(found.id.as_deref(), id)?;
        match (found.application_id.as_deref(), &self.settings.application) {
            (_, None) => Ok(found),
            (Some(application), Some(own)) if id::is(application, own) => Ok(found),
            (Some(_), Some(_)) => Err(APPLICATION),
            (None, Some(_)) => Err(ProviderError::Foreign("it does not say which application it belongs to")),
        }
    }

    async fn identification(
        &self,
        reach: Reach<'_>,
        url: &Url,
        id: &ProviderId,
        root: Option<&ProviderId>,
    ) -> Result<Identification, ProviderError> {
        let response = self.api.get(reach, url).await?;
        self.own_identification(&response, id, root)
    }

    pub(super) fn own_identification(
        &self,
        response: &Response,
        id: &ProviderId,
        root: Option<&ProviderId>,
    ) -> Result<Identification, ProviderError> {
        let found: Identification = answer::object(response)?;
        own(found.id.as_deref(), id)?;
        let elsewhere = |text: Option<&str>, own: Option<&ProviderId>| matches!((text, own), (Some(text), Some(own)) if !id::is(text, own));
        if elsewhere(found.identity_verification_id.as_deref(), root) {
            return Err(OF_ANOTHER);
        }
        if elsewhere(found.application_id.as_deref(), self.settings.application.as_ref()) {
            return Err(APPLICATION);
        }
        Ok(found)
    }

    async fn kyc(&self, reach: Reach<'_>, root: &ProviderId, of: &Verification) -> Result<Option<Part>, ProviderError> {
        let Some(id) = of.kyc()? else { return Ok(None) };
        let url = Api::identification(&self.api.hosts.kyc, &id);
        let found = self.identification(reach, &url, &id, Some(root)).await;
        let Some((found, status)) = present(found, of.is_redacted())? else { return Ok(None) };
        let standing = KycStatus::read(&status).map_or(Standing::Unrecognised, KycStatus::standing);
        let mut part = part(Kind::KycIdentification, id, &status, standing);
        part.provider_reason = found.status_reason.as_deref().map(word).map(str::to_owned);
        part.decided_by = if standing.is_decision() { decided_by(&found) } else { DecidedBy::Unknown };
        part.at = moment(found.completed_utc.as_deref());
        mark_if(&mut part, mark::PROCESSED, was_processed(&found));
        mark_if(&mut part, mark::CROSS_CHECKED, found.is_cross_checked == Some(true));
        if standing.is_decision() && !of.is_redacted() {
            part.digest = canonical_data(&found).map(|data| (reach.digest)(data.as_bytes()));
        }
        Ok(Some(part))
    }

    async fn kyb(&self, reach: Reach<'_>, root: &ProviderId, of: &Verification) -> Result<Option<Part>, ProviderError> {
        let Some(id) = of.kyb()? else { return Ok(None) };
        let url = Api::identification(&self.api.hosts.kyb, &id);
        let found = self.identification(reach, &url, &id, Some(root)).await;
        let Some((found, status)) = present(found, of.is_redacted())? else { return Ok(None) };
        let standing = KybStatus::read(&status).map_or(Standing::Unrecognised, KybStatus::standing);
        let mut part = part(Kind::KybIdentification, id, &status, standing);
        part.provider_reason = found.status_reason.as_deref().map(word).map(str::to_owned);
        part.at = moment(found.completed_utc.as_deref());
        mark_if(&mut part, mark::DOCUMENT_INVALIDATED, has_invalid_document(found.documents.as_ref()));
        Ok(Some(part))
    }

    async fn forms(&self, reach: Reach<'_>, root: &ProviderId, of: &Verification) -> Result<Vec<Part>, ProviderError> {
        let forms = of.forms()?.into_iter().enumerate();
        try_join_all(forms.map(|(at, id)| self.form(reach, root, id, at < FORMS))).await
    }

    async fn form(
        &self,
        reach: Reach<'_>,
        root: &ProviderId,
        id: ProviderId,
        read: bool,
    ) -> Result<Part, ProviderError> {
        let listed = |id| part(Kind::Form, id, "listed", Standing::Open);
        let Some(host) = self.api.hosts.forms.as_ref().filter(|_| read) else { return Ok(listed(id)) };
        match self.identification(reach, &Api::form(host, &id), &id, Some(root)).await {
            Ok(found) => {
                let status = found.status.as_deref().map_or("listed", word);
                let mut part = part(Kind::Form, id, status, words::form_standing(status));
                part.at = moment(found.created_utc.as_deref());
                Ok(part)
            }
            Err(ProviderError::NotFound) => Ok(listed(id)),
            Err(error) => Err(error),
        }
    }
}

fn own(found: Option<&str>, id: &ProviderId) -> Result<(), ProviderError> {
    match found {
        Some(found) if id::is(found, id) => Ok(()),
        Some(_) => Err(ANOTHER),
        None => Err(ProviderError::Unavailable("the answer has no id")),
    }
}

/// An identification with its status; none where a redaction took either away.
fn present(
    found: Result<Identification, ProviderError>,
    redacted: bool,
) -> Result<Option<(Identification, String)>, ProviderError> {
    let mut found = match found {
        Err(ProviderError::NotFound) if redacted => return Ok(None),
        Err(ProviderError::NotFound) => return Err(ProviderError::Unavailable("an identification cannot be read yet")),
        outcome @ (Ok(_) | Err(_)) => outcome?,
    };
    match found.status.take() {
        Some(status) => Ok(Some((found, status))),
        None if redacted => Ok(None),
        None => Err(ProviderError::Unavailable("the answer has no status")),
    }
}

fn verification_part(id: &ProviderId, found: &Verification) -> Result<Part, ProviderError> {
    let status = found.status.as_deref().ok_or(ProviderError::Unavailable("the answer has no status"))?;
    let standing = VerificationStatus::read(status).map_or(Standing::Unrecognised, VerificationStatus::standing);
    let mut part = part(Kind::IdentityVerification, id.clone(), status, standing);
    part.provider_reason = found.status_reason.as_deref().map(word).map(str::to_owned);
    part.at = moment(found.modified_utc.as_deref());
    mark_if(&mut part, mark::CONSENT_DECLINED, found.is_consented() == Some(false));
    mark_if(&mut part, mark::SUCCESSFUL, found.is_success() == Some(true));
    mark_if(&mut part, mark::UNSUCCESSFUL, found.is_success() == Some(false));
    mark_if(&mut part, mark::REDACTED, found.is_redacted());
    Ok(part)
}

fn part(kind: Kind, id: ProviderId, status: &str, standing: Standing) -> Part {
    Part::new(kind.resource(id), word(status), standing)
}

fn mark_if(part: &mut Part, mark: &str, holds: bool) {
    part.marks.extend(holds.then(|| mark.to_owned()));
}

fn moment(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(Timestamp::parse)
}

/// `isCrossChecked` says that a person looked, `statusReason` beside an approval who decided; a person wins.
fn decided_by(found: &Identification) -> DecidedBy {
    let reason = found.status_reason.as_deref().unwrap_or_default();
    if found.is_cross_checked == Some(true) || same(reason, MANUALLY) {
        DecidedBy::Manual
    } else if found.is_cross_checked == Some(false) || same(reason, AUTOMATICALLY) {
        DecidedBy::Automatic
    } else {
        DecidedBy::Unknown
    }
}

/// Only an event says "processed"; in the resource it shows in what the machine has read or judged (inferred from
/// payloads: an identification that was only begun has neither).
fn was_processed(found: &Identification) -> bool {
    const READ: [&str; 6] = ["fullName", "firstName", "lastName", "dateOfBirth", "personalCode", "documentNumber"];
    let judged = found.rules.as_ref().is_some_and(|rules| !rules.is_empty());
    let read = |document: &Map<String, Value>| {
        READ.iter().any(|name| document.get(*name).is_some_and(|value| !value.is_null()))
    };
    judged || found.document.as_ref().is_some_and(read)
}

/// `documents[{status}]` of a KYB identification: assumed, the documentation has only the event.
fn has_invalid_document(documents: Option<&Value>) -> bool {
    let documents = documents.and_then(Value::as_array).into_iter().flatten();
    documents.filter_map(|document| document.get("status")?.as_str()).any(|status| status == "Invalidated")
}

/// The values of document and face in one writing. Without files and checks: those are references and judgements, and
/// may change while the data stay.
fn canonical_data(found: &Identification) -> Option<String> {
    let mut data = String::new();
    for section in [&found.document, &found.face] {
        data.push('/');
        for (name, value) in sorted(section.as_ref().into_iter().flatten()) {
            if !matches!(name.as_str(), "files" | "ocrValidations") {
                member(name, value, &mut data);
            }
        }
    }
    (data.len() > 2).then_some(data)
}

fn sorted<'a>(members: impl Iterator<Item = (&'a String, &'a Value)>) -> Vec<(&'a String, &'a Value)> {
    let mut members: Vec<_> = members.filter(|(_, value)| !value.is_null()).collect();
    members.sort_by_key(|(name, _)| *name);
    members
}

fn member(name: &str, value: &Value, data: &mut String) {
    data.push_str(&Value::from(name).to_string());
    data.push(':');
    canonical(value, data);
    data.push(',');
}

fn canonical(value: &Value, data: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => data.push_str(&value.to_string()),
        Value::Array(items) => {
            data.push('[');
            items.iter().for_each(|item| {
                canonical(item, data);
                data.push(',');
            });
            data.push(']');
        }
        Value::Object(members) => {
            data.push('{');
            sorted(members.iter()).into_iter().for_each(|(name, value)| member(name, value, data));
            data.push('}');
        }
    }
}
