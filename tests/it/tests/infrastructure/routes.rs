//! The webhooks' front door: the routes are those that the ingress knows, each with its own throttle, and the access log says nothing
//! that a tenant or a person would mind.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::template::{Template, told};
use super::{held, root};

/// Greedy as a whole, or begins with a word that is not v1.
const ALIAS_PATTERN: &str =
    r"^(/\{[A-Za-z0-9]+\+\}|/(?!v1(/|$))[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+|/\{[A-Za-z0-9]+\+?\})*)?$";

/// The routes of the ingress, as its own file names them.
fn known() -> BTreeSet<String> {
    let source = std::fs::read_to_string(root().join("shared/src/ingress/route.rs")).unwrap();
    let mut routes = BTreeSet::new();
    for line in source.lines().filter_map(|line| line.trim().strip_prefix("/// `")) {
        let Some(route) = line.split('`').next().filter(|route| route.contains(" /v1/")) else { continue };
        // `…/{a}[/{b}]` are two
        match route.split_once('[') {
            Some((short, rest)) => {
                routes.insert(short.to_owned());
                routes.insert(format!("{short}{}", rest.trim_end_matches(']')));
            }
            None => drop(routes.insert(route.to_owned())),
        }
    }
    routes
}

fn route_faults(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut keys = BTreeMap::new();
    // Those of the drop-in have an API of their own (drop_in.rs).
    let of_api = |route: &Value| route["ApiId"] != json!({"Ref": "DropInApi"});
    for (id, route) in template.of_type("AWS::ApiGatewayV2::Route").filter(|(_, route)| of_api(route)) {
        keys.insert(told(&route["RouteKey"]), id.clone());
        if told(&route["Target"]) != "integrations/${IngressIntegration}" {
            faults.push(format!("{id} leads elsewhere"));
        }
        if !route["AuthorizationType"].is_null() || !route["AuthorizerId"].is_null() {
            faults.push(format!("{id} has an authoriser that an alias would walk around"));
        }
    }
    let aliases = ["POST ${AliasPath}", "POST ${SecondAliasPath}"].map(str::to_owned);
    let expected: BTreeSet<String> = known().into_iter().chain(aliases).collect();
    let found: BTreeSet<String> = keys.keys().cloned().collect();
    faults.extend(found.difference(&expected).map(|key| format!("the ingress knows no {key}")));
    faults.extend(expected.difference(&found).map(|key| format!("the API knows no {key}")));

    for (parameter, condition) in [("AliasPath", "HasAlias"), ("SecondAliasPath", "HasSecondAlias")] {
        let is = template.at(&format!("/Parameters/{parameter}"));
        if is["AllowedPattern"] != ALIAS_PATTERN || is["Default"] != "" {
            faults.push(format!("{parameter} may stand before a route of ours"));
        }
        let route =
            keys.get(&format!("POST ${{{parameter}}}")).map(|id| template.at(&format!("/Resources/{id}/Condition")));
        if route != Some(&json!(condition)) {
            faults.push(format!("{parameter} is a route though it is empty"));
        }
    }

    let stage = template.at("/Resources/ApiStage/Properties");
    let throttled = |settings: &Value| {
        let sound =
            |name: &str| settings[name].as_u64().is_some_and(|many| many > 0) || settings[name]["Ref"].is_string();
        sound("ThrottlingRateLimit") && sound("ThrottlingBurstLimit")
    };
    for key in known() {
        if !throttled(&stage["RouteSettings"][&key]) {
            faults.push(format!("{key} has no throttle of its own"));
        }
        let waits = keys.get(&key).is_some_and(|id| {
            template.at("/Resources/ApiStage/DependsOn").as_array().is_some_and(|all| all.contains(&json!(id)))
        });
        if !waits {
            faults.push(format!("the stage may be made before {key}, whose throttle it names"));
        }
    }
    if !throttled(&stage["DefaultRouteSettings"]) {
        faults.push("aliases have no throttle".to_owned());
    }
    let guessed = stage["RouteSettings"]["POST /v1/oauth/{tenant}/{connection}/token"]["ThrottlingRateLimit"].as_u64();
    if guessed.is_none_or(|rate| rate > 20) {
        faults.push("client secrets can be guessed quickly".to_owned());
    }
    let integration = template.at("/Resources/IngressIntegration/Properties");
    if integration["PayloadFormatVersion"] != "2.0" || integration["IntegrationType"] != "AWS_PROXY" {
        faults.push("the ingress is not handed payload 2.0".to_owned());
    }
    if !told(&integration["IntegrationUri"]).contains("${WebhookIngress.Arn}:live/invocations") {
        faults.push("the API goes around the ingress's alias".to_owned());
    }
    if told(template.at("/Resources/IngressInvoked/Properties/FunctionName")) != "${WebhookIngress.Alias}" {
        faults.push("the API may not invoke the alias".to_owned());
    }
    if template.at("/Resources/Api/Properties/DisableExecuteApiEndpoint")
        != &json!({"Fn::If": ["HasDomain", true, false]})
    {
        faults.push("the default endpoint stays beside a custom domain".to_owned());
    }
    faults
}

#[test]
fn the_routes_are_those_of_the_ingress() {
    assert_eq!(known().len(), 5, "{:?}", known());
    let at = |rest: &str| format!("/Resources/{rest}");
    let settings = at("ApiStage/Properties/RouteSettings/POST ~1v1~1oauth~1{tenant}~1{connection}~1token");
    held(
        route_faults,
        &[
            (Template::without(&at("GoRoute")), "the API knows no GET /v1/go/{tenant}/{connection}/{ticket}"),
            (
                Template::spoilt(&at("GoRoute/Properties/RouteKey"), json!("POST /v1/go/{tenant}")),
                "the ingress knows no POST",
            ),
            (
                Template::spoilt(
                    &at("Extra"),
                    json!({"Type": "AWS::ApiGatewayV2::Route", "Properties": {"RouteKey": "$default"}}),
                ),
                "the ingress knows no $default",
            ),
            (Template::spoilt(&at("TokenRoute/Properties/AuthorizationType"), json!("AWS_IAM")), "walk around"),
            (Template::spoilt("/Parameters/AliasPath/AllowedPattern", json!("^/.*$")), "AliasPath may stand before"),
            (Template::without(&at("SecondAliasRoute/Condition")), "though it is empty"),
            (Template::without(&settings), "has no throttle of its own"),
            (Template::spoilt(&format!("{settings}/ThrottlingRateLimit"), json!(1000)), "guessed quickly"),
            (Template::without(&at("ApiStage/DependsOn")), "may be made before"),
            (Template::without(&at("ApiStage/Properties/DefaultRouteSettings")), "aliases have no throttle"),
            (Template::spoilt(&at("IngressIntegration/Properties/PayloadFormatVersion"), json!("1.0")), "payload 2.0"),
            (
                Template::spoilt(
                    &at("IngressIntegration/Properties/IntegrationUri"),
                    json!({"Fn::GetAtt": ["WebhookIngress", "Arn"]}),
                ),
                "around the ingress's alias",
            ),
            (Template::without(&at("Api/Properties/DisableExecuteApiEndpoint")), "default endpoint"),
        ],
    );
}

fn log_faults(template: &Template) -> Vec<String> {
    let allowed = BTreeMap::from([
        ("route", "$context.routeKey"),
        ("status", "$context.status"),
        ("request_id", "$context.requestId"),
        ("latency", "$context.responseLatency"),
        ("source", "$context.identity.sourceIp"),
    ]);
    let settings = template.at("/Resources/ApiStage/Properties/AccessLogSettings");
    let format = settings["Format"].as_str().unwrap_or_default();
    let fields: BTreeMap<String, String> = serde_json::from_str(format).unwrap_or_default();
    let expected = allowed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut faults = Vec::new();
    if fields != expected {
        faults.push(format!("the access log is {format}"));
    }
    if told(&settings["DestinationArn"]) != "${AccessLog.Arn}" {
        faults.push("the access log goes elsewhere".to_owned());
    }
    faults
}

/// Paths hold URL keys and tickets, queries hold codes and states, headers hold credentials.
#[test]
fn the_access_log_has_five_fields() {
    let with = |more: &str| {
        let format = format!(
            r#"{{"route":"$context.routeKey","status":"$context.status","request_id":"$context.requestId","latency":"$context.responseLatency","source":"$context.identity.sourceIp","more":"{more}"}}"#
        );
        Template::spoilt("/Resources/ApiStage/Properties/AccessLogSettings/Format", json!(format))
    };
    held(
        log_faults,
        &[
            (with("$context.path"), "$context.path"),
            (with("$request.header.Authorization"), "Authorization"),
            (with("$context.authorizer.principalId"), "principalId"),
            (Template::without("/Resources/ApiStage/Properties/AccessLogSettings"), "the access log is"),
        ],
    );
}
