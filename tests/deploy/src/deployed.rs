//! The gateway as it is deployed: its outputs, the functions that are invoked, its queues and what was logged.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use aws_sdk_sqs::types::Message;
use idv_gateway::adapters::aws::{Aws, Patience};
use idv_gateway::adapters::environment::{AwsEnvironment, Endpoints};
use idv_gateway::secret::Secret;
use serde_json::Value;

use crate::document::Document;
use crate::http;
use crate::say::to_people;
use crate::shell::{REGION, STACK, Shell};

const FUNCTIONS: [&str; 5] =
    ["webhook-ingress", "event-fetcher", "onboarding-initiator", "result-deliverer", "reconciler"];
/// So many of a function's last lines are shown after a failure.
const LAST: usize = 40;

/// The stack, as far as it can be reached from outside.
pub(crate) struct Deployed<'a> {
    pub(crate) document: &'a Document,
    pub(crate) shell: Shell,
    endpoint: String,
    outputs: BTreeMap<String, String>,
    http: reqwest::Client,
    sqs: aws_sdk_sqs::Client,
}

impl<'a> Deployed<'a> {
    /// Deploys what is built below `root`, and reads the outputs.
    pub(crate) async fn by(document: &'a Document, shell: &Shell, endpoint: &str, root: &Path) -> Result<Self, String> {
        deploy(document, shell, root).await?;
        let outputs = shell.block(document, "outputs").await?;
        let outputs: BTreeMap<String, String> = outputs
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let (sqs, http) = (sqs(endpoint)?, http::client()?);
        Ok(Self { document, shell: shell.clone(), endpoint: endpoint.to_owned(), outputs, http, sqs })
    }

    /// Deploys another version over it: every function has other code afterwards, the alias of the ingress included.
    pub(crate) async fn replace(&self, root: &Path) -> Result<(), String> {
        let before = self.codes().await?;
        deploy(self.document, &self.shell, root).await?;
        let after = self.codes().await?;
        let same: Vec<_> = before.iter().filter(|(name, code)| after.get(*name) == Some(code)).collect();
        if same.is_empty() { Ok(()) } else { Err(format!("the code is what it was before: {same:?}")) }
    }

    /// The digest of each function's code, and of what webhooks reach.
    async fn codes(&self) -> Result<BTreeMap<String, String>, String> {
        let mut codes = BTreeMap::new();
        for function in FUNCTIONS.into_iter().chain(["webhook-ingress:live"]) {
            let (name, qualifier) = function.split_once(':').unwrap_or((function, "$LATEST"));
            let url =
                format!("{}/2015-03-31/functions/{STACK}-{name}/configuration?Qualifier={qualifier}", self.endpoint);
            let answer = self.http.get(url).send().await.map_err(|error| error.to_string())?;
            let text = answer.text().await.map_err(|error| error.to_string())?;
            let told: Value = serde_json::from_str(&text).map_err(|error| format!("{text}: {error}"))?;
            let code =
                told.get("CodeSha256").and_then(Value::as_str).ok_or(format!("{function} has no code: {text}"))?;
            codes.insert(function.to_owned(), code.to_owned());
        }
        Ok(codes)
    }

    /// The status with which the API answers a POST.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Result<u16, String> {
        let url = format!("{}{path}", self.api()?);
        let answer = self.http.post(url).header("content-type", "application/json").body(body.to_owned()).send().await;
        answer.map(|answer| answer.status().as_u16()).map_err(|error| error.to_string())
    }

    fn output(&self, name: &str) -> Result<&str, String> {
        self.outputs.get(name).map(String::as_str).ok_or_else(|| format!("the stack has no output {name}"))
    }

    /// Where webhooks go. The emulator's own host names are not known to this machine; it takes the API's id in the path.
    pub(crate) fn api(&self) -> Result<String, String> {
        let address = self.output("ApiEndpoint")?;
        let id = address.split("://").nth(1).and_then(|host| host.split('.').next()).unwrap_or_default();
        Ok(format!("{}/_aws/execute-api/{id}", self.endpoint))
    }

    /// Runs a block of the document after the one that names what the stack made.
    pub(crate) async fn block(&self, name: &str, more: &[(&str, &str)]) -> Result<String, String> {
        let shell = more.iter().fold(self.shell.clone(), |shell, (name, value)| shell.with(name, value));
        let script = format!("{}\n{}", self.document.block("names")?, self.document.block(name)?);
        shell.quietly(&format!("the block `{name}` of docs/deploy.md"), &script).await
    }

    /// Invokes the initiator as an app does: through Lambda's own API, by an alias or unqualified.
    pub(crate) async fn invoke(&self, qualifier: Option<&str>, request: &Value) -> Result<Value, String> {
        let qualifier = qualifier.map(|name| format!("?Qualifier={name}")).unwrap_or_default();
        let url = format!("{}/2015-03-31/functions/{STACK}-onboarding-initiator/invocations{qualifier}", self.endpoint);
        let answer = self.http.post(url).body(request.to_string()).send().await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let failed = answer.headers().contains_key("x-amz-function-error");
        let text = answer.text().await.map_err(|error| error.to_string())?;
        if !status.is_success() || failed {
            return Err(format!("the initiator's invocation failed ({status}): {text}"));
        }
        serde_json::from_str(&text).map_err(|error| format!("the initiator answered {text}: {error}"))
    }

    /// As a tenant's app does, for whom a refusal is a failure.
    pub(crate) async fn ask(&self, tenant: &str, request: &Value) -> Result<Value, String> {
        let answer = self.invoke(Some(&format!("t-{tenant}")), request).await?;
        if answer.get("error").is_some() { Err(format!("refused: {answer}")) } else { Ok(answer) }
    }

    /// The ledger's table exists and holds something.
    pub(crate) async fn table_is_there(&self) -> Result<(), String> {
        let script =
            format!("aws dynamodb scan --table-name '{}' --select COUNT --query Count", self.output("TableName")?);
        let count = self.shell.quietly("counting the table's items", &script).await?;
        match count.trim().parse::<u64>() {
            Ok(1..) => Ok(()),
            Ok(0) | Err(_) => Err(format!("the table holds {count}")),
        }
    }

    /// Puts a record into the queue of notices.
    pub(crate) async fn ring(&self, body: &str) -> Result<String, String> {
        let sent = self.sqs.send_message().queue_url(self.output("NoticesUrl")?).message_body(body).send().await;
        sent.map_err(|error| format!("sending a message: {error:?}")).map(|sent| sent.message_id.unwrap_or_default())
    }

    /// A dead letter of the notices, if one comes in this time.
    pub(crate) async fn dead_letter(&self, patience: Duration) -> Result<Message, String> {
        let receive = self.sqs.receive_message().queue_url(self.output("NoticesDlqUrl")?).wait_time_seconds(1);
        let receive = receive.message_attribute_names("All");
        let receiving = async {
            loop {
                let received = receive.clone().send().await.map_err(|error| format!("receiving: {error:?}"))?;
                if let Some(message) = received.messages.unwrap_or_default().into_iter().next() {
                    return Ok(message);
                }
            }
        };
        tokio::time::timeout(patience, receiving).await.map_err(|_| "no dead letter came".to_owned())?
    }
}

async fn deploy(document: &Document, shell: &Shell, root: &Path) -> Result<(), String> {
    shell.within(root).block(document, "deploy").await.map(drop)
}

fn sqs(endpoint: &str) -> Result<aws_sdk_sqs::Client, String> {
    let environment = AwsEnvironment {
        region: REGION.to_owned(),
        access_key_id: "test".to_owned(),
        secret_access_key: Secret::from("test".to_owned()),
        session_token: None,
        endpoints: Endpoints { sqs: Some(endpoint.to_owned()), ..Endpoints::default() },
    };
    Ok(Aws::new(&environment, Patience::WORKER).map_err(|error| error.to_string())?.sqs())
}

/// What the functions logged, as far as the emulator kept it.
pub(crate) async fn show_logs(shell: &Shell) {
    for function in FUNCTIONS {
        let script = format!(
            "aws logs filter-log-events --log-group-name /aws/lambda/{STACK}-{function} --query events[].message --output json"
        );
        let Ok(text) = shell.quietly("reading logs", &script).await else { continue };
        let lines: Vec<String> = serde_json::from_str(&text).unwrap_or_default();
        let own: Vec<&String> = lines.iter().filter(|line| line.starts_with('{')).collect();
        to_people(&format!("---- the last that {function} logged ({} lines in all)", own.len()));
        own.iter().skip(own.len().saturating_sub(LAST)).for_each(|line| to_people(line));
    }
}
