//! The vault's document of a data-core service (providers/fintechos.md §1.2): one Onfido set-up with many clients.
//!
//! | it is written | it is read |
//! | --- | --- |
//! | the document alone, or in the answer of a key-value store (`data`, `data.data`) | the innermost that has the clients |
//! | `Onfido-ApiTokens` as a list, or as the text of one; its page spells the key in two ways | a key of `on…`, `api`, `token` |
//! | members in any letter case (`Name`, `name`) | by their letters alone |
//! | truths as texts (`"false"`) | not needed: they belong to what is ignored |
//! | settings of logging, which hold keys of their own | counted, neither imported nor named |
//!
//! All errors are told at once, each with its place and without the value.

use std::collections::BTreeMap;

use idv_gateway::config::is_subscription_id;
use idv_gateway::document::Document;
use idv_gateway::domain::Tenant;
use serde_json::{Map, Value};
use url::Url;

/// A store's answer has the document at most so deep.
const DEEPEST: usize = 3;
const VERSIONS: [&str; 5] = ["v3.2", "v3.3", "v3.4", "v3.5", "v3.6"];
const REGIONS: [&str; 3] = ["eu", "us", "ca"];
/// Onfido's host before it had regions: the EU's.
const FIRST_HOST: &str = "api.onfido.com";

/// What was read.
pub(super) struct Import {
    pub(super) onfido: Onfido,
    pub(super) clients: Vec<Client>,
    /// What is ignored or taken for granted, to be told.
    pub(super) notes: Vec<String>,
}

/// Where Onfido is, for all clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Onfido {
    pub(super) region: &'static str,
    pub(super) version: &'static str,
    /// Where it is none of Onfido's own hosts.
    pub(super) base: Option<Url>,
}

/// One client.
pub(super) struct Client {
    pub(super) name: String,
    pub(super) tenant: Tenant,
    pub(super) api_token: String,
    pub(super) subscription_id: Option<String>,
    pub(super) webhook_id: Option<String>,
    pub(super) endpoint: String,
    pub(super) client_id: String,
    pub(super) username: String,
    pub(super) password: String,
}

#[derive(Default)]
struct Findings {
    errors: Vec<String>,
    notes: Vec<String>,
}

impl Findings {
    fn wrong(&mut self, place: &str, what: &str) {
        self.errors.push(format!("{place}: {what}"));
    }
}

/// Reads it.
pub(super) fn read(text: &str, local_targets: bool) -> Result<Import, Vec<String>> {
    let mut found = Findings::default();
    let value = json(text, "", &mut found).ok_or_else(|| found.errors.clone())?;
    let (settings, list) = if value.is_array() {
        // the list alone, as somebody may have taken it out
        (Map::new(), Some((String::new(), value)))
    } else {
        let settings = inside(&value, DEEPEST).cloned().unwrap_or_default();
        let list = list(&settings, &mut found);
        (settings, list)
    };
    let onfido = onfido(&settings, local_targets, &mut found);
    ignored(&settings, &mut found);
    let clients = list.map(|(place, list)| clients(&place, &list, local_targets, &mut found)).unwrap_or_default();
    match (onfido, found.errors.is_empty()) {
        (Some(onfido), true) => Ok(Import { onfido, clients, notes: found.notes }),
        _ => Err(found.errors),
    }
}

/// A text with its doubled members told.
fn json(text: &str, place: &str, found: &mut Findings) -> Option<Value> {
    match Document::read(text.as_bytes()) {
        Ok(document) => {
            for names in &document.doubled {
                found.wrong(&under(place, &names.join(".")), "stands twice");
            }
            Some(document.value)
        }
        Err(error) => {
            let at = format!("line {} column {}", error.line(), error.column());
            found.wrong(if place.is_empty() { &at } else { place }, "is not JSON");
            None
        }
    }
}

fn under(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

/// The innermost object that has the clients, or else the outermost.
fn inside(value: &Value, depth: usize) -> Option<&Map<String, Value>> {
    let members = value.as_object()?;
    if depth == 0 || members.keys().any(|key| is_list(key)) {
        return Some(members);
    }
    let deeper = members.get("data").and_then(|data| inside(data, depth - 1));
    deeper.filter(|deeper| deeper.keys().any(|key| is_list(key))).or(Some(members))
}

/// Letters and digits alone, small.
fn folded(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The page that describes the key spells it in two ways, of which one is a slip: what both have in common counts.
fn is_list(key: &str) -> bool {
    let key = folded(key);
    key.starts_with("on") && key.contains("api") && key.contains("tok")
}

/// The list of clients with its place.
fn list(settings: &Map<String, Value>, found: &mut Findings) -> Option<(String, Value)> {
    let mut named = settings.iter().filter(|(key, _)| is_list(key));
    let Some((key, value)) = named.next() else {
        found.wrong("Onfido-ApiTokens", "is missing");
        return None;
    };
    for (other, _) in named {
        found.wrong(other, &format!("stands beside {key}; only one of them can be meant"));
    }
    let value = match value.as_str() {
        Some(text) => json(text, key, found)?,
        None => value.clone(),
    };
    Some((key.clone(), value))
}

fn onfido(settings: &Map<String, Value>, local_targets: bool, found: &mut Findings) -> Option<Onfido> {
    let mut named = settings.iter().filter(|(key, _)| folded(key) == "onfidobaseurl");
    let Some((place, value)) = named.next() else {
        found.notes.push("Onfido-BaseUrl is not there: the newest version in the EU is taken".to_owned());
        return Some(Onfido { region: "eu", version: "v3.6", base: None });
    };
    if named.next().is_some() {
        found.wrong(place, "stands twice");
    }
    let read = value.as_str().ok_or("must be a text").and_then(|text| base(text, local_targets));
    match read {
        Ok((onfido, first)) => {
            if first {
                found.notes.push(format!("{place}: {FIRST_HOST} is the EU's older host; api.eu.onfido.com is taken"));
            }
            Some(onfido)
        }
        Err(rule) => {
            found.wrong(place, rule);
            None
        }
    }
}

/// `https://api.eu.onfido.com/v3.2`, and whether it is the older host.
fn base(text: &str, local_targets: bool) -> Result<(Onfido, bool), &'static str> {
    let mut url = web_address(text.trim(), local_targets)?;
    let path = url.path().trim_end_matches('/').to_owned();
    let (above, last) = path.rsplit_once('/').unwrap_or_default();
    let version = VERSIONS.into_iter().find(|version| *version == last);
    let version = version.ok_or("must end in a version from v3.2 to v3.6")?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let region = REGIONS.into_iter().find(|region| host == format!("api.{region}.onfido.com"));
    let bare = above.is_empty() && url.scheme() == "https" && url.port().is_none();
    match region {
        Some(region) if bare => Ok((Onfido { region, version, base: None }, false)),
        None if bare && host == FIRST_HOST => Ok((Onfido { region: "eu", version, base: None }, true)),
        Some(_) | None => {
            url.set_path(above);
            Ok((Onfido { region: "eu", version, base: Some(url) }, false))
        }
    }
}

fn web_address(text: &str, local_targets: bool) -> Result<Url, &'static str> {
    let url = idv_gateway::section::absolute_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not have a query or a fragment");
    }
    if url.scheme() == "https" || local_targets { Ok(url) } else { Err("must be an https URL") }
}

/// What has no meaning here. Settings of logging are counted and not named.
fn ignored(settings: &Map<String, Value>, found: &mut Findings) {
    let mut logging = 0_usize;
    for key in settings.keys().filter(|key| !is_list(key)) {
        match folded(key).as_str() {
            "onfidobaseurl" => {}
            "enableswagger" => found.notes.push(format!("{key}: ignored, there are no such pages here")),
            name if name.contains("log") || name.contains("seq") => logging += 1,
            _ => found.notes.push(format!("{key}: ignored, not known here")),
        }
    }
    if logging > 0 {
        found.notes.push(format!("{logging} settings of logging: ignored, none of them is imported"));
    }
}

fn clients(place: &str, list: &Value, local_targets: bool, found: &mut Findings) -> Vec<Client> {
    let Some(items) = list.as_array() else {
        found.wrong(place, "must be a list, or the text of one");
        return Vec::new();
    };
    if items.is_empty() {
        found.wrong(place, "holds no client");
    }
    let (mut all, mut seen) = (Vec::new(), Seen::default());
    for (at, item) in items.iter().enumerate() {
        let place = format!("{place}[{at}]");
        match item.as_object() {
            Some(members) => all.extend(Members::of(&place, members, found).client(local_targets, &mut seen, found)),
            None => found.wrong(&place, "must be an object"),
        }
    }
    all
}

/// What no two clients may have, with the name of who has it.
#[derive(Default)]
struct Seen {
    tenants: BTreeMap<Tenant, String>,
    subscriptions: BTreeMap<String, String>,
}

/// The members of one client by their letters alone.
struct Members<'a> {
    place: String,
    by_name: BTreeMap<String, &'a Value>,
}

impl<'a> Members<'a> {
    const KNOWN: [&'static str; 8] = [
        "name",
        "apitoken",
        "subscriptionid",
        "webhookid",
        "ftosendpoint",
        "ftosclientid",
        "ftosusername",
        "ftospassword",
    ];

    fn of(place: &str, members: &'a Map<String, Value>, found: &mut Findings) -> Self {
        let mut by_name = BTreeMap::new();
        for (key, value) in members {
            let name = folded(key);
            if !Self::KNOWN.contains(&name.as_str()) {
                found.notes.push(format!("{place}.{key}: ignored, not known here"));
            } else if by_name.insert(name, value).is_some() {
                found.wrong(&format!("{place}.{key}"), "stands twice, in other letters");
            }
        }
        Self { place: place.to_owned(), by_name }
    }

    /// An empty text is none, as in a document that was filled in halfway.
    fn text(&self, name: &str, found: &mut Findings) -> Option<String> {
        match self.by_name.get(&folded(name)) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Some(_) => {
                found.wrong(&self.place_of(name), "must be a text");
                None
            }
        }
    }

    fn required(&self, name: &str, found: &mut Findings) -> Option<String> {
        let before = found.errors.len();
        let text = self.text(name, found);
        if text.is_none() && found.errors.len() == before {
            found.wrong(&self.place_of(name), "is missing");
        }
        text
    }

    fn place_of(&self, name: &str) -> String {
        format!("{}.{name}", self.place)
    }

    fn client(&self, local_targets: bool, seen: &mut Seen, found: &mut Findings) -> Option<Client> {
        let name = self.required("Name", found);
        let tenant = name.as_ref().and_then(|name| self.tenant(name, seen, found));
        let api_token = self.required("apiToken", found);
        if api_token.as_ref().is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            found.wrong(&self.place_of("apiToken"), "must be letters, digits and signs without blanks");
        }
        let subscription_id = self.text("subscriptionId", found);
        if let Some(id) = &subscription_id {
            self.subscription(id, name.as_deref().unwrap_or(&self.place), seen, found);
        }
        let webhook_id = self.text("webhookId", found);
        if webhook_id.as_deref().is_some_and(|id| !is_uuid(id)) {
            found.wrong(&self.place_of("webhookId"), "must be a UUID");
        }
        let endpoint = self.required("ftosEndpoint", found);
        if let Some(Err(rule)) = endpoint.as_deref().map(|text| web_address(text, local_targets)) {
            found.wrong(&self.place_of("ftosEndpoint"), rule);
        }
        let [client_id, username, password] =
            ["ftosClientId", "ftosUsername", "ftosPassword"].map(|name| self.required(name, found));
        Some(Client {
            name: name?,
            tenant: tenant?,
            api_token: api_token?,
            subscription_id,
            webhook_id,
            endpoint: endpoint?.trim_end_matches('/').to_owned(),
            client_id: client_id?,
            username: username?,
            password: password?,
        })
    }

    /// The name is part of an address, in exactly these letters.
    fn tenant(&self, name: &str, seen: &mut Seen, found: &mut Findings) -> Option<Tenant> {
        let place = self.place_of("Name");
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)) {
            found.wrong(&place, "may hold only letters, digits and - _ . ~: it is part of an address");
        }
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
        let tenant = Tenant::parse(name.chars().map(plain).collect::<String>());
        let tenant = tenant.map_err(|rule| found.wrong(&place, rule.0)).ok()?;
        if let Some(other) = seen.tenants.insert(tenant.clone(), name.to_owned()) {
            found.wrong(&place, &format!("becomes the tenant {tenant}, as {other} does"));
        }
        Some(tenant)
    }

    fn subscription(&self, id: &str, name: &str, seen: &mut Seen, found: &mut Findings) {
        let place = self.place_of("subscriptionId");
        if !is_subscription_id(id) {
            found.wrong(&place, "must be 1 to 256 of letters, digits and . _ -");
        }
        if let Some(other) = seen.subscriptions.insert(id.to_owned(), name.to_owned()) {
            found.wrong(&place, &format!("is that of {other}"));
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12] && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests;
