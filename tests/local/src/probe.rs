//! What a test does with a running stack: invoke, break, count, wait, look.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use axum::body::Bytes;
use serde_json::{Value, json};

use crate::calls::{AwsCall, CallBook, CallPoint, Effect, Fault};
use crate::event_source::told;
use crate::function::Invoked;
use crate::logs::LogLine;
use crate::names::{FunctionName, SourceQueue};
use crate::options::StackError;
use crate::stack::Stack;
use crate::{resources, schedule};

impl Stack {
    /// Invokes a function as Lambda's Invoke API does; the qualifier is for example `t-acme`.
    pub async fn invoke(&self, function: FunctionName, event: &Value, qualifier: Option<&str>) -> Invoked {
        self.running.function(function).invoke(Bytes::from(event.to_string()), qualifier).await.told()
    }

    /// Runs the reconciler once.
    pub async fn tick(&self) -> Invoked {
        schedule::tick(&self.running.function(FunctionName::Reconciler), &self.region).await.told()
    }

    /// SIGKILL for every process of a function; its invocations fail, the next one starts a new process.
    pub async fn kill(&self, function: FunctionName) {
        self.running.function(function).kill().await;
    }

    /// Kills the process of a function that makes this call.
    pub fn kill_on(&self, function: FunctionName, point: CallPoint) -> Result<Fault, StackError> {
        self.fault(function, point, Effect::Kill)
    }

    /// Lets one call of a function go wrong.
    pub fn fault(&self, function: FunctionName, point: CallPoint, effect: Effect) -> Result<Fault, StackError> {
        Ok(self.calls(function)?.arm(point, effect))
    }

    /// Lets every call of a function to a service fail until it is switched off again.
    pub fn outage(&self, function: FunctionName, service: &str, on: bool) -> Result<(), StackError> {
        self.calls(function)?.outage(service, on);
        Ok(())
    }

    /// The calls to AWS that a function made since it was started or [`Stack::forget_calls`], the SDK's repeats included.
    #[must_use]
    pub fn aws_calls(&self, function: FunctionName) -> Vec<AwsCall> {
        self.running.function(function).calls().aws_calls()
    }

    /// Begins counting a function's calls anew.
    pub fn forget_calls(&self, function: FunctionName) {
        self.running.function(function).calls().forget();
    }

    fn calls(&self, function: FunctionName) -> Result<Arc<CallBook>, StackError> {
        match &self.emulators {
            Some(_) => Ok(self.running.function(function).calls()),
            None => Err(StackError::NoFaults),
        }
    }

    /// All lines that the functions printed.
    #[must_use]
    pub fn logs(&self) -> Vec<LogLine> {
        self.logs.lines()
    }

    /// Gives a tenant's secret a new version, adds the tenant if it is new, and writes the index.
    pub async fn put_tenant(&self, tenant: &str, settings: &Value) -> Result<(), StackError> {
        let version = resources::put_secret(&self.clients, &format!("tenants/{tenant}"), settings).await?;
        let (config, versions) = {
            let mut known = self.config.lock().unwrap_or_else(PoisonError::into_inner);
            known.1.insert(tenant.to_owned(), version);
            known.clone()
        };
        resources::put_index(&self.clients, &config, &versions).await
    }

    /// Writes any secret under the prefix: `tenants/{tenant}` or `index`.
    pub async fn put_secret(&self, name: &str, value: &Value) -> Result<(), StackError> {
        resources::put_secret(&self.clients, name, value).await.map(|_| ())
    }

    /// Waits until nothing moves: no message visible or in flight in a source queue, no invocation under way. Delayed
    /// messages do not count. `false`: that was not so within the limit.
    pub async fn quiet(&self, limit: Duration) -> bool {
        // the emulator does not count a message that came back for the 100 ms until a poll takes it, so one look is not enough
        const LOOKS: u32 = 3;
        const BETWEEN: Duration = Duration::from_millis(60);
        let looks = async {
            let mut still = 0;
            while still < LOOKS {
                still = if self.is_still().await { still + 1 } else { 0 };
                tokio::time::sleep(BETWEEN).await;
            }
        };
        tokio::time::timeout(limit, looks).await.is_ok()
    }

    async fn is_still(&self) -> bool {
        for source in SourceQueue::ALL {
            let asked = self.clients.queues.get_queue_attributes().queue_url(self.queues.of(source));
            let Ok(answer) = asked.attribute_names(QueueAttributeName::All).send().await else {
                return false;
            };
            let counted = |name| answer.attributes().and_then(|all| all.get(&name)).is_none_or(|count| count != "0");
            if counted(QueueAttributeName::ApproximateNumberOfMessages)
                || counted(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
            {
                return false;
            }
        }
        self.running.functions.iter().all(|function| function.is_at_rest())
    }

    /// The dead letters of a queue, left where they are: `{"body", "attributes", "message_attributes"}` each.
    pub async fn dead_letters(&self, source: SourceQueue) -> Result<Vec<Value>, StackError> {
        let failed =
            |error: &dyn std::error::Error| StackError::Aws { action: "reading dead letters", reason: told(error) };
        let url = self.queues.dead_letters_of(source);
        let (mut letters, mut receipts) = (Vec::new(), Vec::new());
        loop {
            let asked =
                self.clients.queues.receive_message().queue_url(url).max_number_of_messages(10).visibility_timeout(60);
            let asked =
                asked.message_system_attribute_names(MessageSystemAttributeName::All).message_attribute_names("All");
            let messages = asked.send().await.map_err(|error| failed(&error))?.messages.unwrap_or_default();
            if messages.is_empty() {
                break;
            }
            for message in messages {
                let attributes = message.attributes().into_iter().flatten();
                let attributes: BTreeMap<&str, &String> =
                    attributes.map(|(name, value)| (name.as_str(), value)).collect();
                let own = message.message_attributes().into_iter().flatten();
                let own: BTreeMap<&String, Option<&str>> =
                    own.map(|(name, value)| (name, value.string_value())).collect();
                letters.push(json!({"body": message.body(), "attributes": attributes, "message_attributes": own}));
                receipts.extend(message.receipt_handle().map(str::to_owned));
            }
        }
        for receipt in receipts {
            let back = self.clients.queues.change_message_visibility().queue_url(url).receipt_handle(receipt);
            back.visibility_timeout(0).send().await.map_err(|error| failed(&error))?;
        }
        Ok(letters)
    }
}
