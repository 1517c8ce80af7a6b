#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

use clap::Parser;
use serde_json::json;

use super::*;

const VAULT: &str = include_str!("../../../../tests/fixtures/fintechos/vault.kyc-onfido.config.json");

#[derive(Parser)]
struct Said {
    #[command(flatten)]
    options: Options,
}

fn options(rest: &[&str]) -> Options {
    Said::try_parse_from([&["import-dcs", "vault.json"], rest].concat()).unwrap().options
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_caller_is_for_one_client_of_the_document_or_for_all() {
    let import = dcs::read(VAULT, false).unwrap();
    let of = |given: &[&str]| callers(&texts(given), &import);
    let role = "arn:aws:iam::000000000000:role/a=b";
    let all = of(&[role, "globex-live=arn:aws:iam::000000000000:user/g", "c3Vi=="]).unwrap();
    assert_eq!(all["acme-live"], [role, "c3Vi=="]);
    assert_eq!(all["globex-live"], [role, "arn:aws:iam::000000000000:user/g", "c3Vi=="]);
    assert_eq!(
        of(&["acme=arn:aws:iam::000000000000:user/a", "*"]).unwrap_err(),
        [
            "acme is no client of the document; there is acme-live, globex-live",
            "must be an exact name without blanks and *"
        ]
    );
}

#[test]
fn settings_of_one_client_go_before_those_of_all() {
    let import = dcs::read(VAULT, false).unwrap();
    let said = own(
        &options(&[
            "--referrer",
            "https://*.example.com/*?a=b",
            "--referrer",
            "globex-live=https://globex.example.com/*",
            "--report-names",
            "acme-live=document, watchlist_standard",
        ]),
        &import,
    )
    .unwrap();
    assert_eq!(
        json!(said),
        json!({
            "acme-live": {"referrer": "https://*.example.com/*?a=b", "report_names": ["document", "watchlist_standard"]},
            "globex-live": {"referrer": "https://globex.example.com/*"},
        })
    );
    let wrong = options(&[
        "--referrer",
        "acme=https://acme.example.com/*",
        "--application-id",
        "one",
        "--application-id",
        "two",
        "--report-names",
        "acme-live=",
        "--report-names",
        "a=document",
    ]);
    assert_eq!(
        own(&wrong, &import).unwrap_err(),
        [
            "--referrer: acme is no client of the document; there is acme-live, globex-live",
            "--application-id: stands twice for all clients",
            "--report-names: must not be empty",
            "--report-names: a is no client of the document; there is acme-live, globex-live",
        ]
    );
}
