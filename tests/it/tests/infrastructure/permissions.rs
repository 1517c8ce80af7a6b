//! Who may do what, on what: the whole of it, function by function.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::template::{FUNCTIONS, Template, each, told};
use super::{held, root};

type Permission = (&'static str, &'static str);

const TABLE: &str = "${Table.Arn}";
const KEY: &str = "${MakesKey? ${Key.Arn} : ${KmsKeyArn}}";
/// On behalf of those who hold what is delivered, alone.
const TARGET_KEYS: &str = "${AllowedKeyArns} if HasTargetKeys via any of sqs.*.amazonaws.com events.*.amazonaws.com";
/// A key each, or nothing.
const KEY_PATTERN: &str = "^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?$";
const SECRETS: [&str; 3] = [
    "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${Prefix}/${Stage}/index-??????",
    "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${Prefix}/${Stage}/index/*",
    "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${Prefix}/${Stage}/tenants/*",
];

/// What all of them may: write their own log, read the configuration and what it is sealed with.
const COMMON: [Permission; 3] = [
    ("secretsmanager:GetSecretValue", SECRETS[0]),
    ("secretsmanager:GetSecretValue", SECRETS[1]),
    ("secretsmanager:GetSecretValue", SECRETS[2]),
];

/// Beside that, and beside `kms:Decrypt` for the services that they use.
const OWN: [(&str, &[Permission]); 5] = [
    ("WebhookIngress", &[("sqs:SendMessage", "${Notices.Arn}"), ("sqs:GetQueueAttributes", "${Notices.Arn}")]),
    (
        "EventFetcher",
        &[
            ("dynamodb:BatchGetItem", TABLE),
            ("dynamodb:DeleteItem", TABLE),
            ("dynamodb:GetItem", TABLE),
            ("dynamodb:PutItem", TABLE),
            ("dynamodb:Query", TABLE),
            ("dynamodb:UpdateItem", TABLE),
            ("sqs:SendMessage", "${Notices.Arn}"),
            ("sqs:SendMessage", "${NoticesDlq.Arn}"),
            ("sqs:SendMessage", "${Deliveries.Arn}"),
            ("sqs:ReceiveMessage", "${Notices.Arn}"),
            ("sqs:DeleteMessage", "${Notices.Arn}"),
            ("sqs:GetQueueAttributes", "${Notices.Arn}"),
            ("sqs:ChangeMessageVisibility", "${Notices.Arn}"),
        ],
    ),
    (
        "OnboardingInitiator",
        &[
            ("dynamodb:BatchGetItem", TABLE),
            ("dynamodb:DeleteItem", TABLE),
            ("dynamodb:GetItem", TABLE),
            ("dynamodb:PutItem", TABLE),
            ("dynamodb:Query", TABLE),
            ("dynamodb:UpdateItem", TABLE),
            ("dynamodb:Query", "${Table.Arn}/index/list"),
            ("sqs:SendMessage", "${Notices.Arn}"),
            ("sqs:SendMessage", "${Deliveries.Arn}"),
            ("sqs:GetQueueAttributes", "${Notices.Arn}"),
        ],
    ),
    (
        "ResultDeliverer",
        &[
            ("dynamodb:GetItem", TABLE),
            ("dynamodb:PutItem", TABLE),
            ("dynamodb:UpdateItem", TABLE),
            ("sqs:SendMessage", "${Deliveries.Arn}"),
            ("sqs:SendMessage", "${DeliveriesDlq.Arn}"),
            ("sqs:ReceiveMessage", "${Deliveries.Arn}"),
            ("sqs:DeleteMessage", "${Deliveries.Arn}"),
            ("sqs:GetQueueAttributes", "${Deliveries.Arn}"),
            ("sqs:GetQueueAttributes", "${Notices.Arn}"),
            ("sqs:SendMessage", "${AllowedQueueArns} if HasQueueTargets"),
            ("events:PutEvents", "${AllowedEventBusArns} if HasBusTargets"),
            ("kms:GenerateDataKey", TARGET_KEYS),
            ("kms:Decrypt", TARGET_KEYS),
        ],
    ),
    (
        "Reconciler",
        &[
            ("dynamodb:BatchGetItem", TABLE),
            ("dynamodb:UpdateItem", TABLE),
            ("dynamodb:Query", "${Table.Arn}/index/look_due"),
            ("dynamodb:Query", "${Table.Arn}/index/delivery_due"),
            ("sqs:SendMessage", "${Notices.Arn}"),
            ("sqs:SendMessage", "${Deliveries.Arn}"),
            ("sqs:GetQueueAttributes", "${Notices.Arn}"),
        ],
    ),
];

/// Wildcards, each with the reason why no name is known.
const WILDCARDS: [(&str, &str); 4] = [
    (SECRETS[0], "Secrets Manager adds a dash and six characters to every name"),
    (SECRETS[1], "the parts of an index that outgrew one secret"),
    (SECRETS[2], "tenants come and go without a deployment"),
    (TARGET_KEYS, "a queue of another region is asked there"),
];

fn expected(function: &str) -> BTreeSet<(String, String)> {
    let own = OWN.iter().find(|(name, _)| *name == function).unwrap().1;
    let mut all: BTreeSet<(String, String)> =
        COMMON.iter().chain(own).map(|(action, resource)| ((*action).to_owned(), (*resource).to_owned())).collect();
    for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
        all.insert((action.to_owned(), format!("${{{function}Log.Arn}}")));
    }
    // the ingress never touches the ledger
    let services: &[&str] =
        if function == "WebhookIngress" { &["secretsmanager"] } else { &["dynamodb", "secretsmanager"] };
    let via: Vec<String> = services.iter().map(|service| format!("{service}.${{AWS::Region}}.amazonaws.com")).collect();
    all.insert(("kms:Decrypt".to_owned(), format!("{KEY} via {}", via.join(" "))));
    all
}

/// What a role is given, in the words of the table above. Anything but an allowance on named resources is told as it is.
pub(crate) fn granted(template: &Template, function: &str) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for policy in each(template.at(&format!("/Resources/{function}Role/Properties/Policies"))) {
        for statement in each(&policy["PolicyDocument"]["Statement"]) {
            let (statement, suffix) = match statement["Fn::If"].as_array() {
                Some(parts) if parts[2] == json!({"Ref": "AWS::NoValue"}) => {
                    (&parts[1], format!(" if {}", parts[0].as_str().unwrap()))
                }
                _ => (statement, String::new()),
            };
            let known = ["Sid", "Effect", "Action", "Resource", "Condition"];
            let strange = statement.as_object().unwrap().keys().find(|name| !known.contains(&name.as_str()));
            let via = condition_of(statement);
            let odd = if strange.is_some() || statement["Effect"] != "Allow" { " (not a plain allowance)" } else { "" };
            for action in each(&statement["Action"]) {
                for resource in each(&statement["Resource"]) {
                    all.insert((told(action), format!("{}{suffix}{via}{odd}", told(resource))));
                }
            }
        }
    }
    all
}

/// ` via` the services on whose behalf alone it is allowed, or the condition as it is.
fn condition_of(statement: &Value) -> String {
    let condition = &statement["Condition"];
    if condition.is_null() {
        return String::new();
    }
    for (operator, via) in [("StringEquals", "via"), ("StringLike", "via any of")] {
        let services = &condition[operator]["kms:ViaService"];
        if *condition == json!({operator: {"kms:ViaService": services}}) {
            let services: Vec<String> = each(services).into_iter().map(told).collect();
            return format!(" {via} {}", services.join(" "));
        }
    }
    format!(" with {condition}")
}

fn faults(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (function, _) in FUNCTIONS {
        let (granted, expected) = (granted(template, function), expected(function));
        faults.extend(granted.difference(&expected).map(|(action, on)| format!("{function} may {action} on {on}")));
        faults.extend(expected.difference(&granted).map(|(action, on)| format!("{function} may not {action} on {on}")));
        for (action, on) in &granted {
            let known = WILDCARDS.iter().any(|(pattern, _)| on == pattern);
            if action.contains('*') || on.contains(['*', '?']) && !known && !on.contains("MakesKey?") {
                faults.push(format!("{function}: wildcard in {action} on {on}"));
            }
        }
        let role = template.at(&format!("/Resources/{function}Role/Properties"));
        if !role["ManagedPolicyArns"].is_null() {
            faults.push(format!("{function} has policies of others"));
        }
        if told(&role["PermissionsBoundary"]) != "${HasBoundary? ${PermissionsBoundaryArn} : ${AWS::NoValue}}" {
            faults.push(format!("{function} has no boundary where one is asked for"));
        }
        if role["AssumeRolePolicyDocument"]["Statement"]
            != json!([{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}])
        {
            faults.push(format!("{function}'s role is not Lambda's alone"));
        }
        // SAM makes a wider role of its own where it finds none, and adds to it what it takes for needed
        if told(template.property(function, "Role")) != format!("${{{function}Role.Arn}}") {
            faults.push(format!("{function} does not have its own role"));
        }
        if !template.property(function, "Policies").is_null() || !template.property(function, "Events").is_null() {
            faults.push(format!("{function} leaves permissions to SAM"));
        }
    }
    if template.at("/Parameters/AllowedKeyArns/AllowedPattern") != KEY_PATTERN {
        faults.push("AllowedKeyArns may be a pattern of keys".to_owned());
    }
    let roles: BTreeSet<&String> = template.of_type("AWS::IAM::Role").map(|(id, _)| id).collect();
    let known: BTreeSet<String> =
        FUNCTIONS.iter().map(|(id, _)| format!("{id}Role")).chain(["ReleaseRole".to_owned()]).collect();
    faults
        .extend(roles.iter().filter(|id| !known.contains(**id)).map(|id| format!("{id} is a role that nobody knows")));
    for kind in ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"] {
        faults.extend(template.of_type(kind).map(|(id, _)| format!("{id} gives permissions beside the roles")));
    }
    faults
}

const STATEMENTS: &str = "Properties/Policies/0/PolicyDocument/Statement";

#[test]
fn each_function_may_exactly_what_it_does() {
    let role = |function: &str, rest: &str| format!("/Resources/{function}Role/{STATEMENTS}{rest}");
    let allow = |action: &str, resource: Value| json!({"Effect": "Allow", "Action": action, "Resource": resource});
    let table = json!({"Fn::GetAtt": ["Table", "Arn"]});
    held(
        faults,
        &[
            (
                Template::spoilt(&role("EventFetcher", "/-"), allow("dynamodb:Scan", table.clone())),
                "EventFetcher may dynamodb:Scan on ${Table.Arn}",
            ),
            (
                Template::spoilt(&role("EventFetcher", "/3/Action"), json!(["dynamodb:GetItem", "dynamodb:Query"])),
                "EventFetcher may not dynamodb:DeleteItem on ${Table.Arn}",
            ),
            (
                Template::spoilt(&role("ResultDeliverer", "/9/Fn::If/1/Resource"), json!("*")),
                "wildcard in kms:Decrypt on *",
            ),
            (
                Template::without(&role("ResultDeliverer", "/9/Fn::If/1/Condition")),
                "ResultDeliverer may kms:Decrypt on ${AllowedKeyArns} if HasTargetKeys",
            ),
            (
                Template::spoilt(
                    &role("ResultDeliverer", "/9"),
                    allow("kms:Decrypt", json!({"Ref": "AllowedKeyArns"})),
                ),
                "ResultDeliverer may not kms:GenerateDataKey",
            ),
            (
                Template::spoilt(&role("WebhookIngress", "/-"), allow("dynamodb:GetItem", table)),
                "WebhookIngress may dynamodb",
            ),
            (Template::spoilt(&role("Reconciler", "/-"), allow("sqs:*", json!("*"))), "wildcard in sqs:* on *"),
            (
                Template::spoilt(&role("ResultDeliverer", "/0/Resource"), json!("*")),
                "wildcard in logs:CreateLogStream on *",
            ),
            (
                Template::spoilt(
                    &role("ResultDeliverer", "/1/Resource/2"),
                    json!({"Fn::Sub": "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:*"}),
                ),
                "may not secretsmanager:GetSecretValue",
            ),
            (Template::without(&role("Reconciler", "/2/Condition")), "Reconciler may kms:Decrypt"),
            (Template::spoilt(&role("Reconciler", "/2/Effect"), json!("Deny")), "not a plain allowance"),
            (
                Template::spoilt(
                    "/Resources/EventFetcherRole/Properties/ManagedPolicyArns",
                    json!(["arn:aws:iam::aws:policy/AdministratorAccess"]),
                ),
                "EventFetcher has policies of others",
            ),
            (Template::without("/Parameters/AllowedKeyArns/AllowedPattern"), "may be a pattern of keys"),
            (Template::without("/Resources/EventFetcherRole/Properties/PermissionsBoundary"), "no boundary"),
            (
                Template::spoilt(
                    "/Resources/EventFetcherRole/Properties/AssumeRolePolicyDocument/Statement/0/Principal",
                    json!({"AWS": "*"}),
                ),
                "not Lambda's alone",
            ),
            (Template::without("/Resources/Reconciler/Properties/Role"), "does not have its own role"),
            (
                Template::spoilt("/Resources/Reconciler/Properties/Policies", json!(["AmazonSQSFullAccess"])),
                "leaves permissions to SAM",
            ),
            (
                Template::spoilt("/Resources/Extra", json!({"Type": "AWS::IAM::Role", "Properties": {}})),
                "Extra is a role",
            ),
            (
                Template::spoilt("/Resources/Extra", json!({"Type": "AWS::IAM::Policy", "Properties": {}})),
                "Extra gives permissions",
            ),
        ],
    );
}

/// The half that providers and apps wait for has nothing to do outside three services.
#[test]
fn the_inbound_half_reaches_three_services() {
    fn faults(template: &Template) -> Vec<String> {
        let services = ["dynamodb:", "sqs:", "secretsmanager:", "kms:Decrypt", "logs:"];
        let inbound = ["WebhookIngress", "EventFetcher", "OnboardingInitiator"];
        let granted = inbound
            .into_iter()
            .flat_map(|function| granted(template, function).into_iter().map(move |it| (function, it)));
        let beyond = granted.filter(|(_, (action, _))| !services.iter().any(|service| action.starts_with(service)));
        beyond.map(|(function, (action, on))| format!("{function} may {action} on {on}")).collect()
    }
    let events = json!({"Effect": "Allow", "Action": "events:PutEvents", "Resource": {"Ref": "AllowedEventBusArns"}});
    let spoilt = Template::spoilt(&format!("/Resources/EventFetcherRole/{STATEMENTS}/-"), events);
    held(faults, &[(spoilt, "EventFetcher may events:PutEvents")]);
}

/// Every operation of AWS that the adapters call, and what it has to be allowed as. What is allowed beside them is what
/// Lambda's poller needs.
#[test]
fn what_is_allowed_is_what_the_adapters_call() {
    const OPERATIONS: [(&str, &str); 12] = [
        ("get_item", "dynamodb:GetItem"),
        ("batch_get_item", "dynamodb:BatchGetItem"),
        ("put_item", "dynamodb:PutItem"),
        ("update_item", "dynamodb:UpdateItem"),
        ("delete_item", "dynamodb:DeleteItem"),
        ("query", "dynamodb:Query"),
        ("send_message", "sqs:SendMessage"),
        ("send_message_batch", "sqs:SendMessage"),
        ("change_message_visibility", "sqs:ChangeMessageVisibility"),
        ("get_queue_attributes", "sqs:GetQueueAttributes"),
        ("get_secret_value", "secretsmanager:GetSecretValue"),
        ("put_events", "events:PutEvents"),
    ];
    let mut called = BTreeSet::new();
    let mut folders = vec![root().join("shared/src/adapters")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                called.extend(operations(&std::fs::read_to_string(entry).unwrap()));
            }
        }
    }
    let known: BTreeSet<String> = OPERATIONS.iter().map(|(operation, _)| (*operation).to_owned()).collect();
    assert_eq!(called, known);

    let poller = ["sqs:ReceiveMessage", "sqs:DeleteMessage"];
    let beside = ["logs:CreateLogStream", "logs:PutLogEvents", "kms:Decrypt", "kms:GenerateDataKey"];
    let needed: BTreeSet<&str> = OPERATIONS.iter().map(|(_, action)| *action).chain(poller).chain(beside).collect();
    let all: BTreeSet<(String, String)> = FUNCTIONS.iter().flat_map(|(function, _)| expected(function)).collect();
    assert_eq!(all.iter().map(|(action, _)| action.as_str()).collect::<BTreeSet<_>>(), needed);
}

/// `client.operation()` or `self.0.operation()`, on one line or over two.
fn operations(source: &str) -> BTreeSet<String> {
    let source: String = source.split_whitespace().collect();
    let calls = ["client.", "self.0."].into_iter().flat_map(|client| {
        source.match_indices(client).map(|(at, _)| &source[at + client.len()..]).collect::<Vec<_>>()
    });
    let names = calls.filter_map(|rest| rest.split_once("()").map(|(name, _)| name));
    let is_name = |name: &&str| name.len() < 40 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    names.filter(is_name).filter(|name| name.contains('_') || *name == "query").map(str::to_owned).collect()
}

#[test]
fn every_call_of_a_client_is_seen() {
    assert_eq!(
        operations("self.client.get_item().x(); let y = self.0\n    .put_events() ; self.client\n .query()").len(),
        3
    );
}
