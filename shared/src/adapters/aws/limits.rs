//! How long AWS is waited for. A test of the template holds these against the functions' own limits.

use std::time::Duration;

/// A connection is there by then, TLS included.
pub const CONNECT: Duration = Duration::from_secs(1);
/// Each operation is attempted this often at most, within its limit.
pub const ATTEMPTS: u32 = 3;
/// The tightest provider waits this long for our answer (Sumsub, Persona: proofs §1).
pub const PROVIDER_PATIENCE: Duration = Duration::from_secs(5);

/// Of one kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// One attempt.
    pub attempt: Duration,
    /// All attempts of one operation, with the pauses between.
    pub operation: Duration,
}

/// Of all calls of one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// DynamoDB.
    pub ledger: Limits,
    /// SQS, our own queues.
    pub bells: Limits,
    /// Secrets Manager.
    pub vault: Limits,
    /// Queues and event buses of tenants.
    pub targets: Limits,
}

impl Patience {
    /// Somebody waits for the answer: three reads of the vault (index, tenant, the tenant anew after a refused proof)
    /// and one message to a queue are over before the tightest provider loses patience.
    pub const INGRESS: Self = Self {
        ledger: Limits { attempt: Duration::from_millis(1200), operation: Duration::from_millis(2800) },
        bells: Limits { attempt: Duration::from_millis(750), operation: Duration::from_millis(1950) },
        vault: Limits { attempt: Duration::from_millis(600), operation: Duration::from_millis(900) },
        targets: Limits { attempt: Duration::from_millis(1200), operation: Duration::from_millis(2800) },
    };

    /// A queue or an app waits: time for three whole attempts.
    pub const WORKER: Self = Self {
        ledger: Limits { attempt: Duration::from_secs(2), operation: Duration::from_secs(7) },
        bells: Limits { attempt: Duration::from_secs(2), operation: Duration::from_secs(7) },
        vault: Limits { attempt: Duration::from_secs(2), operation: Duration::from_secs(7) },
        targets: Limits { attempt: Duration::from_secs(3), operation: Duration::from_secs(8) },
    };
}
