//! What a function is told by its environment, read once at start; all faults at once, by name, never by value.
//!
//! | variable | meaning |
//! | --- | --- |
//! | `IDV_TABLE` | the ledger's table |
//! | `IDV_NOTICES_URL`, `IDV_NOTICES_DLQ_URL`, `IDV_DELIVERIES_URL`, `IDV_DELIVERIES_DLQ_URL` | the queues |
//! | `IDV_SECRET_PREFIX` | before `/index` and `/tenants/{tenant}` |
//! | `IDV_PUBLIC_URL` | our own origin; never taken from a request |
//! | `IDV_LOG` | `error`, `warn`, `info` (default), `debug` or `trace` |
//! | `IDV_REQUIRE_TENANT_ALIAS` | `true` or `false` (default) |
//! | `IDV_ALLOWED_TARGETS` | ARNs of queues and event buses that changes may go to, with commas between; none where unset |
//! | `IDV_TIME_SCALE` | N ≥ 1: the plan runs N times faster; set by the local stack alone |
//! | `IDV_ALLOW_LOCAL_TARGETS` | `true`: plain http and loopback targets; set by the local stack alone |
//! | `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | as Lambda sets them |
//! | `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_{DYNAMODB,SQS,SECRETS_MANAGER,EVENTBRIDGE}` | other endpoints |

use tracing::Level;
use url::Url;

use super::allowed::AllowedTargets;
use crate::config::Rules;
use crate::domain::schedule::Pace;
use crate::secret::Secret;
use crate::section::{Fault, absolute_url};

/// All of it.
pub struct Environment {
    /// The ledger's table.
    pub table: String,
    /// The queues.
    pub queues: Queues,
    /// Before the names of secrets, without a slash at its end.
    pub secret_prefix: String,
    /// Our own origin.
    pub public_url: Url,
    /// What is logged.
    pub log: Level,
    /// The unqualified function is refused.
    pub require_tenant_alias: bool,
    /// Queues and event buses that changes may go to.
    pub allowed_targets: AllowedTargets,
    /// How fast the plan runs.
    pub pace: Pace,
    /// Plain http and loopback targets are allowed.
    pub allow_local_targets: bool,
    /// Where and as whom AWS is called.
    pub aws: AwsEnvironment,
}

/// URLs of the four queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queues {
    /// Notices: "go and look".
    pub notices: String,
    /// Notices that a person must see.
    pub notices_dlq: String,
    /// Bells of deliveries.
    pub deliveries: String,
    /// Bells that a person must see.
    pub deliveries_dlq: String,
}

/// What AWS's own SDKs read.
pub struct AwsEnvironment {
    /// Which region.
    pub region: String,
    /// Whose key.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: Secret,
    /// With temporary credentials, as Lambda's are.
    pub session_token: Option<Secret>,
    /// Other endpoints than AWS's own.
    pub endpoints: Endpoints,
}

/// One endpoint for each service, where it is not AWS's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// `AWS_ENDPOINT_URL_DYNAMODB`
    pub dynamodb: Option<String>,
    /// `AWS_ENDPOINT_URL_SQS`
    pub sqs: Option<String>,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`
    pub secrets_manager: Option<String>,
    /// `AWS_ENDPOINT_URL_EVENTBRIDGE`
    pub eventbridge: Option<String>,
}

impl Environment {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// Every variable that is missing or wrong.
    pub fn read() -> Result<Self, Vec<Fault>> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        Self::read_from(&|name| std::env::var(name).ok())
    }

    /// Reads any environment.
    ///
    /// # Errors
    /// Every variable that is missing or wrong.
    pub fn read_from(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader { variable, faults: Vec::new() };
        let environment = reader.environment();
        match environment {
            Some(environment) if reader.faults.is_empty() => Ok(environment),
            Some(_) | None => Err(reader.faults),
        }
    }

    /// What configuration may say beyond production.
    #[must_use]
    pub const fn rules(&self) -> Rules {
        Rules { local_targets: self.allow_local_targets }
    }
}

struct Reader<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    /// Everything is read before anything is given up, so that all faults are found.
    fn environment(&mut self) -> Option<Environment> {
        let table = self.required("IDV_TABLE");
        let queues = self.queues();
        let secret_prefix = self.required("IDV_SECRET_PREFIX");
        let public_url = self.required("IDV_PUBLIC_URL").and_then(|text| self.parsed("IDV_PUBLIC_URL", origin(&text)));
        let log = self.optional("IDV_LOG").map_or(Some(Level::INFO), |text| self.parsed("IDV_LOG", level(&text)));
        let require_tenant_alias = self.flag("IDV_REQUIRE_TENANT_ALIAS");
        let pace = self
            .optional("IDV_TIME_SCALE")
            .map_or(Some(Pace::REAL), |text| self.parsed("IDV_TIME_SCALE", scale(&text)));
        let allow_local_targets = self.flag("IDV_ALLOW_LOCAL_TARGETS");
        let allowed_targets = self.optional("IDV_ALLOWED_TARGETS").map_or_else(
            || allow_local_targets.map(AllowedTargets::unsaid),
            |text| self.parsed("IDV_ALLOWED_TARGETS", AllowedTargets::read(&text)),
        );
        let aws = self.aws();
        Some(Environment {
            table: table?,
            queues: queues?,
            secret_prefix: secret_prefix?.trim_end_matches('/').to_owned(),
            public_url: public_url?,
            log: log?,
            require_tenant_alias: require_tenant_alias?,
            allowed_targets: allowed_targets?,
            pace: pace?,
            allow_local_targets: allow_local_targets?,
            aws: aws?,
        })
    }

    fn queues(&mut self) -> Option<Queues> {
        let notices = self.web_address("IDV_NOTICES_URL");
        let notices_dlq = self.web_address("IDV_NOTICES_DLQ_URL");
        let deliveries = self.web_address("IDV_DELIVERIES_URL");
        let deliveries_dlq = self.web_address("IDV_DELIVERIES_DLQ_URL");
        Some(Queues {
            notices: notices?,
            notices_dlq: notices_dlq?,
            deliveries: deliveries?,
            deliveries_dlq: deliveries_dlq?,
        })
    }

    fn aws(&mut self) -> Option<AwsEnvironment> {
        let region = self.required("AWS_REGION");
        let access_key_id = self.required("AWS_ACCESS_KEY_ID");
        let secret_access_key = self.required("AWS_SECRET_ACCESS_KEY").map(Secret::from);
        let session_token = self.optional("AWS_SESSION_TOKEN").map(Secret::from);
        let endpoints = Endpoints {
            dynamodb: self.endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            sqs: self.endpoint("AWS_ENDPOINT_URL_SQS"),
            secrets_manager: self.endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            eventbridge: self.endpoint("AWS_ENDPOINT_URL_EVENTBRIDGE"),
        };
        Some(AwsEnvironment {
            region: region?,
            access_key_id: access_key_id?,
            secret_access_key: secret_access_key?,
            session_token,
            endpoints,
        })
    }

    /// A variable that is set to nothing is taken for one that is not set: templates do that.
    fn optional(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    fn required(&mut self, name: &str) -> Option<String> {
        let value = self.optional(name);
        if value.is_none() {
            self.fault(name, "must be set");
        }
        value
    }

    fn web_address(&mut self, name: &str) -> Option<String> {
        let text = self.required(name)?;
        self.parsed(name, absolute_url(&text).map(|_| text))
    }

    fn endpoint(&mut self, name: &str) -> Option<String> {
        let (name, text) =
            [name, "AWS_ENDPOINT_URL"].into_iter().find_map(|name| Some((name, self.optional(name)?)))?;
        self.parsed(name, absolute_url(&text).map(|_| text.trim_end_matches('/').to_owned()))
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        match self.optional(name).as_deref() {
            Some("true") => Some(true),
            None | Some("false") => Some(false),
            Some(_) => {
                self.fault(name, "must be true or false");
                None
            }
        }
    }

    fn parsed<T>(&mut self, name: &str, read: Result<T, &'static str>) -> Option<T> {
        read.map_err(|what| self.fault(name, what)).ok()
    }

    fn fault(&mut self, name: &str, what: &str) {
        let fault = Fault { place: name.to_owned(), what: what.to_owned() };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

fn level(text: &str) -> Result<Level, &'static str> {
    match text {
        "error" => Ok(Level::ERROR),
        "warn" => Ok(Level::WARN),
        "info" => Ok(Level::INFO),
        "debug" => Ok(Level::DEBUG),
        "trace" => Ok(Level::TRACE),
        _ => Err("must be error, warn, info, debug or trace"),
    }
}

fn scale(text: &str) -> Result<Pace, &'static str> {
    let times = text.parse().ok().filter(|&times| times >= 1);
    times.map(Pace::faster).ok_or("must be a whole number from 1")
}

/// An origin has no path, query or credentials of its own: links are built by appending to it.
fn origin(text: &str) -> Result<Url, &'static str> {
    let url = absolute_url(text)?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    if bare && anonymous { Ok(url) } else { Err("must be an origin: scheme, host and port, nothing else") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn complete() -> BTreeMap<&'static str, &'static str> {
        BTreeMap::from([
            ("IDV_TABLE", "ledger"),
            ("IDV_NOTICES_URL", "http://127.0.0.1:8701/0/notices"),
            ("IDV_NOTICES_DLQ_URL", "http://127.0.0.1:8701/0/notices-dlq"),
            ("IDV_DELIVERIES_URL", "http://127.0.0.1:8701/0/deliveries"),
            ("IDV_DELIVERIES_DLQ_URL", "http://127.0.0.1:8701/0/deliveries-dlq"),
            ("IDV_SECRET_PREFIX", "idv/"),
            ("IDV_PUBLIC_URL", "https://idv.example.com"),
            ("AWS_REGION", "eu-north-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "hush"),
        ])
    }

    fn read(variables: &BTreeMap<&'static str, &'static str>) -> Result<Environment, Vec<Fault>> {
        Environment::read_from(&|name| variables.get(name).map(|&value| value.to_owned()))
    }

    fn places(variables: &BTreeMap<&'static str, &'static str>) -> Vec<String> {
        read(variables).err().unwrap_or_default().into_iter().map(|fault| fault.place).collect()
    }

    #[test]
    fn the_least_is_enough_and_means_production() -> Result<(), Vec<Fault>> {
        let environment = read(&complete())?;
        assert_eq!(environment.secret_prefix, "idv");
        assert_eq!(environment.log, Level::INFO);
        assert_eq!(environment.pace, Pace::REAL);
        assert_eq!(environment.aws.endpoints, Endpoints::default());
        assert!(!environment.allow_local_targets && !environment.require_tenant_alias);
        assert_eq!(environment.allowed_targets, AllowedTargets::unsaid(false));
        Ok(())
    }

    #[test]
    fn all_faults_are_named_at_once() {
        assert_eq!(places(&BTreeMap::new()).len(), 10);
        let mut wrong = complete();
        wrong.extend([
            ("IDV_TABLE", ""),
            ("IDV_LOG", "loud"),
            ("IDV_TIME_SCALE", "0"),
            ("IDV_ALLOW_LOCAL_TARGETS", "yes"),
            ("IDV_ALLOWED_TARGETS", "acme"),
            ("IDV_PUBLIC_URL", "https://idv.example.com/path"),
            ("AWS_ENDPOINT_URL", "nowhere"),
        ]);
        let expected = [
            "IDV_TABLE",
            "IDV_PUBLIC_URL",
            "IDV_LOG",
            "IDV_TIME_SCALE",
            "IDV_ALLOW_LOCAL_TARGETS",
            "IDV_ALLOWED_TARGETS",
            "AWS_ENDPOINT_URL",
        ];
        assert_eq!(places(&wrong), expected);
    }

    #[test]
    fn targets_are_those_that_are_listed() -> Result<(), Vec<Fault>> {
        const QUEUE: &str = "arn:aws:sqs:eu-north-1:111111111111:acme";
        let rows = [
            (None, None, false),
            (Some("true"), None, true),
            (None, Some(QUEUE), true),
            (Some("true"), Some("arn:aws:sqs:eu-north-1:111111111111:other"), false),
        ];
        for (local, list, allowed) in rows {
            let mut variables = complete();
            variables.extend(local.map(|value| ("IDV_ALLOW_LOCAL_TARGETS", value)));
            variables.extend(list.map(|value| ("IDV_ALLOWED_TARGETS", value)));
            assert_eq!(read(&variables)?.allowed_targets.allows(QUEUE), allowed, "{local:?} {list:?}");
        }
        Ok(())
    }

    #[test]
    fn a_services_own_endpoint_goes_before_the_common_one() -> Result<(), Vec<Fault>> {
        let mut variables = complete();
        variables.extend([("AWS_ENDPOINT_URL", "http://127.0.0.1:1/"), ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:2")]);
        let environment = read(&variables)?;
        assert_eq!(environment.aws.endpoints.sqs.as_deref(), Some("http://127.0.0.1:2"));
        assert_eq!(environment.aws.endpoints.dynamodb.as_deref(), Some("http://127.0.0.1:1"));
        Ok(())
    }
}
