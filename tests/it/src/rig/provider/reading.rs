//! What a look finds of a run, and what the parts mean.

use idv_gateway::domain::{DecidedBy, Part, Resource, Snapshot, Standing, Status, Timestamp};
use idv_gateway::ports::ProviderError;

use super::{State, resource, thin};

pub(super) fn snapshot(state: &mut State, subject: &Resource, now: Timestamp) -> Result<Snapshot, ProviderError> {
    state.looks.push((now, subject.id.to_string()));
    let mark = format!("read-{}", state.looks.len());
    let stale = state.manners.stale;
    let run = state.known(subject)?;
    let facts = run.at(now - stale);
    let words = [("capture", Some(facts.capture)), ("decision", facts.decision)];
    let words = words.into_iter().filter_map(|(kind, word)| Some((resource(kind, &run.id), word?)));
    let further = (0..state.manners.further)
        .map(|number| (resource("further", &format!("{}-{number}", run.id)), ("approved", facts.at)));
    let asked = facts.asked.map(|(number, at)| (thin::ask(&run.id, number), ("asked", at)));
    let parts = words.chain(further).chain(asked).map(|(resource, (word, at))| {
        let mut part = Part::new(resource, word, standing(word));
        part.at = Some(at);
        part.decided_by = DecidedBy::Automatic;
        part.marks = vec![mark.clone()];
        part
    });
    Ok(Snapshot::of(parts.collect()))
}

/// What the parts alone mean.
pub(super) fn plain(parts: &[Part]) -> Result<Status, &Part> {
    let word = |kind: &str| parts.iter().find(|part| part.resource.kind.as_str() == kind);
    match (word("capture"), word("decision")) {
        (_, Some(decision)) => match decision.provider_status.as_str() {
            "approved" => Ok(Status::Approved),
            "rejected" => Ok(Status::Rejected),
            "pending" => Ok(Status::InReview),
            _ => Err(decision),
        },
        (Some(capture), None) => match capture.provider_status.as_str() {
            "waiting" => Ok(Status::LinkIssued),
            "running" => Ok(Status::InProgress),
            "done" => Ok(Status::Submitted),
            "expired" => Ok(Status::Expired),
            _ => Err(capture),
        },
        (None, None) => Ok(Status::LinkIssued),
    }
}

fn standing(word: &str) -> Standing {
    match word {
        "waiting" | "running" | "pending" => Standing::Open,
        "done" | "expired" => Standing::Ended,
        "approved" => Standing::Approved,
        "rejected" => Standing::Rejected,
        "asked" => Standing::Waiting,
        _ => Standing::Unrecognised,
    }
}
