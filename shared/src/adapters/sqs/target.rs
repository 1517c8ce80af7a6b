//! A tenant's own queue as the target of a delivery.
//!
//! Which ARNs may be named at all is the deployment's list, held by the courier; here our own queues are refused even if
//! they are on it, because a change that came back as a notice or a bell would be worked on.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{Builder, Region};
use thiserror::Error;
use url::Url;

use super::fit::is_permitted;
use crate::adapters::aws::Cause;
use crate::adapters::environment::Queues;
use crate::ports::CourierError;

/// Why a target did not take a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TargetError {
    /// It may take it later.
    #[error("the target does not take it now: {}", .0.code())]
    Unavailable(Cause),
    /// It does not take it: a person has to see to it.
    #[error("the target does not take it: {}", .0.code())]
    Refused(Cause),
    /// It may not be a target.
    #[error("not a target: {0}")]
    NotATarget(&'static str),
    /// What was to be sent does not fit.
    #[error("the message does not fit: {0}")]
    Unfit(&'static str),
}

impl From<Cause> for TargetError {
    /// Also what a person must mend may be mended soon: only [`Cause::Refused`] and [`Cause::Missing`] are final.
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::TimedOut | Cause::Unreachable | Cause::Faulty | Cause::Throttled | Cause::Denied => {
                Self::Unavailable(cause)
            }
            Cause::Missing | Cause::Refused => Self::Refused(cause),
        }
    }
}

impl From<TargetError> for CourierError {
    fn from(error: TargetError) -> Self {
        match error {
            TargetError::Unavailable(cause) => Self::NoAnswer(cause.code()),
            TargetError::Refused(cause) => Self::Misconfigured(cause.code()),
            TargetError::NotATarget(_) => Self::Misconfigured("not_a_target"),
            TargetError::Unfit(what) => Self::Misconfigured(what),
        }
    }
}

/// `arn:aws:sqs:{region}:{account}:{name}`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueArn {
    domain: &'static str,
    region: String,
    account: String,
    name: String,
}

impl QueueArn {
    /// Reads an ARN.
    ///
    /// # Errors
    /// It is none of a queue.
    pub fn parse(arn: &str) -> Result<Self, TargetError> {
        let wrong = || TargetError::NotATarget("not the ARN of a queue");
        let parts: Vec<&str> = arn.split(':').collect();
        let &["arn", partition, "sqs", region, account, name] = parts.as_slice() else { return Err(wrong()) };
        let domain = match partition {
            "aws" | "aws-us-gov" => "amazonaws.com",
            _ => return Err(wrong()),
        };
        let plain = |text: &str, extra: &[u8]| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || extra.contains(&byte))
        };
        let sound = plain(region, b"-") && plain(account, b"") && plain(name, b"-_.");
        if !sound {
            return Err(wrong());
        }
        Ok(Self { domain, region: region.to_owned(), account: account.to_owned(), name: name.to_owned() })
    }

    /// FIFO queues ask for a group and an id of each message.
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.name.to_ascii_lowercase().ends_with(".fifo")
    }

    /// The queue's URL, at AWS's own endpoint or at another.
    #[must_use]
    pub fn url(&self, endpoint: Option<&str>) -> String {
        let own = format!("https://sqs.{}.{}", self.region, self.domain);
        format!("{}/{}/{}", endpoint.unwrap_or(&own), self.account, self.name)
    }

    /// Whether that URL names this queue, as far as a URL tells.
    fn is_at(&self, url: &str) -> bool {
        let path = Url::parse(url).ok().map(|url| url.path().trim_matches('/').to_owned());
        path.is_some_and(|path| path == format!("{}/{}", self.account, self.name))
    }
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub struct QueueMessage<'a> {
    /// The body.
    pub body: &'a str,
    /// Messages of one group stay in order: the onboarding.
    pub group: &'a str,
    /// A repeat has the same: the delivery's id.
    pub id: &'a str,
}

/// Sends to tenants' queues.
pub struct QueueTarget {
    client: Client,
    endpoint: Option<String>,
    own: Queues,
}

impl QueueTarget {
    /// Makes no call.
    #[must_use]
    pub const fn new(client: Client, endpoint: Option<String>, own: Queues) -> Self {
        Self { client, endpoint, own }
    }

    /// One message to one queue.
    ///
    /// # Errors
    /// It is not durably queued.
    pub async fn send(&self, arn: &str, message: QueueMessage<'_>) -> Result<(), TargetError> {
        let queue = QueueArn::parse(arn)?;
        let own = [&self.own.notices, &self.own.notices_dlq, &self.own.deliveries, &self.own.deliveries_dlq];
        if own.into_iter().any(|url| queue.is_at(url)) {
            return Err(TargetError::NotATarget("one of our own queues"));
        }
        if !message.body.chars().all(is_permitted) {
            return Err(TargetError::Unfit("characters"));
        }
        let mut request = self
            .client
            .send_message()
            .queue_url(queue.url(self.endpoint.as_deref()))
            .message_body(message.body)
            .message_group_id(message.group);
        if queue.is_fifo() {
            request = request.message_deduplication_id(message.id);
        }
        // A queue of another region is asked there.
        let there = Builder::new().region(Region::new(queue.region.clone()));
        let sent = request.customize().config_override(there).send().await;
        sent.map(drop).map_err(|error| Cause::of(&error).into())
    }
}
