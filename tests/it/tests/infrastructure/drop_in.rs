//! The drop-in: three routes of an API of their own, each behind the authoriser, and the one alias whose payload is read as
//! an HTTP request, which those three routes may invoke and nobody else.

use std::collections::BTreeSet;
use std::time::Duration;

use idv_gateway::invoke::drop_in::{ALIAS, OPERATIONS};
use serde_json::{Value, json};

use super::held;
use super::template::{Template, told};

/// There only where an authoriser is chosen.
const RESOURCES: [(&str, &str); 13] = [
    ("DropInAlias", "HasDropIn"),
    ("DropInApi", "HasDropIn"),
    ("DropInTokens", "DropInTakesTokens"),
    ("DropInIntegration", "HasDropIn"),
    ("DropInApplicantsRoute", "HasDropIn"),
    ("DropInSdkTokenRoute", "HasDropIn"),
    ("DropInChecksRoute", "HasDropIn"),
    ("DropInApplicantsInvoke", "HasDropIn"),
    ("DropInSdkTokenInvoke", "HasDropIn"),
    ("DropInChecksInvoke", "HasDropIn"),
    ("DropInStage", "HasDropIn"),
    ("DropInDomain", "HasDropInDomain"),
    ("DropInDomainMapping", "HasDropInDomain"),
];
const URI: &str =
    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${DropInAlias}/invocations";
const API: &str = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${DropInApi}/$default/POST";

fn faults(template: &Template) -> Vec<String> {
    let mut faults = routes(template);
    let mut wrong = |what: &str, found: &Value, expected: Value| {
        if *found != expected {
            faults.push(format!("{what} is {found}, not {expected}"));
        }
    };
    let at = |rest: &str| template.at(&format!("/Resources/{rest}"));
    for (id, condition) in RESOURCES {
        wrong(&format!("{id}: when it is there"), at(&format!("{id}/Condition")), json!(condition));
    }
    wrong("the default", template.at("/Parameters/DropInAuthorizer/Default"), json!("none"));
    wrong("the choice", template.at("/Parameters/DropInAuthorizer/AllowedValues"), json!(["none", "iam", "jwt"]));
    let equals = |value: &str| json!({"Fn::Equals": [{"Ref": "DropInAuthorizer"}, value]});
    wrong("HasDropIn", template.at("/Conditions/HasDropIn"), json!({"Fn::Not": [equals("none")]}));
    wrong("DropInTakesTokens", template.at("/Conditions/DropInTakesTokens"), equals("jwt"));

    let alias = at("DropInAlias/Properties");
    wrong("the alias", &alias["Name"], json!(ALIAS));
    wrong("the alias's function", &alias["FunctionName"], json!({"Ref": "OnboardingInitiator"}));
    wrong("the alias's version", &alias["FunctionVersion"], json!("$LATEST"));
    let integration = at("DropInIntegration/Properties");
    wrong("where requests go", &json!(told(&integration["IntegrationUri"])), json!(URI));
    wrong("the payload", &integration["PayloadFormatVersion"], json!("2.0"));
    wrong("the integration's API", &integration["ApiId"], json!({"Ref": "DropInApi"}));
    let waits = Duration::from_millis(integration["TimeoutInMillis"].as_u64().unwrap_or_default());
    let takes = Duration::from_secs(template.property("OnboardingInitiator", "Timeout").as_u64().unwrap());
    wrong("the API waits for the initiator", &json!(waits > takes && waits <= Duration::from_secs(30)), json!(true));

    let tokens = at("DropInTokens/Properties");
    wrong("the authoriser's API", &tokens["ApiId"], json!({"Ref": "DropInApi"}));
    wrong("the authoriser's kind", &tokens["AuthorizerType"], json!("JWT"));
    wrong(
        "whose tokens",
        &tokens["JwtConfiguration"],
        json!({"Issuer": {"Ref": "DropInIssuer"}, "Audience": {"Fn::Split": [",", {"Ref": "DropInAudience"}]}}),
    );
    let rule = template.at("/Rules/TokensAreSomebodys");
    wrong("when the rule holds", &rule["RuleCondition"], equals("jwt"));
    let asserted = [0, 1].map(|number| rule["Assertions"][number]["Assert"].clone());
    let issuer = json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "DropInIssuer"}, ""]}]});
    let audience = json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "DropInAudience"}, "none"]}]});
    wrong("what tokens need", &json!(asserted), json!([issuer, audience]));
    // without an audience every token of the issuer is let in: that none is said can be told, and no text is empty
    let audience = template.at("/Parameters/DropInAudience");
    wrong("for whom, where nobody says", &audience["Default"], json!("none"));
    wrong("the form of an audience", &audience["Type"], json!("String"));
    wrong("the words of an audience", &audience["AllowedPattern"], json!(r"^[^,\s]+(,[^,\s]+)*$"));

    let stage = at("DropInStage/Properties");
    wrong("the access log", &stage["AccessLogSettings"], at("ApiStage/Properties/AccessLogSettings").clone());
    wrong(
        "the throttle",
        &stage["DefaultRouteSettings"],
        json!({"ThrottlingRateLimit": {"Ref": "DropInPerSecond"}, "ThrottlingBurstLimit": {"Ref": "DropInBurst"}}),
    );
    wrong("the stage's API", &stage["ApiId"], json!({"Ref": "DropInApi"}));
    let domain = json!({"Fn::If": ["HasDropInDomain", true, false]});
    wrong("the default endpoint", at("DropInApi/Properties/DisableExecuteApiEndpoint"), domain);
    faults
}

/// The routes, and who may invoke the alias.
fn routes(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut found = BTreeSet::new();
    let ours = template.of_type("AWS::ApiGatewayV2::Route").filter(|(_, it)| it["ApiId"] != json!({"Ref": "Api"}));
    for (id, route) in ours {
        found.insert(told(&route["RouteKey"]));
        if route["ApiId"] != json!({"Ref": "DropInApi"}) {
            faults.push(format!("{id} is of an API that nobody knows"));
        }
        if told(&route["Target"]) != "integrations/${DropInIntegration}" {
            faults.push(format!("{id} leads elsewhere"));
        }
        let kind = told(&route["AuthorizationType"]);
        let by = told(&route["AuthorizerId"]);
        if kind != "${DropInTakesTokens? JWT : AWS_IAM}"
            || by != "${DropInTakesTokens? ${DropInTokens} : ${AWS::NoValue}}"
        {
            faults.push(format!("{id} lets in whom {kind} {by} lets in"));
        }
    }
    let expected: BTreeSet<String> =
        OPERATIONS.iter().map(|(name, _)| format!("POST ${{DropInPrefix}}/{name}")).collect();
    faults.extend(found.symmetric_difference(&expected).map(|key| format!("{key} is not in both")));

    let (mut allowed, mut elsewhere) = (BTreeSet::new(), Vec::new());
    for (id, permission) in template.of_type("AWS::Lambda::Permission") {
        let function = told(&permission["FunctionName"]);
        if function == "${DropInAlias}" {
            allowed.insert(told(&permission["SourceArn"]));
            if permission["Principal"] != "apigateway.amazonaws.com" {
                elsewhere.push(format!("{id} lets {} invoke the alias", permission["Principal"]));
            }
        } else if function.contains("OnboardingInitiator") {
            elsewhere.push(format!("{id} lets somebody invoke the initiator"));
        }
    }
    faults.extend(elsewhere);
    let expected: BTreeSet<String> =
        OPERATIONS.iter().map(|(name, _)| format!("{API}${{DropInPrefix}}/{name}")).collect();
    faults.extend(allowed.symmetric_difference(&expected).map(|arn| format!("{arn} is not exactly what may invoke")));
    faults
}

#[test]
fn the_drop_in_is_behind_an_authoriser_and_the_alias_is_its_alone() {
    let set = |pointer: &str, value: Value| Template::spoilt(&format!("/Resources/{pointer}"), value);
    let without = |pointer: &str| Template::without(&format!("/Resources/{pointer}"));
    let permission = |function: Value, principal: &str| {
        let properties = json!({"FunctionName": function, "Action": "lambda:InvokeFunction", "Principal": principal});
        json!({"Type": "AWS::Lambda::Permission", "Properties": properties})
    };
    let bare = json!({"Type": "AWS::ApiGatewayV2::Route", "Properties": {
        "ApiId": {"Ref": "DropInApi"}, "RouteKey": "$default", "Target": {"Fn::Sub": "integrations/${DropInIntegration}"}}});
    held(
        faults,
        &[
            (without("DropInChecksRoute/Properties/AuthorizationType"), "DropInChecksRoute lets in whom null"),
            (set("DropInSdkTokenRoute/Properties/AuthorizationType", json!("NONE")), "lets in whom NONE"),
            (without("DropInSdkTokenRoute/Properties/AuthorizerId"), "DropInSdkTokenRoute lets in"),
            (set("Extra", bare), "Extra lets in whom"),
            (without("DropInApplicantsRoute"), "POST ${DropInPrefix}/applicants is not in both"),
            (without("DropInApplicantsRoute/Condition"), "DropInApplicantsRoute: when it is there"),
            (without("DropInChecksInvoke"), "/checks is not exactly what may invoke"),
            (
                set("DropInChecksInvoke/Properties/SourceArn", json!({"Fn::Sub": "arn:x:${DropInApi}/*"})),
                "${DropInApi}/* is not exactly",
            ),
            (set("DropInChecksInvoke/Properties/Principal", json!("*")), "lets \"*\" invoke the alias"),
            (set("Extra", permission(json!({"Ref": "DropInAlias"}), "111122223333")), "Extra lets"),
            (set("Extra", permission(json!({"Ref": "OnboardingInitiator"}), "*")), "Extra lets somebody invoke"),
            (set("DropInAlias/Properties/Name", json!("t-acme")), "the alias is \"t-acme\""),
            (set("DropInIntegration/Properties/IntegrationUri", json!("x")), "where requests go"),
            (set("DropInIntegration/Properties/PayloadFormatVersion", json!("1.0")), "the payload"),
            (set("DropInIntegration/Properties/TimeoutInMillis", json!(20_000)), "the API waits"),
            (without("DropInTokens/Properties/JwtConfiguration/Audience"), "whose tokens"),
            (Template::without("/Rules/TokensAreSomebodys"), "what tokens need"),
            (Template::spoilt("/Parameters/DropInAudience/Default", json!("")), "for whom, where nobody says"),
            (
                Template::spoilt("/Parameters/DropInAudience/Type", json!("CommaDelimitedList")),
                "the form of an audience",
            ),
            (Template::without("/Parameters/DropInAudience/AllowedPattern"), "the words of an audience"),
            (Template::spoilt("/Parameters/DropInAuthorizer/Default", json!("iam")), "the default"),
            (without("DropInStage/Properties/AccessLogSettings"), "the access log"),
            (without("DropInStage/Properties/DefaultRouteSettings"), "the throttle"),
        ],
    );
}
