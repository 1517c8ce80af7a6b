//! What is kept, how long, and under which key; and what kind of build it is that runs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::held;
use super::template::{FUNCTIONS, Template, told};

/// Would be lost with the stack.
const RETAINED: [&str; 6] = ["Key", "Table", "Notices", "NoticesDlq", "Deliveries", "DeliveriesDlq"];

fn faults(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut wrong = |what: String, found: &Value, expected: Value| {
        if *found != expected {
            faults.push(format!("{what} is {found}, not {expected}"));
        }
    };
    for id in RETAINED {
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            wrong(format!("{id}: {policy}"), template.at(&format!("/Resources/{id}/{policy}")), json!("Retain"));
        }
        // a retained thing with a fixed name would stand in the way of the next stack
        for name in ["TableName", "QueueName"] {
            wrong(format!("{id}: {name}"), template.at(&format!("/Resources/{id}/Properties/{name}")), Value::Null);
        }
    }
    let table = template.at("/Resources/Table/Properties");
    wrong("billing".to_owned(), &table["BillingMode"], json!("PAY_PER_REQUEST"));
    wrong("deletion protection".to_owned(), &table["DeletionProtectionEnabled"], json!(true));
    wrong("TTL".to_owned(), &table["TimeToLiveSpecification"], json!({"AttributeName": "expires", "Enabled": true}));
    wrong(
        "recovery".to_owned(),
        &table["PointInTimeRecoverySpecification"],
        json!({"PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": {"Ref": "RecoveryDays"}}),
    );
    let key = json!({"Fn::If": ["MakesKey", {"Fn::GetAtt": ["Key", "Arn"]}, {"Ref": "KmsKeyArn"}]});
    wrong(
        "the table's key".to_owned(),
        &table["SSESpecification"],
        json!({"SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": key}),
    );
    wrong("rotation".to_owned(), template.at("/Resources/Key/Properties/EnableKeyRotation"), json!(true));
    for (id, queue) in template.of_type("AWS::SQS::Queue") {
        wrong(format!("{id}: encryption"), &queue["SqsManagedSseEnabled"], json!(true));
    }
    for (id, group) in template.of_type("AWS::Logs::LogGroup") {
        let days = if id == "AccessLog" { "AccessLogRetentionDays" } else { "LogRetentionDays" };
        wrong(format!("{id}: retention"), &group["RetentionInDays"], json!({"Ref": days}));
    }
    for (id, name) in FUNCTIONS {
        let own = |name: &str| template.property(id, name);
        wrong(format!("{id}: runtime"), own("Runtime"), json!("provided.al2023"));
        wrong(format!("{id}: architecture"), own("Architectures"), json!([{"Ref": "Arch"}]));
        wrong(format!("{id}: log"), own("LoggingConfig"), json!({"LogGroup": {"Ref": format!("{id}Log")}}));
        wrong(format!("{id}: name"), &json!(told(own("FunctionName"))), json!(format!("${{AWS::StackName}}-{name}")));
        wrong(
            format!("{id}: build"),
            template.at(&format!("/Resources/{id}/Metadata")),
            json!({"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": name}}),
        );
    }
    wrong("the architecture".to_owned(), template.at("/Parameters/Arch/Default"), json!("arm64"));
    let release = template.at("/Resources/WebhookIngress/Properties");
    wrong("the ingress's alias".to_owned(), &release["AutoPublishAlias"], json!("live"));
    wrong("what makes a release".to_owned(), &release["AutoPublishAliasAllProperties"], json!(true));
    wrong(
        "what takes a release back".to_owned(),
        &release["DeploymentPreference"]["Alarms"],
        json!([{"Ref": "IngressErrorsAlarm"}, {"Ref": "IngressUnavailableAlarm"}]),
    );
    wrong(
        "who decides on the canary".to_owned(),
        &release["DeploymentPreference"]["Enabled"],
        json!({"Ref": "Canary"}),
    );
    faults
}

#[test]
fn what_would_be_lost_is_kept() {
    let set = |pointer: &str, value: Value| Template::spoilt(&format!("/Resources/{pointer}"), value);
    let without = |pointer: &str| Template::without(&format!("/Resources/{pointer}"));
    let mut spoilt: Vec<(Template, &str)> = vec![
        (set("Table/Properties/DeletionProtectionEnabled", json!(false)), "deletion protection"),
        (without("Table/Properties/PointInTimeRecoverySpecification"), "recovery"),
        (without("Table/Properties/SSESpecification"), "the table's key"),
        (without("Table/Properties/TimeToLiveSpecification"), "TTL"),
        (set("Table/Properties/TableName", json!("ledger")), "TableName"),
        (set("Deliveries/Properties/SqsManagedSseEnabled", json!(false)), "Deliveries: encryption"),
        (without("AccessLog/Properties/RetentionInDays"), "AccessLog: retention"),
        (without("ReconcilerLog/Properties/RetentionInDays"), "ReconcilerLog: retention"),
        (without("Reconciler/Properties/LoggingConfig"), "Reconciler: log"),
        (set("Reconciler/Metadata/BuildMethod", json!("makefile")), "Reconciler: build"),
        (without("WebhookIngress/Properties/DeploymentPreference"), "takes a release back"),
        (without("WebhookIngress/Properties/AutoPublishAliasAllProperties"), "what makes a release"),
        (without("Key/Properties/EnableKeyRotation"), "rotation"),
    ];
    spoilt.extend(RETAINED.map(|id| (without(&format!("{id}/DeletionPolicy")), "DeletionPolicy is null")));
    spoilt.extend(
        RETAINED.map(|id| (set(&format!("{id}/UpdateReplacePolicy"), json!("Delete")), "UpdateReplacePolicy is")),
    );
    held(faults, &spoilt);
}

/// The indexes that the ledger's adapter asks, keys alone, and no other.
#[test]
fn the_table_has_the_keys_of_the_ledger() {
    fn faults(template: &Template) -> Vec<String> {
        let table = template.at("/Resources/Table/Properties");
        let keys = |of: &Value| {
            let key = |kind: &str| {
                of["KeySchema"]
                    .as_array()
                    .and_then(|all| all.iter().find(|key| key["KeyType"] == kind))
                    .map(|key| told(&key["AttributeName"]))
            };
            [key("HASH").unwrap_or_default(), key("RANGE").unwrap_or_default()].join(" ")
        };
        let mut found = BTreeSet::from([format!("table: {}", keys(table))]);
        for index in table["GlobalSecondaryIndexes"].as_array().unwrap() {
            found.insert(format!(
                "{}: {} {}",
                told(&index["IndexName"]),
                keys(index),
                told(&index["Projection"]["ProjectionType"])
            ));
        }
        let expected = [
            "table: pk sk",
            "list: list_pk list_sk KEYS_ONLY",
            "look_due: look_shard look_due KEYS_ONLY",
            "delivery_due: delivery_shard delivery_due KEYS_ONLY",
        ];
        let expected: BTreeSet<String> = expected.map(str::to_owned).into();
        found.symmetric_difference(&expected).cloned().collect()
    }
    let index = "/Resources/Table/Properties/GlobalSecondaryIndexes/1";
    held(
        faults,
        &[
            (
                Template::spoilt(&format!("{index}/Projection/ProjectionType"), json!("ALL")),
                "look_due: look_shard look_due ALL",
            ),
            (Template::spoilt(&format!("{index}/IndexName"), json!("due")), "due: look_shard"),
        ],
    );
}

/// Nothing secret is a parameter, and each has a default, so that a stack can be made with none.
#[test]
fn no_parameter_is_a_secret() {
    fn faults(template: &Template) -> Vec<String> {
        let words = ["secret", "password", "token", "credential", "apikey", "clientid"];
        let mut faults = Vec::new();
        for (name, parameter) in template.at("/Parameters").as_object().unwrap() {
            let named = words.iter().any(|word| name.to_lowercase().contains(word));
            if named || parameter["NoEcho"] == true {
                faults.push(format!("{name} is a secret"));
            }
            if parameter["Default"].is_null() || parameter["Description"].is_null() {
                faults.push(format!("{name} is not explained or has to be given"));
            }
            let used = format!("\"{name}\"");
            let text = [
                template.at("/Resources"),
                template.at("/Conditions"),
                template.at("/Globals"),
                template.at("/Outputs"),
            ]
            .map(Value::to_string)
            .concat();
            if !text.contains(&used) && !text.contains(&format!("${{{name}}}")) {
                faults.push(format!("{name} is not used"));
            }
        }
        faults
    }
    let of = |name: &str| {
        Template::spoilt(&format!("/Parameters/{name}"), json!({"Type": "String", "Default": "", "Description": ""}))
    };
    held(
        faults,
        &[
            (of("ClientSecret"), "ClientSecret is a secret"),
            (of("Unheard"), "Unheard is not used"),
            (Template::without("/Parameters/Stage/Default"), "Stage is not explained"),
        ],
    );
}
