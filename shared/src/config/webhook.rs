//! What a connection's webhooks are proven with: one vocabulary for every provider.

use std::str::FromStr;

use crate::ports::Account;
use crate::proof::{Client, Credential, Login, MacKey, Problem, Proofs, Source};
use crate::secret::Secret;
use crate::section::Section;

/// Reads them; weaknesses for that provider are faults too.
pub(super) fn proofs(mut section: Section<'_>, account: Option<&dyn Account>) -> Proofs {
    if account.is_some_and(|account| !account.takes_webhooks()) {
        for (name, _) in section.entries() {
            section.fault(name, "is of no use: this provider sends no webhooks");
        }
        return Proofs::default();
    }
    let proofs = Proofs {
        basic: each(&mut section, "basic", |entry, types| {
            Some(Login { username: entry.secret("username")?, password: entry.secret("password")?, types })
        }),
        bearer: credentials(&mut section, "bearer"),
        oauth2: each(&mut section, "oauth2", |entry, types| {
            Some(Client { client_id: entry.secret("client_id")?, client_secret: entry.secret("client_secret")?, types })
        }),
        hmac: each(&mut section, "hmac", |entry, types| Some(MacKey { secret: entry.secret("secret")?, types })),
        url_keys: credentials(&mut section, "url_keys"),
        body_tokens: credentials(&mut section, "body_tokens"),
        sources: sources(&mut section),
    };
    let place = section.place_of("");
    let faults = section.faults().clone();
    section.finish();
    if let (Some(account), 0) = (account, faults.count()) {
        let comes_later = |problem| problem == Problem::Nothing && account.makes_signing_secret();
        for fault in proofs.faults(account.specification()).into_iter().filter(|fault| !comes_later(fault.problem)) {
            faults.add(format!("{place}{}", fault.place).trim_end_matches('.'), rule(fault.problem));
        }
    }
    proofs
}

fn each<T>(
    section: &mut Section<'_>,
    name: &str,
    read: impl Fn(&mut Section<'_>, Option<Vec<String>>) -> Option<T>,
) -> Vec<T> {
    let entries = section.sections(name);
    entries
        .into_iter()
        .filter_map(|mut entry| {
            let types = types(&mut entry);
            let value = read(&mut entry, types);
            entry.finish();
            value
        })
        .collect()
}

fn types(entry: &mut Section<'_>) -> Option<Vec<String>> {
    entry.value("types")?;
    Some(entry.texts("types").into_iter().map(str::to_owned).collect())
}

fn credentials(section: &mut Section<'_>, name: &str) -> Vec<Credential> {
    let faults = section.faults().clone();
    let items = section.items(name);
    items
        .into_iter()
        .filter_map(|(place, value)| match value.as_str() {
            Some(text) => Some(Credential { value: Secret::from(text.to_owned()), types: None }),
            None => {
                let mut entry = Section::new(place, value, &faults);
                let types = types(&mut entry);
                let value = entry.secret("value");
                entry.finish();
                Some(Credential { value: value?, types })
            }
        })
        .collect()
}

fn sources(section: &mut Section<'_>) -> Option<Vec<Source>> {
    section.value("sources")?;
    let faults = section.faults().clone();
    let items = section.items("sources");
    Some(
        items
            .into_iter()
            .filter_map(|(place, value)| {
                let source = value.as_str().and_then(|text| Source::from_str(text).ok());
                if source.is_none() {
                    faults.add(&place, "must be published or an address range such as 203.0.113.0/24");
                }
                source
            })
            .collect(),
    )
}

fn rule(problem: Problem) -> String {
    match problem {
        Problem::Nothing => {
            "holds no proof that this provider's webhooks can be proven with: every one would be answered 503"
                .to_owned()
        }
        Problem::NotAccepted => "is no proof that this provider's webhooks carry".to_owned(),
        Problem::Empty => "must not be empty".to_owned(),
        Problem::TooShort { least } => format!("must have at least {least} characters"),
        Problem::ColonInUsername => "must not hold a colon".to_owned(),
        Problem::NotForUrl => "may hold only letters, digits, - and _".to_owned(),
        Problem::NoTypes => "must not be an empty list of types".to_owned(),
        Problem::NoSources => "must not be an empty list of addresses".to_owned(),
        Problem::NoPublishedSources => "has no published list for this provider".to_owned(),
    }
}
