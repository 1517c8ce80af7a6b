//! The node's actions that we call, each within the session, and their answers as what they are about.
//!
//! A call says who asks (`sender`); what proves it is the session. In this mode of the network a call is not signed.

use std::borrow::Cow;
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::json;
use url::Url;

use super::challenge::Signer;
use super::credential::{Copied, Flaw};
use super::grants::{Grant, Listed, inserter, joined};
use super::id::is;
use super::kwil::payload::{self, Argument};
use super::kwil::rpc;
use super::kwil::table::{self, Raised, Row};
use super::session::Session;
use crate::domain::ProviderId;
use crate::ports::{HttpError, ProviderError, Reach, Request, Response};
use crate::providers::answer::below;

/// A copy of 20 MiB as base64, with its row; larger ones are not read.
const COPY_LIMIT: usize = 28 * 1024 * 1024;
/// Such an answer has this long; the time that a look has ends it earlier.
pub(super) const LONG: Duration = Duration::from_secs(15);
/// A node that gives fewer rows at a time than were asked for gives at least so many (the public client asks for them).
const LEAST: usize = 20;
/// Pages of one user's grants; more are no person's.
const PAGES: i64 = 10;
/// With less time than this no further page is asked for: it is for the copies.
const FURTHER: Duration = Duration::from_secs(10);

/// The gateway with the node behind it.
pub(super) struct Node {
    pub(super) session: Session,
    pub(super) base: Url,
    rpc: Url,
    page_size: u32,
}

/// A copy's row.
pub(super) struct Shared {
    pub(super) copied: Copied,
    pub(super) place: Place,
}

/// What a copy is of.
pub(super) struct Original {
    pub(super) notes: Option<String>,
}

/// Where a copy's content is.
pub(super) enum Place {
    /// The box itself, or why it is none.
    Here(Result<Vec<u8>, Flaw>),
    /// An address, which wins over a text; and how many bytes are there.
    At { uri: String, size: Option<i64> },
}

impl Shared {
    /// Of which only the grant is known.
    fn unread(grant: &Grant, flaw: Flaw) -> Self {
        let copied = Copied {
            id: grant.copy.clone(),
            user: grant.owner.clone(),
            notes: None,
            encryptor_public_key: String::new(),
            signer: String::new(),
            inserter: grant.inserter,
            content_hash: grant.content_hash.clone(),
            locked_until: grant.locked_until,
        };
        Self { copied, place: Place::Here(Err(flaw)) }
    }
}

impl Node {
    pub(super) fn new(gateway: &Url, signer: Signer, chain_id: Option<String>, page_size: u32) -> Self {
        let rpc = below(gateway, &["rpc", "v1"]);
        let session = Session::new(gateway, rpc.clone(), signer, chain_id);
        Self { session, base: gateway.clone(), rpc, page_size }
    }

    /// The grants of a user to us, oldest first, one for each copy; and whether these are all. How many there are is the
    /// user's doing, so a list without an end, or one that takes too long, is no fault of the node's.
    pub(super) async fn grants_of(
        &self,
        reach: Reach<'_>,
        user: &ProviderId,
    ) -> Result<(Vec<Grant>, bool), ProviderError> {
        let mut grants = Vec::new();
        for page in 1..=PAGES {
            if page > 1 && reach.http.left() < FURTHER {
                break;
            }
            let found = self.grants(reach, user, page).await?;
            let last = self.is_last(found.len());
            grants.extend(found);
            if last {
                return Ok((joined(grants), true));
            }
        }
        Ok((joined(grants), false))
    }

    /// A page of a user's grants to us; the first has number 1.
    async fn grants(&self, reach: Reach<'_>, user: &ProviderId, page: i64) -> Result<Vec<Grant>, ProviderError> {
        let response = self.page(reach, Argument::uuid(user.as_str()), page).await?;
        let grants = self.read_grants(&response)?;
        if grants.iter().any(|grant| grant.owner != *user) {
            return Err(ProviderError::Foreign("it is a grant of another user"));
        }
        Ok(grants)
    }

    /// A page of the grants to us of all users, as far as its rows can be read.
    pub(super) async fn listed(&self, reach: Reach<'_>, page: i64) -> Result<Listed, ProviderError> {
        let response = self.page(reach, Argument::Uuid(None), page).await?;
        let mut listed = Listed { grants: Vec::new(), skipped: 0 };
        if let Ok(table) = table::read(&response)? {
            for row in table.rows() {
                match Grant::read(&row, self.session.signer.name()) {
                    Ok(grant) => listed.grants.push(grant),
                    Err(_) => listed.skipped += 1,
                }
            }
        }
        Ok(listed)
    }

    async fn page(&self, reach: Reach<'_>, owner: Argument<'_>, page: i64) -> Result<Response, ProviderError> {
        let arguments = [owner, Argument::Int8(page), Argument::Int8(self.page_size.into())];
        self.call(reach, "get_access_grants_granted", &arguments).await
    }

    /// Whether a page of so many rows is the last.
    pub(super) fn is_last(&self, rows: usize) -> bool {
        rows < usize::try_from(self.page_size).unwrap_or(LEAST).min(LEAST)
    }

    /// The grants to us of one copy.
    pub(super) async fn grants_for(&self, reach: Reach<'_>, copy: &ProviderId) -> Result<Vec<Grant>, ProviderError> {
        let arguments = [Argument::uuid(copy.as_str())];
        let response = self.call(reach, "get_access_grants_for_credential", &arguments).await?;
        let grants = self.read_grants(&response)?;
        if grants.iter().any(|grant| grant.copy != *copy) {
            return Err(ProviderError::Foreign("it is a grant of another copy"));
        }
        Ok(joined(grants))
    }

    /// The copy that was granted; none where it is not, or not any more.
    pub(super) async fn shared(&self, reach: Reach<'_>, grant: &Grant) -> Result<Option<Shared>, ProviderError> {
        let arguments = [Argument::uuid(grant.copy.as_str())];
        let answer = self.answer(reach, "get_credential_shared", &arguments, Some(COPY_LIMIT)).await?;
        if matches!(answer, Err(HttpError::TooLong)) {
            return Ok(Some(Shared::unread(grant, Flaw::TooLarge)));
        }
        let response = rpc::settled(answer)?;
        let table = match table::read(&response)? {
            Ok(table) => table,
            Err(Raised::NoCredential | Raised::NotShared) => return Ok(None),
        };
        let Some(row) = table.rows().next() else { return Ok(None) };
        if !is(&row.required("id")?, &grant.copy) || !is(&row.required("user_id")?, &grant.owner) {
            return Err(ProviderError::Foreign("it is another copy, or of another user"));
        }
        let mut shared = Shared::unread(grant, Flaw::NoContent);
        let copied = &mut shared.copied;
        copied.notes = row.text("public_notes")?.map(Cow::into_owned);
        copied.encryptor_public_key = row.text("encryptor_public_key")?.map(Cow::into_owned).unwrap_or_default();
        copied.signer = row.text("issuer_auth_public_key")?.map(Cow::into_owned).unwrap_or_default();
        // The older schema has no such column: there only the grant tells. Whoever wrote the copy, wrote what stands in
        // it; a further grant may be the user's all the same.
        if let Some(word) = row.text("inserter_type")? {
            copied.inserter = inserter(&word);
        }
        shared.place = place(&row)?;
        Ok(Some(shared))
    }

    /// Whether a copy's original is one that this key has signed, and its notes then. What a list of these is longer than,
    /// is the user's own doing.
    pub(super) async fn original(
        &self,
        reach: Reach<'_>,
        copied: &Copied,
        signer: &str,
    ) -> Result<Option<Original>, ProviderError> {
        // keys stand there in small letters, and are compared as texts
        let signer = signer.to_ascii_lowercase();
        let arguments = [Argument::uuid(copied.user.as_str()), Argument::Text(Some(&signer))];
        let answer = self.answer(reach, "get_credentials_shared_by_user", &arguments, None).await?;
        if matches!(answer, Err(HttpError::TooLong)) {
            return Ok(None);
        }
        let response = rpc::settled(answer)?;
        let Ok(table) = table::read(&response)? else { return Ok(None) };
        for row in table.rows() {
            if is(&row.required("id")?, &copied.id) && is(&row.required("user_id")?, &copied.user) {
                return Ok(Some(Original { notes: row.text("public_notes")?.map(Cow::into_owned) }));
            }
        }
        Ok(None)
    }

    async fn call(
        &self,
        reach: Reach<'_>,
        action: &str,
        arguments: &[Argument<'_>],
    ) -> Result<Response, ProviderError> {
        rpc::settled(self.answer(reach, action, arguments, None).await?)
    }

    async fn answer(
        &self,
        reach: Reach<'_>,
        action: &str,
        arguments: &[Argument<'_>],
        limit: Option<usize>,
    ) -> Result<Result<Response, HttpError>, ProviderError> {
        let payload = BASE64.encode(&payload::call(action, arguments));
        let params = json!({
            "body": {"payload": payload, "challenge": ""},
            "auth_type": "ed25519", "sender": self.session.signer.name(), "signature": "",
        });
        let request = || {
            let mut request: Request = rpc::request(&self.rpc, "user.call", &params);
            if let Some(limit) = limit {
                (request.limit, request.deadline) = (limit, LONG);
            }
            request
        };
        self.session.within(reach, &request).await
    }

    fn read_grants(&self, response: &Response) -> Result<Vec<Grant>, ProviderError> {
        match table::read(response)? {
            Ok(table) => table.rows().map(|row| Grant::read(&row, self.session.signer.name())).collect(),
            Err(Raised::NoCredential | Raised::NotShared) => Ok(Vec::new()),
        }
    }
}

fn place(row: &Row<'_, '_>) -> Result<Place, ProviderError> {
    if let Some(uri) = row.text("content_uri")?.filter(|uri| !uri.is_empty()) {
        return Ok(Place::At { uri: uri.into_owned(), size: row.number("content_size")? });
    }
    let content = row.text("content")?.filter(|content| !content.is_empty());
    let decoded = content.map(|content| BASE64.decode(content.as_bytes()).map_err(|_| Flaw::NotBase64));
    Ok(Place::Here(decoded.unwrap_or(Err(Flaw::NoContent))))
}
