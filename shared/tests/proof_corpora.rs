//! The corpora of `tests/conformance/proof`, each row through the one interpreter: a refusal for the
//! wrong reason fails as an acceptance does, and so does a corpus without rows.

#![expect(clippy::unwrap_used, reason = "a test stops loudly")]

mod proof_support;

use std::collections::BTreeSet;

use idv_gateway::proof::{Refusal, prove};
use proof_support::{Corpus, Row, corpora};

#[test]
fn every_row_is_judged_for_its_reason() {
    let corpora = corpora();
    let wrong = corpora.iter().flat_map(|corpus| corpus.rows.iter().filter_map(|row| fault(corpus, row)));
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_scheme_has_enough_rows() {
    let corpora = corpora();
    // One file per kind of proof, one per grammar of signatures, one of combinations.
    assert!(corpora.len() >= 11, "{}", corpora.len());
    for corpus in &corpora {
        let refused = corpus.rows.iter().filter(|row| row.reason.is_some()).count();
        let accepted = corpus.rows.len() - refused;
        assert!(accepted >= 1 && refused >= 6, "{}: {accepted} accepted, {refused} refused", corpus.scheme);
    }
    let rows: usize = corpora.iter().map(|corpus| corpus.rows.len()).sum();
    assert!(rows >= 96, "{rows}");
}

#[test]
fn every_refusal_has_a_row() {
    let corpora = corpora();
    let rows = corpora.iter().flat_map(|corpus| &corpus.rows);
    let told: BTreeSet<_> = rows.filter_map(|row| row.reason.as_deref()).collect();
    let codes = Refusal::ALL.iter().map(|refusal| refusal.code());
    let missing: Vec<_> = codes.filter(|code| !told.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn fault(corpus: &Corpus, row: &Row) -> Option<String> {
    let found = judge(corpus, row);
    let expected = match row.verdict.as_str() {
        "accepted" => None,
        _ => Some(row.reason.as_deref().unwrap_or("a reason must be named")),
    };
    let told = found.as_ref().err().map(|refusal| refusal.code());
    if told != expected {
        return Some(format!("{} / {}: {told:?}, expected {expected:?}", corpus.scheme, row.name));
    }
    match (&row.evidence, found) {
        (Some(expected), Ok(evidence)) if *expected != evidence => {
            Some(format!("{} / {}: proven by {evidence:?}, expected {expected:?}", corpus.scheme, row.name))
        }
        _ => None,
    }
}

fn judge(corpus: &Corpus, row: &Row) -> Result<Vec<(String, usize)>, Refusal> {
    let specification = row.specification.clone().unwrap_or_else(|| corpus.specification.clone());
    let specification = serde_json::from_value(specification).unwrap();
    let proofs = serde_json::from_value(row.proofs.clone().unwrap_or_else(|| corpus.proofs.clone())).unwrap();
    let request = row.request.build();
    let headers = request.headers();
    let unverified = request.unverified(&headers, corpus.received_at);
    let verified = prove(&specification, &proofs, unverified, corpus.context.view())?;
    assert_eq!(verified.bytes(), request.body);
    let evidence = verified.evidence().iter().map(|entry| (entry.kind.name().to_owned(), entry.position)).collect();
    match &row.event_type {
        Some(event_type) => verified.vouched(event_type).map(|_| evidence),
        None => Ok(evidence),
    }
}
