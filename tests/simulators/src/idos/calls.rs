//! The actions of a consumer (§4.5): what each wants, whom it answers, what its table has.

use data_encoding::BASE64;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    chain::{Chain, Copied, Grant, Seen},
    craft::kwil::{Argument, Called},
    records::Endpoint,
    settings::Columns,
    share::Place,
    tables::Table,
};

const GRANT: [(&str, &str); 8] = [
    ("id", "uuid"),
    ("ag_owner_user_id", "uuid"),
    ("ag_grantee_wallet_identifier", "text"),
    ("data_id", "uuid"),
    ("locked_until", "int8"),
    ("content_hash", "text"),
    ("inserter_type", "text"),
    ("inserter_id", "text"),
];
const OWNER: [(&str, &str); 3] = [("id", "uuid"), ("user_id", "uuid"), ("public_notes", "text")];
const KEYS: [(&str, &str); 2] = [("encryptor_public_key", "text"), ("issuer_auth_public_key", "text")];
const OLDER_CONTENT: [(&str, &str); 1] = [("content", "text")];
const NEWER_CONTENT: [(&str, &str); 3] = [("content", "text"), ("content_uri", "text"), ("content_size", "int8")];
const OLDER_INSERTER: [(&str, &str); 1] = [("inserter", "text")];
const NEWER_INSERTER: [(&str, &str); 2] = [("inserter_type", "text"), ("inserter_id", "text")];

/// Who asks, when, and how old the schema is.
pub(super) struct Asking<'a> {
    pub(super) caller: &'a str,
    pub(super) now: OffsetDateTime,
    pub(super) columns: Columns,
}

/// What an action raises.
pub(super) type Raised = &'static str;

pub(super) fn endpoint(action: &str) -> Endpoint {
    match action {
        "get_credential_shared" => Endpoint::GetCredentialShared,
        "get_access_grants_granted" => Endpoint::GetAccessGrantsGranted,
        "get_access_grants_granted_count" => Endpoint::GetAccessGrantsGrantedCount,
        "get_access_grants_for_credential" => Endpoint::GetAccessGrantsForCredential,
        "get_credentials_shared_by_user" => Endpoint::GetCredentialsSharedByUser,
        "get_sibling_credential_id" => Endpoint::GetSiblingCredentialId,
        "has_profile" => Endpoint::HasProfile,
        _ => Endpoint::OtherCall,
    }
}

/// Types in their order; every declared parameter must be there.
fn parameters(action: &str) -> Option<&'static [&'static str]> {
    match action {
        "get_credential_shared" | "get_access_grants_for_credential" | "get_access_grants_granted_count" => {
            Some(&["uuid"])
        }
        "get_access_grants_granted" => Some(&["uuid", "int8", "int8"]),
        "get_credentials_shared_by_user" => Some(&["uuid", "text"]),
        "get_sibling_credential_id" | "has_profile" => Some(&["text"]),
        _ => None,
    }
}

/// What is wrong with a call before any action runs; the words are assumptions.
pub(super) fn misfit(called: &Called) -> Option<String> {
    let Some(wanted) = parameters(&called.action) else {
        return Some(format!("unknown action: {}", called.action));
    };
    let given: Vec<_> = called.batches.iter().flatten().map(Argument::kind).collect();
    if given.len() != wanted.len() {
        return Some(format!("{} expects {} arguments, got {}", called.action, wanted.len(), given.len()));
    }
    let wrong = given.iter().zip(wanted).find(|(given, wanted)| given != wanted);
    wrong.map(|(given, wanted)| format!("{}: expected {wanted}, got {given}", called.action))
}

impl Chain {
    /// A call that fits.
    pub(super) fn view(&mut self, called: &Called, asking: &Asking<'_>) -> Result<Table, Raised> {
        let arguments: Vec<&Argument> = called.batches.iter().flatten().collect();
        match (called.action.as_str(), arguments.as_slice()) {
            ("get_credential_shared", [Argument::Uuid(id)]) => self.shared(id.as_deref(), asking),
            ("get_access_grants_for_credential", [Argument::Uuid(id)]) => {
                let granted = self.granted(asking.caller, asking.now);
                Ok(Table::new(GRANT).with(granted.filter(|it| Some(&it.data_id) == id.as_ref()).map(grant)))
            }
            ("get_access_grants_granted_count", [Argument::Uuid(user)]) => {
                Ok(Table::one(("count", "int8"), json!(self.granted_by(user.as_deref(), asking).count())))
            }
            ("get_access_grants_granted", [Argument::Uuid(user), Argument::Int8(page), Argument::Int8(size)]) => {
                let (skipped, size) = window(*page, *size)?;
                let granted = self.granted_by(user.as_deref(), asking);
                Ok(Table::new(GRANT).with(granted.skip(skipped).take(size).map(grant)))
            }
            ("get_credentials_shared_by_user", [Argument::Uuid(user), Argument::Text(issuer)]) => {
                Ok(self.by_user(user.as_deref(), issuer.as_deref(), asking))
            }
            ("get_sibling_credential_id", [Argument::Text(hash)]) => {
                let mut granted = self.granted(asking.caller, asking.now);
                let sibling = granted.find(|it| hash.is_some() && it.content_hash == *hash);
                Ok(Table::new([("id", "uuid")]).with(sibling.map(|it| json!({"id": it.data_id}))))
            }
            ("has_profile", [Argument::Text(address)]) => {
                let address = address.as_deref().unwrap_or_default();
                let mut wallets = self.users.values().flatten();
                let known = wallets.any(|wallet| wallet.eq_ignore_ascii_case(address));
                Ok(Table::one(("has_profile", "bool"), json!(known)))
            }
            (_, _) => Err("unknown action"),
        }
    }

    fn shared(&mut self, id: Option<&str>, asking: &Asking<'_>) -> Result<Table, Raised> {
        let id = id.unwrap_or_default();
        match self.read(id, asking.caller, asking.now) {
            Seen::NoCredential => return Err("the credential does not exist"),
            Seen::NoGrant => return Err("the credential is not shared with the caller"),
            Seen::Copy => {}
        }
        let columns = match asking.columns {
            Columns::Older => [&OWNER[..], &OLDER_CONTENT, &KEYS, &OLDER_INSERTER].concat(),
            Columns::Newer => [&OWNER[..], &NEWER_CONTENT, &KEYS, &NEWER_INSERTER].concat(),
        };
        let row = self.copies.get(id).map(|copy| self.copy(id, copy, asking.columns));
        if row.as_ref().is_some_and(|row| row.get("content").is_some_and(|content| !content.is_null())) {
            self.count_read(id);
        }
        Ok(Table::new(columns).with(row))
    }

    /// No content; the filter is about the original.
    fn by_user(&self, user: Option<&str>, issuer: Option<&str>, asking: &Asking<'_>) -> Table {
        let inserter = match asking.columns {
            Columns::Older => &OLDER_INSERTER[..],
            Columns::Newer => &NEWER_INSERTER[..],
        };
        let columns = [&OWNER[..], &KEYS, inserter, &[("original_id", "uuid")]].concat();
        let of_issuer = |copy: &Copied| {
            let original = self.original_of(copy);
            issuer.is_none_or(|issuer| original.is_some_and(|it| it.issuer_auth_public_key == issuer))
        };
        let mine = |id: &str| self.granted(asking.caller, asking.now).any(|grant| grant.data_id == id);
        let rows =
            self.copies.iter().filter(|(id, copy)| Some(copy.user.as_str()) == user && mine(id) && of_issuer(copy));
        Table::new(columns).with(rows.map(|(id, copy)| self.copy(id, copy, asking.columns)))
    }

    fn granted_by(&self, user: Option<&str>, asking: &Asking<'_>) -> impl Iterator<Item = &Grant> {
        self.granted(asking.caller, asking.now).filter(move |it| user.is_none_or(|user| it.owner == user))
    }

    fn copy(&self, id: &str, copy: &Copied, columns: Columns) -> Value {
        let (uri, size) = copy.address();
        let content = match (columns, &copy.place) {
            (_, Place::Nowhere) => None,
            (Columns::Older, _) | (Columns::Newer, Place::Inline) => Some(copy.written.clone()),
            // of no use to anybody: the address wins
            (Columns::Newer, Place::BlobOverText) => Some(BASE64.encode(b"moved to the blob store")),
            (Columns::Newer, Place::Blob | Place::BlobOfSize(_) | Place::Elsewhere(_)) => None,
        };
        json!({
            "id": id, "user_id": copy.user, "public_notes": self.original_of(copy).map(|it| &it.notes),
            "content": content, "content_uri": uri, "content_size": size,
            "encryptor_public_key": copy.encryptor_public_key, "issuer_auth_public_key": copy.issuer_auth_public_key,
            "inserter": copy.inserter.older(), "inserter_type": copy.inserter.kind(), "inserter_id": copy.inserter.id(),
            "original_id": copy.original,
        })
    }
}

fn grant(grant: &Grant) -> Value {
    json!({
        "id": grant.id, "ag_owner_user_id": grant.owner, "ag_grantee_wallet_identifier": grant.grantee,
        "data_id": grant.data_id, "locked_until": grant.locked_until, "content_hash": grant.content_hash,
        "inserter_type": grant.inserter.kind(), "inserter_id": grant.inserter.id(),
    })
}

/// Pages count from 1; without a word it is the first, of 20.
fn window(page: Option<i64>, size: Option<i64>) -> Result<(usize, usize), Raised> {
    let positive = |number: Option<i64>, usual: usize| match number {
        None => Some(usual),
        Some(number) => usize::try_from(number).ok().filter(|number| *number > 0),
    };
    let page = positive(page, 1).ok_or("page has to be a positive integer")?;
    let size = positive(size, 20).ok_or("size has to be a positive integer")?;
    Ok((page.saturating_sub(1).saturating_mul(size), size))
}
