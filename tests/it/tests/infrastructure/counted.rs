//! What is counted of the lines that the functions write: the filters' patterns, asked of such lines.

use std::collections::BTreeSet;

use idv_gateway::ports::ProviderError;
use serde_json::{Value, json};

use super::template::{Template, each, told};
use super::{held, root};

/// Whether a metric filter takes a line, as far as our patterns go: `=`, `!=`, `IS TRUE`, `&&`, `||` and brackets. A
/// comparison with what a line does not have is false.
fn takes(pattern: &str, line: &Value) -> bool {
    let mut reading = Reading { rest: pattern, line };
    reading.must("{");
    let taken = reading.any();
    reading.must("}");
    assert_eq!(reading.rest.trim(), "", "{pattern}");
    taken
}

struct Reading<'a> {
    rest: &'a str,
    line: &'a Value,
}

impl Reading<'_> {
    fn eats(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn must(&mut self, token: &str) {
        assert!(self.eats(token), "no {token} before {}", self.rest);
    }

    fn until(&mut self, end: char) -> String {
        let (text, rest) = self.rest.split_once(end).unwrap_or_else(|| panic!("no {end} in {}", self.rest));
        self.rest = rest;
        text.to_owned()
    }

    fn any(&mut self) -> bool {
        let mut holds = self.all();
        while self.eats("||") {
            holds |= self.all();
        }
        holds
    }

    fn all(&mut self) -> bool {
        let mut holds = self.one();
        while self.eats("&&") {
            holds &= self.one();
        }
        holds
    }

    fn one(&mut self) -> bool {
        if self.eats("(") {
            let holds = self.any();
            self.must(")");
            return holds;
        }
        self.must("$.");
        let said = &self.line[self.until(' ').as_str()];
        if self.eats("IS TRUE") {
            return *said == json!(true);
        }
        let equal = !self.eats("!=");
        if equal {
            self.must("=");
        }
        self.must("\"");
        let value = self.until('"');
        let like = |said: &str| value.strip_suffix('*').map_or(said == value, |start| said.starts_with(start));
        said.as_str().is_some_and(|said| like(said) == equal)
    }
}

#[test]
fn patterns_are_read_as_they_are_meant() {
    let line = json!({"event": "delivery_failed", "cause": "misconfigured_missing", "parked": false});
    for (pattern, taken) in [
        (r#"{ $.event = "delivery_failed" }"#, true),
        (r#"{ $.event = "delivered" }"#, false),
        (r#"{ $.event != "delivered" }"#, true),
        (r#"{ $.unheard != "delivered" }"#, false),
        (r#"{ ($.event = "delivery_failed") && ($.parked IS TRUE) }"#, false),
        (r#"{ ($.cause = "misconfigured_*") && (($.parked IS TRUE) || ($.event != "endpoint")) }"#, true),
        (r#"{ (($.event = "a") || ($.event = "delivery_failed")) && ($.cause != "misconfigured_*") }"#, false),
    ] {
        assert_eq!(takes(pattern, &line), taken, "{pattern}");
    }
}

/// The metrics that a line of a function's log counts for.
fn counts(template: &Template, log: &str, line: &Value) -> BTreeSet<String> {
    let filters = template.of_type("AWS::Logs::MetricFilter");
    let own = filters.filter(|(_, filter)| filter["LogGroupName"]["Ref"] == format!("{log}Log"));
    let taking = own.filter(|(_, filter)| takes(&told(&filter["FilterPattern"]), line));
    taking
        .flat_map(|(_, filter)| each(&filter["MetricTransformations"]))
        .map(|metric| told(&metric["MetricName"]))
        .collect()
}

/// A look's causes, and whether each is a failure of the provider. A login that somebody else renews is none
/// (docs/adr/0015); a pause is the consequence of failures that were counted, or of a limit of our own.
const CAUSES: [(&str, bool); 9] = [
    ("provider_busy", true),
    ("provider_unavailable", true),
    ("provider_unauthorized", true),
    ("provider_lag", true),
    ("provider_refused", true),
    ("foreign_answer", true),
    ("unsupported", true),
    ("login_renewing", false),
    ("paused", false),
];

fn failures_of_providers(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut counted = |log: &str, event: &str, cause: &str, counted: bool| {
        let counts = counts(template, log, &json!({"event": event, "cause": cause, "tenant": "acme"}));
        if counts.contains("ProviderFailures") != counted {
            faults.push(format!("{log}: {event} for {cause} counts for {counts:?}"));
        }
    };
    for event in ["look_put_off", "feed_failed", "exchange_failed"] {
        for (cause, failure) in CAUSES {
            counted("EventFetcher", event, cause, failure);
        }
    }
    // what is told of a request is told in words
    counted("OnboardingInitiator", "provider_failure", &ProviderError::Renewing.to_string(), false);
    counted("OnboardingInitiator", "provider_failure", &ProviderError::Unauthorized.to_string(), true);
    counted("OnboardingInitiator", "provider_failure", &ProviderError::Unavailable("timed out").to_string(), true);
    faults
}

#[test]
fn a_login_that_is_renewed_and_a_pause_are_no_failures_of_the_provider() {
    let of = |filter: &str, pattern: &str| {
        Template::spoilt(&format!("/Resources/{filter}/Properties/FilterPattern"), json!(pattern))
    };
    let looks = r#"{ ($.event = "look_put_off") || ($.event = "feed_failed") }"#;
    let no_codes = r#"{ (($.event = "look_put_off") || ($.event = "feed_failed")) && ($.cause != "login_renewing") && ($.cause != "paused") }"#;
    let looks_alone = r#"{ ($.event = "look_put_off") && ($.cause != "login_renewing") && ($.cause != "paused") }"#;
    held(
        failures_of_providers,
        &[
            (of("LooksPutOff", looks), "look_put_off for login_renewing counts"),
            (of("LooksPutOff", looks), "look_put_off for paused counts"),
            (of("LooksPutOff", no_codes), "exchange_failed for provider_unauthorized counts for {}"),
            (of("LooksPutOff", looks_alone), "feed_failed for provider_busy counts for {}"),
            (of("ProviderFailures", r#"{ $.event = "provider_failure" }"#), "provider_failure for the login"),
            (Template::without("/Resources/LooksPutOff"), "look_put_off for provider_unavailable counts for {}"),
        ],
    );
}

/// A webhook about a connection that its own connection's settings name and the tenant has not: answered 503, so the
/// provider's second and third try of one event ring.
#[test]
fn a_connection_that_is_named_and_not_there_rings() {
    fn faults(template: &Template) -> Vec<String> {
        let line = json!({"event": "connection_not_there", "tenant": "acme", "connection": "idos", "provider": "idos"});
        let counted = counts(template, "WebhookIngress", &line).contains("SecretsUnreadable");
        (!counted).then(|| "a connection that is not there counts for nothing".to_owned()).into_iter().collect()
    }
    let pattern = json!(r#"{ $.event = "connection_unreadable" }"#);
    let spoilt = Template::spoilt("/Resources/WebhookIngressSecretsUnreadable/Properties/FilterPattern", pattern);
    held(faults, &[(spoilt, "counts for nothing")]);
}

/// The table has every cause that a look tells, by the source's own words.
#[test]
fn every_cause_of_a_look_is_decided_upon() {
    let source = std::fs::read_to_string(root().join("shared/src/fetch/visit.rs")).unwrap();
    let codes = source.split("fn code_of").nth(1).and_then(|rest| rest.split("\n}").next()).unwrap();
    let mut told: BTreeSet<&str> = codes.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    // where there is no error
    assert!(source.contains(r#"cause = error.as_ref().map_or("paused", code_of)"#));
    told.insert("paused");
    assert_eq!(told, CAUSES.iter().map(|(cause, _)| *cause).collect());
}
