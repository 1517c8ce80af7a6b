//! The five functions and the two queues that feed them.

use std::fmt;
use std::time::Duration;

/// One of the five functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FunctionName {
    /// Proves webhooks and queues notices.
    WebhookIngress,
    /// Looks at providers.
    EventFetcher,
    /// What apps invoke.
    OnboardingInitiator,
    /// Tells tenants' systems.
    ResultDeliverer,
    /// Rings what is due.
    Reconciler,
}

impl FunctionName {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::WebhookIngress, Self::EventFetcher, Self::OnboardingInitiator, Self::ResultDeliverer, Self::Reconciler];

    /// The name of the binary, and of the function without a stack's prefix.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebhookIngress => "webhook-ingress",
            Self::EventFetcher => "event-fetcher",
            Self::OnboardingInitiator => "onboarding-initiator",
            Self::ResultDeliverer => "result-deliverer",
            Self::Reconciler => "reconciler",
        }
    }

    /// The function of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The time limit of one invocation. API Gateway waits 30 s at most; a queue hides a message for six times as long.
    #[must_use]
    pub const fn time_limit(self) -> Duration {
        match self {
            Self::WebhookIngress => Duration::from_secs(10),
            Self::OnboardingInitiator => Duration::from_secs(29),
            Self::EventFetcher | Self::ResultDeliverer => Duration::from_secs(30),
            Self::Reconciler => Duration::from_secs(60),
        }
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A queue that feeds a function; each has a dead-letter queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceQueue {
    /// Feeds `event-fetcher`.
    Notices,
    /// Feeds `result-deliverer`.
    Deliveries,
}

impl SourceQueue {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Notices, Self::Deliveries];

    /// The function it feeds.
    #[must_use]
    pub const fn function(self) -> FunctionName {
        match self {
            Self::Notices => FunctionName::EventFetcher,
            Self::Deliveries => FunctionName::ResultDeliverer,
        }
    }

    /// How long a received message stays hidden: six times the function's time limit, as AWS asks for.
    #[must_use]
    pub fn visibility(self) -> Duration {
        self.function().time_limit() * 6
    }
}
