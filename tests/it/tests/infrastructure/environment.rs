//! What each function is told: what it reads, and nothing else.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use idv_gateway::adapters::allowed::AllowedTargets;
use idv_gateway::adapters::environment::Environment;
use serde_json::json;

use super::held;
use super::template::{FUNCTIONS, Template, told};

/// Every process reads these at its start, whatever it serves.
const ALL: [(&str, &str); 8] = [
    ("IDV_TABLE", "${Table}"),
    ("IDV_NOTICES_URL", "${Notices}"),
    ("IDV_NOTICES_DLQ_URL", "${NoticesDlq}"),
    ("IDV_DELIVERIES_URL", "${Deliveries}"),
    ("IDV_DELIVERIES_DLQ_URL", "${DeliveriesDlq}"),
    ("IDV_SECRET_PREFIX", "${Prefix}/${Stage}"),
    ("IDV_PUBLIC_URL", "${HasOrigin? ${PublicOrigin} : ${HasDomain? https://${DomainName} : ${Api.ApiEndpoint}}}"),
    ("IDV_LOG", "${LogLevel}"),
];
const TARGETS: &str = r#"{"Fn::Join":[",",[{"Fn::Join":[",",{"Ref":"AllowedQueueArns"}]},{"Fn::Join":[",",{"Ref":"AllowedEventBusArns"}]}]]}"#;
/// These are acted upon by one function alone.
const ONE: [(&str, &str, &str); 2] = [
    ("OnboardingInitiator", "IDV_REQUIRE_TENANT_ALIAS", "${RequireTenantAlias}"),
    ("ResultDeliverer", "IDV_ALLOWED_TARGETS", TARGETS),
];
/// Never in a deployment: the local stack's.
const LOCAL: [&str; 2] = ["IDV_TIME_SCALE", "IDV_ALLOW_LOCAL_TARGETS"];

fn faults(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (function, _) in FUNCTIONS {
        let own = ONE.iter().filter(|(of, ..)| *of == function).map(|&(_, name, value)| (name, value));
        let expected: BTreeMap<String, String> =
            ALL.into_iter().chain(own).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let found: BTreeMap<String, String> =
            template.variables(function).iter().map(|(name, value)| (name.clone(), told(value))).collect();
        for name in expected.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
            if expected.get(name) != found.get(name) {
                faults.push(format!("{function}: {name} is {:?}, not {:?}", found.get(name), expected.get(name)));
            }
        }
    }
    for (id, resource) in template.resources() {
        let text = resource.to_string();
        faults.extend(LOCAL.iter().filter(|name| text.contains(**name)).map(|name| format!("{id} names {name}")));
    }
    faults
}

#[test]
fn each_function_is_told_what_it_reads() {
    let own = |function: &str, name: &str| format!("/Resources/{function}/Properties/Environment/Variables/{name}");
    held(
        faults,
        &[
            (Template::without("/Globals/Function/Environment/Variables/IDV_TABLE"), "Reconciler: IDV_TABLE is None"),
            (Template::without(&own("ResultDeliverer", "IDV_ALLOWED_TARGETS")), "IDV_ALLOWED_TARGETS is None"),
            (Template::spoilt(&own("ResultDeliverer", "IDV_TIME_SCALE"), json!(1)), "IDV_TIME_SCALE"),
            (
                Template::spoilt("/Globals/Function/Environment/Variables/IDV_ALLOW_LOCAL_TARGETS", json!("true")),
                "WebhookIngress: IDV_ALLOW_LOCAL_TARGETS",
            ),
            (Template::spoilt(&own("OnboardingInitiator", "IDV_LOG"), json!("debug")), "IDV_LOG is Some(\"debug\")"),
            (
                Template::spoilt(
                    "/Globals/Function/Environment/Variables/IDV_NOTICES_URL",
                    json!({"Ref": "Deliveries"}),
                ),
                "IDV_NOTICES_URL is Some(\"${Deliveries}\")",
            ),
        ],
    );
}

/// The contract itself, asked of the reader.
#[test]
fn the_contract_is_what_is_read() {
    let asked = RefCell::new(BTreeSet::new());
    let _ = Environment::read_from(&|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    let ours: BTreeSet<String> = asked.into_inner().into_iter().filter(|name| name.starts_with("IDV_")).collect();
    let set = ALL.iter().map(|(name, _)| *name).chain(ONE.iter().map(|(_, name, _)| *name)).chain(LOCAL);
    assert_eq!(ours, set.map(str::to_owned).collect());
}

/// The values that the template gives are taken: an empty list, and an origin of the API's own form.
#[test]
fn the_functions_start_with_what_they_are_told() {
    let value = |name: &str| {
        let url = "https://sqs.eu-north-1.amazonaws.com/000000000000/queue";
        let value = match name {
            "IDV_TABLE" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "text",
            "IDV_PUBLIC_URL" => "https://abcdefghij.execute-api.eu-north-1.amazonaws.com",
            "IDV_SECRET_PREFIX" => "idv/prod",
            "IDV_LOG" => "info",
            "IDV_REQUIRE_TENANT_ALIAS" => "true",
            // two empty lists, joined
            "IDV_ALLOWED_TARGETS" => ",",
            "AWS_REGION" => "eu-north-1",
            name if name.ends_with("_URL") && name.starts_with("IDV_") => url,
            _ => return None,
        };
        Some(value.to_owned())
    };
    let environment = Environment::read_from(&value).ok().unwrap();
    assert_eq!(environment.allowed_targets, AllowedTargets::Only(BTreeSet::new()));
    assert!(environment.require_tenant_alias && !environment.allow_local_targets);
}
