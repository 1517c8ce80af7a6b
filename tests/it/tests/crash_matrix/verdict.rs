//! What must hold after a story, whatever happened on the way. The witnesses stand outside the gateway: the provider's
//! history, the webhooks that were answered 2xx, the links that the app was given, what the tenant's system accepted.

use std::collections::{BTreeMap, BTreeSet};

use idv_gateway::domain::ChangeKind;
use idv_gateway::memory::bells::{Message, QueueName};
use idv_gateway::ports::ERASED_CLAIM;
use idv_it::rig::Rig;
use idv_it::rig::canon::{self, Canon, Whole};
use idv_it::rig::provider::meaning;

use super::stories::Story;

/// What a story came to.
pub(crate) struct Played {
    pub(crate) whole: Whole,
    pub(crate) creates: usize,
    pub(crate) points: Vec<&'static str>,
}

/// Judges a rig after its story; `expected` is the state without faults.
pub(crate) fn judge(rig: &Rig, story: Story, expected: Option<&Whole>) -> Result<Played, String> {
    let mut whole = canon::of(rig);
    if story == Story::Orphaned {
        // a run that was left over at the provider may be known, as nobody's attempt
        whole.subjects.retain(|name, _| name.contains("attempt"));
    }
    if story.is_thin() {
        // whose an event was, is remembered by those who met it
        whole.subjects.retain(|name, _| name.contains(" case/"));
    }
    let all = whole.onboardings.get("acme").map_or(&[][..], Vec::as_slice);
    let [onboarding] = all else { return Err(format!("{} onboardings", all.len())) };
    if let Some(expected) = expected.filter(|&expected| expected != &whole) {
        return Err(differences(expected, &whole));
    }
    dense(onboarding)?;
    as_the_provider_says(rig, onboarding)?;
    told(rig, onboarding)?;
    links(rig)?;
    aside(rig)?;
    let sins = rig.provider("acme").session().sins;
    if sins > 0 {
        return Err(format!("{sins} logins at the same time"));
    }
    let creates = rig.provider("acme").creates();
    let orphans = if story == Story::Orphaned { rig.chaos.struck() } else { 0 };
    if creates > story.runs() + orphans {
        return Err(format!("{creates} runs at the provider"));
    }
    if story == Story::Erased {
        erased(rig, onboarding)?;
    }
    Ok(Played { whole, creates, points: rig.chaos.points() })
}

/// The lines in which two states differ.
fn differences(expected: &Whole, whole: &Whole) -> String {
    let (expected, whole) = (format!("{expected:#?}"), format!("{whole:#?}"));
    let missing = expected.lines().filter(|line| !whole.contains(line)).map(|line| format!("- {}", line.trim()));
    let new = whole.lines().filter(|line| !expected.contains(line)).map(|line| format!("+ {}", line.trim()));
    let all: Vec<String> = missing.chain(new).collect();
    format!("another state ({} lines for {}):\n{}", whole.lines().count(), expected.lines().count(), all.join("\n"))
}

/// Changes are numbered without holes, and a status is told when it changes and only then.
fn dense(onboarding: &Canon) -> Result<(), String> {
    if onboarding.erased {
        return Ok(());
    }
    for (place, change) in onboarding.changes.iter().enumerate() {
        if change.version != u64::try_from(place).unwrap() + 1 {
            return Err(format!("change {} stands at place {place}", change.version));
        }
    }
    let turns: Vec<_> = onboarding.changes.iter().filter(|change| change.kind == ChangeKind::Status).collect();
    let still = turns.iter().skip(1).find(|change| change.turn.0 == change.turn.1);
    let torn = turns.windows(2).find(|pair| pair[0].turn.1 != pair[1].turn.0);
    match (still, torn) {
        (None, None) => Ok(()),
        (Some(change), _) => Err(format!("no change: {change:?}")),
        (None, Some(pair)) => Err(format!("changes do not join: {pair:?}")),
    }
}

/// No notice is put aside by us; after two faults one may have been received too often, and waits in the DLQ.
fn aside(rig: &Rig) -> Result<(), String> {
    let aside = rig.bells.messages(QueueName::NoticesDlq);
    let excused = |message: &&Message| message.attributes.is_empty() && rig.chaos.struck() > 1;
    aside.iter().find(|message| !excused(message)).map_or(Ok(()), |message| Err(format!("put aside: {message:?}")))
}

/// Nothing is lost and nothing is invented: the state is the provider's, and every status was true of a run once.
fn as_the_provider_says(rig: &Rig, onboarding: &Canon) -> Result<(), String> {
    if onboarding.erased {
        return Ok(());
    }
    let runs = rig.provider("acme").runs();
    let stands = rig.onboardings()[0].truth.attempt().and_then(|attempt| attempt.subject.clone());
    let current = stands.map(|subject| subject.id.to_string()).unwrap_or_default();
    let run = runs.iter().find(|run| run.id == current).ok_or(format!("no run {current}"))?;
    if meaning(run.now()) != Some(onboarding.status) {
        return Err(format!("lost: {:?} stands as {}", run.now(), onboarding.status));
    }
    let ever: BTreeSet<_> = runs.iter().flat_map(|run| &run.history).filter_map(|&facts| meaning(facts)).collect();
    let invented = onboarding.statuses().into_iter().skip(1).find(|status| !ever.contains(status));
    invented.map_or(Ok(()), |status| Err(format!("invented: {status}")))
}

/// Every change was accepted by the tenant's system, first in order, and no more often than faults allow.
fn told(rig: &Rig, onboarding: &Canon) -> Result<(), String> {
    let accepted = rig.receiver.accepted();
    let mut first = Vec::new();
    let mut ids = BTreeMap::new();
    for hand_over in &accepted {
        match ids.insert(hand_over.version, hand_over.id.clone()) {
            None => first.push(hand_over.version),
            Some(id) if id == hand_over.id => {}
            Some(id) => return Err(format!("change {} came as {id} and {}", hand_over.version, hand_over.id)),
        }
    }
    if first.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(format!("told out of order: {first:?}"));
    }
    let missing = onboarding.changes.iter().find(|change| !ids.contains_key(&change.version));
    if let Some(change) = missing {
        return Err(format!("never told: {change:?}"));
    }
    let doubled = accepted.len() - ids.len();
    if doubled > rig.chaos.struck() {
        return Err(format!("{doubled} duplicates of {} faults", rig.chaos.struck()));
    }
    Ok(())
}

/// One idempotency key, one link.
fn links(rig: &Rig) -> Result<(), String> {
    let mut handed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for ((key, ..), url) in rig.links.iter().zip(&rig.urls) {
        handed.entry(key).or_default().insert(url);
    }
    let two = handed.iter().find(|(_, urls)| urls.len() > 1);
    two.map_or(Ok(()), |(key, urls)| Err(format!("two links for {key}: {urls:?}")))
}

/// Nothing sealed can be read, nothing is left but the one change, and the late webhook has revived nothing.
fn erased(rig: &Rig, onboarding: &Canon) -> Result<(), String> {
    let whole = canon::of(rig);
    let kinds: Vec<_> = onboarding.changes.iter().map(|change| change.kind).collect();
    let clean =
        onboarding.erased && !onboarding.has_key && onboarding.parts.is_empty() && onboarding.attempts.is_empty();
    let forgotten = whole.subjects.values().all(|state| state == "erased") && whole.references.is_empty();
    let claims = rig.ledger.contents().claims;
    let emptied = !claims.is_empty()
        && claims.values().all(|claim| claim.erased && claim.content == ERASED_CLAIM && claim.fence == ERASED_CLAIM);
    let at_provider = rig.provider("acme").runs().iter().all(|run| run.erased);
    let last = rig.receiver.accepted().last().map(|hand_over| hand_over.kind.clone());
    if clean
        && forgotten
        && emptied
        && at_provider
        && kinds == [ChangeKind::Erased]
        && last.as_deref() == Some("onboarding.erased")
    {
        return Ok(());
    }
    Err(format!("not erased: {whole:#?} {at_provider} {last:?} {claims:?}"))
}
