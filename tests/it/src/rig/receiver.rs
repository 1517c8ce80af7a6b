//! A tenant's system: keeps what it accepted, in order.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use idv_gateway::domain::Timestamp;
use idv_gateway::ports::{Courier, CourierError, Destination, DestinationKind, Parcel};
use serde_json::Value;
use std::time::Duration;

use super::chaos::{Chaos, Class};

/// A try, and what came of it.
#[derive(Debug, Clone)]
pub struct Try {
    /// When.
    pub at: Timestamp,
    /// To whom.
    pub host: String,
    /// The same for every try of the same change.
    pub id: String,
    /// `onboarding.approved`…
    pub kind: String,
    /// The number of the change.
    pub version: u64,
    /// The body.
    pub body: Value,
    /// Whether it was accepted.
    pub accepted: bool,
}

type Mood = Box<dyn Fn(&Try) -> Result<(), CourierError> + Send + Sync>;

/// The tenants' systems, all of them.
pub struct Receiver {
    chaos: Arc<Chaos>,
    tries: Mutex<Vec<Try>>,
    mood: Mutex<Mood>,
}

impl Receiver {
    /// Accepts everything.
    #[must_use]
    pub fn new(chaos: Arc<Chaos>) -> Arc<Self> {
        Arc::new(Self { chaos, tries: Mutex::default(), mood: Mutex::new(Box::new(|_| Ok(()))) })
    }

    /// Answers so from now on.
    pub fn answer(&self, mood: impl Fn(&Try) -> Result<(), CourierError> + Send + Sync + 'static) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(mood);
    }

    /// All tries so far.
    #[must_use]
    pub fn tries(&self) -> Vec<Try> {
        self.lock().clone()
    }

    /// What it accepted so far.
    #[must_use]
    pub fn accepted(&self) -> Vec<Try> {
        self.lock().iter().filter(|hand_over| hand_over.accepted).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Try>> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn hear(&self, destination: &Destination, parcel: &Parcel) -> Result<(), CourierError> {
        let body: Value = serde_json::from_str(&parcel.body).unwrap();
        let host = match &destination.kind {
            DestinationKind::Webhook { url, .. } => url.host_str().unwrap_or_default().to_owned(),
            DestinationKind::Sqs { .. } | DestinationKind::EventBridge { .. } | DestinationKind::Fintechos(_) => {
                String::new()
            }
        };
        let version = body["data"]["version"].as_u64().unwrap();
        let (id, kind) = (parcel.id.clone(), parcel.kind.clone());
        let mut heard = Try { at: parcel.at, host, id, kind, version, body, accepted: false };
        let answer = (self.mood.lock().unwrap_or_else(PoisonError::into_inner))(&heard);
        heard.accepted = answer.is_ok();
        self.lock().push(heard);
        answer
    }
}

#[async_trait]
impl Courier for Receiver {
    async fn hand_over(&self, destination: &Destination, parcel: &Parcel) -> Result<(), CourierError> {
        let again = || self.hear(destination, parcel);
        self.chaos.call("courier.hand_over", again, fault).await
    }
}

fn fault(class: Class) -> CourierError {
    match class {
        Class::Passing => CourierError::Answered { status: 500, retry_after: None },
        Class::Lost => CourierError::NoAnswer("timed_out"),
        Class::Hard => CourierError::Answered { status: 429, retry_after: Some(Duration::from_secs(20)) },
    }
}
