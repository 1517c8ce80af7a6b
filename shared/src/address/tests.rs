#![expect(clippy::unwrap_used, reason = "tests stop loudly")]

use std::net::IpAddr;

use serde::Deserialize;
use url::Url;

use super::{AddressRefusal, Policy, vet_address, vet_resolved, vet_url};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Corpus {
    addresses: Vec<Row<IpAddr>>,
    resolved: Vec<Row<Vec<IpAddr>>>,
    urls: Vec<Row<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row<T> {
    name: String,
    input: T,
    #[serde(default)]
    allow_local: bool,
    verdict: String,
    reason: Option<String>,
}

impl<T> Row<T> {
    fn check(&self, judge: impl FnOnce(&T, Policy) -> Result<(), AddressRefusal>) {
        let found = judge(&self.input, Policy { allow_local: self.allow_local });
        let reason = found.err().map(AddressRefusal::code);
        let verdict = if reason.is_none() { "accepted" } else { "refused" };
        assert_eq!((verdict, reason), (self.verdict.as_str(), self.reason.as_deref()), "{}", self.name);
    }
}

fn corpus() -> Corpus {
    serde_json::from_str(include_str!("../../../tests/conformance/address/vectors.json")).unwrap()
}

#[test]
fn every_vector_is_judged_for_its_reason() {
    let corpus = corpus();
    assert!(corpus.addresses.len() + corpus.resolved.len() + corpus.urls.len() >= 64);
    assert!(!corpus.resolved.is_empty());
    for row in &corpus.addresses {
        row.check(|address, policy| vet_address(*address, policy));
    }
    for row in &corpus.resolved {
        row.check(|addresses, policy| vet_resolved(addresses, policy));
    }
    for row in &corpus.urls {
        row.check(|text, policy| vet_url(&Url::parse(text).unwrap(), policy).map(|_| ()));
    }
}

/// Both ends of each range are inside, and every range is reached: no row of the table is dead.
#[test]
fn every_range_has_its_vectors() {
    let corpus = corpus();
    for (net, range) in super::ranges::tables() {
        for end in [net.network(), net.broadcast()] {
            assert!(vet_address(end, Policy::default()).is_err(), "{end}");
        }
        let code = range.code();
        assert!(corpus.addresses.iter().any(|row| row.reason.as_deref() == Some(code)), "no vector for {code}");
    }
}
