//! The table at the end.

use crate::say::to_people;

use super::verdict::Outcome;

/// Shows what became of each story.
pub(crate) fn show(outcomes: &[Outcome]) {
    to_people(&format!(
        "\n  {:<21} {:<30} {:<30} {:>8} {:>8} {:>6}  changes",
        "story", "onboarding", "at the provider", "received", "verified", "s"
    ));
    for outcome in outcomes {
        let mark = if outcome.faults.is_empty() { "✓" } else { "✗" };
        to_people(&format!(
            "{mark} {:<21} {:<30} {:<30} {:>8} {:>8} {:>6.1}  {}",
            outcome.story,
            outcome.onboarding,
            outcome.provider,
            outcome.received,
            outcome.verified,
            outcome.seconds,
            outcome.changes.join(" → "),
        ));
        for fault in &outcome.faults {
            to_people(&format!("    ✗ {fault}"));
        }
    }
}
