//! The mapping as data, for the generated reference: asked of the real table, never written down a second time.

use super::assess::assess;
use super::id::{Kind, uuid};
use super::words::{ASKS, EventName, OF_OTHERS, Status, UNKNOWN_ASK};
use crate::domain::{Ask, Assessment, Part, Standing};

const WORDS: [&str; 6] =
    ["pending_activation", "onboarding_requested", "onboarding_data_provided", "activated", "blocked", "something_new"];

/// A status of the individual, with what it means alone and with an open action; then whether the action is told.
#[must_use]
pub fn statuses() -> Vec<(&'static str, String, String, bool)> {
    let rows = WORDS.iter().map(|word| {
        let (alone, _) = meaning(word, None);
        let (asked, told) = meaning(word, Some("IdentityVerification"));
        (*word, alone, asked, told)
    });
    rows.collect()
}

/// What a pending action asks; the last is any other's.
pub fn asks() -> impl Iterator<Item = (&'static str, Ask)> {
    ASKS.into_iter().chain([("something_new", UNKNOWN_ASK)])
}

/// The types of pending actions that are passed over.
pub fn passed_over() -> impl Iterator<Item = &'static str> {
    OF_OTHERS.into_iter()
}

/// The names of events that are known.
pub fn events() -> impl Iterator<Item = &'static str> {
    EventName::ALL.into_iter().map(EventName::as_str)
}

fn meaning(word: &str, asked: Option<&str>) -> (String, bool) {
    let standing = Status::read(word).map_or(Standing::Unrecognised, Status::standing);
    let individual = part(Kind::Individual, word, standing);
    let action = asked.and_then(|kind| {
        let mut part = part(Kind::PendingAction, "open", Standing::Waiting)?;
        part.provider_reason = Some(kind.to_owned());
        Some(part)
    });
    let parts: Vec<Part> = individual.into_iter().chain(action).collect();
    match assess(&parts) {
        Assessment::Known(opinion) => (opinion.status.to_string(), opinion.action.is_some()),
        Assessment::Unrecognised { .. } => ("unrecognised".to_owned(), false),
    }
}

fn part(kind: Kind, word: &str, standing: Standing) -> Option<Part> {
    Some(Part::new(kind.resource(uuid("00000000-0000-4000-8000-000000000001")?), word, standing))
}
