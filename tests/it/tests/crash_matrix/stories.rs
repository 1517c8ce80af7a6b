//! What happens outside, act by act.

use std::time::Duration;

use idv_gateway::domain::Status;
use idv_gateway::ports::Recovery;
use idv_it::rig::{Act, Granting, Rig, Setup, Thin};
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);

/// What is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Story {
    /// Started and approved at once.
    Shortest,
    /// Every step on the way to an approval.
    Approved,
    /// Every step on the way to a rejection.
    Rejected,
    /// Every webhook comes three times.
    Doubled,
    /// All webhooks come at the end, the last first.
    Reversed,
    /// Approved, then rejected, then approved.
    DecidedAgain,
    /// Dropped off, resumed with a second attempt, approved; then the first attempt is decided.
    Resumed,
    /// Erased in the middle; a webhook comes late.
    Erased,
    /// The shortest, with a provider that finds nothing by our reference.
    Orphaned,
    /// Every step, told by thin events, with one login for all and a feed.
    Thin,
    /// Something more is asked and given, through a link of its own.
    Asked,
    /// The link died; a fresh one leads into the same run.
    Renewed,
    /// No webhook is ever sent: the feed tells.
    Unsent,
    /// The person comes back with a code; webhooks name them alone.
    Granted,
}

impl Story {
    pub(crate) const ALL: [Self; 14] = [
        Self::Shortest,
        Self::Approved,
        Self::Rejected,
        Self::Doubled,
        Self::Reversed,
        Self::DecidedAgain,
        Self::Resumed,
        Self::Erased,
        Self::Orphaned,
        Self::Thin,
        Self::Asked,
        Self::Renewed,
        Self::Unsent,
        Self::Granted,
    ];

    pub(crate) fn setup(self) -> Setup {
        let default = Setup::default();
        let recovery = if self == Self::Orphaned { Recovery::None } else { default.recovery };
        let thin = Thin { feed: true, login: Some(15 * MINUTE) };
        let link_life = (self == Self::Renewed).then_some(20 * MINUTE);
        let granting = (self == Self::Granted).then(Granting::default);
        Setup { recovery, link_life, thin: self.is_thin().then_some(thin), granting, ..default }
    }

    /// The provider's webhooks name an event and nothing else.
    pub(crate) fn is_thin(self) -> bool {
        matches!(self, Self::Thin | Self::Asked | Self::Renewed | Self::Unsent)
    }

    /// The statuses that are told, in order.
    pub(crate) fn statuses(self) -> Vec<Status> {
        use Status::{
            ActionRequired, Approved, Created, Expired, InProgress, InReview, LinkIssued, Rejected, Submitted,
        };
        match self {
            Self::Shortest | Self::Reversed | Self::Orphaned | Self::Unsent => vec![Created, LinkIssued, Approved],
            Self::Granted => vec![Created, LinkIssued, Submitted, Approved],
            Self::Renewed => vec![Created, LinkIssued, InProgress, Approved],
            Self::Asked => vec![Created, LinkIssued, Submitted, ActionRequired, Submitted, Approved],
            Self::Approved | Self::Doubled | Self::Thin => {
                vec![Created, LinkIssued, InProgress, Submitted, InReview, Approved]
            }
            Self::Rejected => vec![Created, LinkIssued, InProgress, Submitted, InReview, Rejected],
            Self::DecidedAgain => vec![Created, LinkIssued, Approved, Rejected, Approved],
            Self::Resumed => vec![Created, LinkIssued, InProgress, Expired, LinkIssued, InProgress, Approved],
            Self::Erased => vec![],
        }
    }

    /// How many runs there are at the provider.
    pub(crate) fn runs(self) -> usize {
        if self == Self::Resumed { 2 } else { 1 }
    }

    /// Plays it.
    ///
    /// # Errors
    /// What did not come to rest.
    pub(crate) fn play(self, rig: &mut Rig) -> Result<(), String> {
        let run = start(rig)?;
        match self {
            Self::Shortest => acts(rig, &run, &[Act::Approve]),
            Self::Orphaned => orphaned(rig, &run),
            Self::Approved | Self::Thin => acts(rig, &run, &[Act::Begin, Act::Complete, Act::Review, Act::Approve]),
            Self::Rejected => acts(rig, &run, &[Act::Begin, Act::Complete, Act::Review, Act::Reject]),
            Self::Doubled => doubled(rig, &run),
            Self::Reversed => reversed(rig, &run),
            Self::DecidedAgain => acts(rig, &run, &[Act::Approve, Act::Reject, Act::Approve]),
            Self::Resumed => resumed(rig, &run),
            Self::Erased => erased(rig, &run),
            Self::Asked => asked(rig, &run),
            Self::Renewed => renewed(rig, &run),
            Self::Unsent => unsent(rig, &run),
            Self::Granted => granted(rig, &run),
        }
    }
}

/// The app starts an onboarding; gives the run at the provider.
fn start(rig: &mut Rig) -> Result<String, String> {
    let answer = answered(
        rig,
        json!({
            "action": "start", "tenant": "acme", "connection": "main", "reference": "customer-1",
            "subject": { "kind": "individual" }, "idempotency_key": "key-1",
        }),
    )?;
    run_of(&answer)
}

fn answered(rig: &mut Rig, request: Value) -> Result<Value, String> {
    let at = rig.call(request);
    rig.settle()?;
    Ok(rig.calls[at].answer.clone().unwrap())
}

fn run_of(answer: &Value) -> Result<String, String> {
    let run = answer["link"]["url"].as_str().and_then(|url| url.rsplit('/').next());
    run.map(str::to_owned).ok_or(format!("no link: {answer}"))
}

/// Acts one after the other, each with its webhook, all quiet in between.
fn acts(rig: &mut Rig, run: &str, acts: &[Act]) -> Result<(), String> {
    for &act in acts {
        rig.play_for(Duration::from_secs(30));
        let event = rig.provider("acme").act(run, act);
        rig.post("acme", event);
        rig.settle()?;
    }
    Ok(())
}

/// What is left over at the provider tells of itself, too.
fn orphaned(rig: &mut Rig, run: &str) -> Result<(), String> {
    let others: Vec<String> =
        rig.provider("acme").runs().into_iter().map(|run| run.id).filter(|id| id != run).collect();
    for other in others {
        let event = rig.provider("acme").act(&other, Act::Expire);
        rig.post("acme", event);
    }
    acts(rig, run, &[Act::Approve])
}

fn doubled(rig: &mut Rig, run: &str) -> Result<(), String> {
    for act in [Act::Begin, Act::Complete, Act::Review, Act::Approve] {
        rig.play_for(Duration::from_secs(30));
        let event = rig.provider("acme").act(run, act);
        for after in [0, 1, 40] {
            let at = rig.now() + Duration::from_secs(after);
            rig.post_at("acme", event.clone(), Some(at));
        }
        rig.settle()?;
    }
    Ok(())
}

fn reversed(rig: &mut Rig, run: &str) -> Result<(), String> {
    let mut events = Vec::new();
    for act in [Act::Begin, Act::Complete, Act::Review, Act::Approve] {
        rig.clock.advance(Duration::from_secs(1));
        events.push(rig.provider("acme").act(run, act));
    }
    for (place, event) in events.into_iter().rev().enumerate() {
        let at = rig.now() + Duration::from_secs(5 * u64::try_from(place).unwrap());
        rig.post_at("acme", event, Some(at));
    }
    rig.settle()
}

fn resumed(rig: &mut Rig, first: &str) -> Result<(), String> {
    acts(rig, first, &[Act::Begin, Act::Expire])?;
    let id = rig.onboardings()[0].key.id.to_string();
    let answer = answered(
        rig,
        json!({
            "action": "resume", "tenant": "acme", "onboarding_id": id, "idempotency_key": "key-2",
        }),
    )?;
    let second = run_of(&answer)?;
    acts(rig, &second, &[Act::Begin, Act::Approve])?;
    acts(rig, first, &[Act::Reject])
}

fn erased(rig: &mut Rig, run: &str) -> Result<(), String> {
    acts(rig, run, &[Act::Begin])?;
    let late = rig.provider("acme").act(run, Act::Complete);
    let id = rig.onboardings()[0].key.id.to_string();
    answered(rig, json!({ "action": "erase", "tenant": "acme", "onboarding_id": id, "idempotency_key": "key-2" }))?;
    rig.post("acme", late);
    rig.settle()
}

/// The app asks for a link; whoever is given it gets in with it.
fn gets_in(rig: &mut Rig, key: &str) -> Result<String, String> {
    let id = rig.onboardings()[0].key.id.to_string();
    let request = json!({ "action": "resume", "tenant": "acme", "onboarding_id": id, "idempotency_key": key });
    let answer = answered(rig, request)?;
    let url = answer["link"]["url"].as_str().unwrap_or_default();
    if rig.provider("acme").opens(url) { run_of(&answer) } else { Err(format!("nobody gets in with it: {answer}")) }
}

fn asked(rig: &mut Rig, run: &str) -> Result<(), String> {
    acts(rig, run, &[Act::Complete, Act::Ask])?;
    let into = gets_in(rig, "key-2")?;
    if into != format!("{run}-ask-1") {
        return Err(format!("a link into {into}"));
    }
    acts(rig, run, &[Act::Answer, Act::Approve])
}

fn renewed(rig: &mut Rig, run: &str) -> Result<(), String> {
    rig.play_for(21 * MINUTE);
    let into = gets_in(rig, "key-2")?;
    if into != run {
        return Err(format!("a link into {into}"));
    }
    acts(rig, run, &[Act::Begin, Act::Approve])
}

/// A fault costs a code at most: then they come once more.
fn granted(rig: &mut Rig, run: &str) -> Result<(), String> {
    rig.provider("acme").act(run, Act::Complete);
    let state = rig.urls[0].split('/').nth(3).unwrap_or_default().to_owned();
    for code in ["a", "bb", "ccc"] {
        if rig.onboardings()[0].truth.status == Status::Submitted {
            break;
        }
        let query = format!("code={code}&state={state}");
        while rig.visit("/v1/return/acme/main", &query).done().is_none_or(|answer| answer.status != 303) {
            rig.clock.advance(Duration::from_secs(5));
        }
        rig.settle()?;
    }
    rig.play_for(Duration::from_secs(30));
    let told = rig.provider("acme").act_of(run, Act::Approve);
    rig.post("acme", told);
    rig.settle()
}

fn unsent(rig: &mut Rig, run: &str) -> Result<(), String> {
    rig.play_for(11 * MINUTE);
    rig.provider("acme").act(run, Act::Approve);
    rig.settle()?;
    rig.play_for(16 * MINUTE);
    rig.settle()
}
