//! What rings: each alarm has its page and each page its alarm; what is counted is what the functions say.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::template::{Template, each, told};
use super::{held, root};

/// What a page says.
const HEADINGS: [&str; 3] = ["## What it means", "## What to look at", "## What to do"];

fn pages() -> BTreeSet<String> {
    let folder = std::fs::read_dir(root().join("docs/runbook")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(".md").map(str::to_owned)).filter(|name| name != "README").collect()
}

fn alarm_faults(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut named = BTreeSet::new();
    for (id, alarm) in template.of_type("AWS::CloudWatch::Alarm") {
        let name = told(&alarm["AlarmName"]);
        let page = name.strip_prefix("${AWS::StackName}-").unwrap_or(&name).to_owned();
        if !told(&alarm["AlarmDescription"]).ends_with(&format!(" See docs/runbook/{page}.md.")) {
            faults.push(format!("{id} does not name its page"));
        }
        for actions in ["AlarmActions", "OKActions"] {
            let target = json!({"Fn::If": ["HasAlarmTarget", [{"Ref": "AlarmTargetArn"}], {"Ref": "AWS::NoValue"}]});
            if alarm[actions] != target {
                faults.push(format!("{id}: {actions} do not reach the target"));
            }
        }
        if !["breaching", "notBreaching"].contains(&told(&alarm["TreatMissingData"]).as_str()) {
            faults.push(format!("{id} does not say what silence means"));
        }
        named.insert(page);
    }
    let pages = pages();
    faults.extend(named.difference(&pages).map(|page| format!("docs/runbook/{page}.md is missing")));
    faults.extend(pages.difference(&named).map(|page| format!("nothing rings for docs/runbook/{page}.md")));
    for page in &pages {
        let text = std::fs::read_to_string(root().join(format!("docs/runbook/{page}.md"))).unwrap();
        let missing = HEADINGS.iter().find(|heading| !text.contains(*heading));
        faults.extend(missing.map(|heading| format!("docs/runbook/{page}.md has no {heading}")));
    }
    faults
}

#[test]
fn every_alarm_has_its_page_and_every_page_its_alarm() {
    let at = |rest: &str| format!("/Resources/NoticesDeadAlarm/{rest}");
    held(
        alarm_faults,
        &[
            (Template::without("/Resources/NoticesDeadAlarm"), "nothing rings for docs/runbook/notices-dead.md"),
            (
                Template::spoilt(&at("Properties/AlarmName"), json!({"Fn::Sub": "${AWS::StackName}-unheard"})),
                "docs/runbook/unheard.md is missing",
            ),
            (Template::spoilt(&at("Properties/AlarmDescription"), json!("Rings.")), "does not name its page"),
            (Template::without(&at("Properties/AlarmActions")), "AlarmActions do not reach"),
            (Template::without(&at("Properties/TreatMissingData")), "what silence means"),
        ],
    );
}

/// The events of a filter's pattern.
fn events(pattern: &str) -> Vec<&str> {
    pattern.split("$.event = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The fields of a filter's pattern beside the event.
fn fields(pattern: &str) -> Vec<&str> {
    let names = pattern.split("$.").skip(1).filter_map(|rest| rest.split([' ', ')']).next());
    names.filter(|name| *name != "event").collect()
}

fn counted_faults(template: &Template) -> Vec<String> {
    // from the sources themselves, as the reference's page of them is made
    static PAGES: LazyLock<Vec<idv_reference::Page>> = LazyLock::new(|| idv_reference::pages(&root()).unwrap());
    let log = &PAGES.iter().find(|page| page.path.ends_with("logs.md")).unwrap().text;
    let rows: Vec<&str> = log.lines().filter(|line| line.starts_with("| `")).collect();
    let mut faults = Vec::new();
    let mut counted = BTreeSet::new();
    for (id, filter) in template.of_type("AWS::Logs::MetricFilter") {
        let pattern = told(&filter["FilterPattern"]);
        if events(&pattern).is_empty() {
            faults.push(format!("{id} counts no event"));
        }
        for event in events(&pattern) {
            let said: Vec<_> = rows.iter().filter(|row| row.starts_with(&format!("| `{event}` |"))).collect();
            if said.is_empty() {
                faults.push(format!("{id}: no function says {event}"));
            } else if !said.iter().any(|row| row.contains("` | warn |") || row.contains("` | error |")) {
                faults.push(format!("{id}: {event} is not told where warnings alone are"));
            }
        }
        for field in fields(&pattern) {
            let told = |row: &&str| {
                events(&pattern).iter().any(|event| row.starts_with(&format!("| `{event}` |")))
                    && row.contains(&format!("`{field}`"))
            };
            if !rows.iter().any(told) {
                faults.push(format!("{id}: no such event has {field}"));
            }
        }
        for metric in each(&filter["MetricTransformations"]) {
            if told(&metric["MetricNamespace"]) != "idv/${AWS::StackName}" {
                faults.push(format!("{id} counts among others' metrics"));
            }
            counted.insert(told(&metric["MetricName"]));
        }
        if !filter["LogGroupName"]["Ref"].as_str().is_some_and(|log| template.resources().contains_key(log)) {
            faults.push(format!("{id} reads no log of ours"));
        }
    }
    if template.at("/Parameters/LogLevel/AllowedValues") != &json!(["warn", "info", "debug", "trace"]) {
        faults.push("warnings may be silenced, and the alarms with them".to_owned());
    }
    let watched: BTreeSet<String> = template
        .of_type("AWS::CloudWatch::Alarm")
        .filter(|(_, alarm)| told(&alarm["Namespace"]) == "idv/${AWS::StackName}")
        .map(|(_, alarm)| told(&alarm["MetricName"]))
        .collect();
    faults.extend(watched.difference(&counted).map(|metric| format!("{metric} is watched and never counted")));
    faults.extend(counted.difference(&watched).map(|metric| format!("{metric} is counted and rings nothing")));
    faults
}

#[test]
fn what_is_counted_is_what_the_functions_say() {
    let pattern =
        |pattern: &str| Template::spoilt("/Resources/DeliveriesParked/Properties/FilterPattern", json!(pattern));
    held(
        counted_faults,
        &[
            (pattern("{ $.event = \"unheard\" }"), "no function says unheard"),
            (pattern("{ ($.event = \"delivered\") && ($.parked IS TRUE) }"), "no such event has parked"),
            (pattern("{ $.event = \"looked\" }"), "is not told where warnings alone are"),
            (pattern("ERROR"), "counts no event"),
            (
                Template::spoilt("/Parameters/LogLevel/AllowedValues", json!(["error", "warn", "info"])),
                "warnings may be silenced",
            ),
            (Template::without("/Resources/DeliveriesParked"), "DeliveriesParked is watched and never counted"),
            (Template::without("/Resources/DeliveriesParkedAlarm"), "DeliveriesParked is counted and rings nothing"),
            (
                Template::spoilt("/Resources/DeliveriesParked/Properties/LogGroupName", json!({"Ref": "Elsewhere"})),
                "reads no log of ours",
            ),
        ],
    );
}

/// Everything that is put aside, given up, or stands still rings.
#[test]
fn nothing_is_dropped_in_silence() {
    fn faults(template: &Template) -> Vec<String> {
        let mut faults = Vec::new();
        let watches = |metric: &str, dimension: Value| {
            template.of_type("AWS::CloudWatch::Alarm").any(|(_, alarm)| {
                alarm["MetricName"] == metric && each(&alarm["Dimensions"]).iter().any(|it| it["Value"] == dimension)
            })
        };
        for queue in ["NoticesDlq", "DeliveriesDlq"] {
            if !watches("ApproximateNumberOfMessagesVisible", json!({"Fn::GetAtt": [queue, "QueueName"]})) {
                faults.push(format!("dead letters in {queue} ring nothing"));
            }
        }
        for queue in ["Notices", "Deliveries"] {
            if !watches("ApproximateAgeOfOldestMessage", json!({"Fn::GetAtt": [queue, "QueueName"]})) {
                faults.push(format!("old messages in {queue} ring nothing"));
            }
        }
        for function in ["WebhookIngress", "EventFetcher", "OnboardingInitiator", "ResultDeliverer", "Reconciler"] {
            if !watches("Errors", json!({"Ref": function})) {
                faults.push(format!("errors of {function} ring nothing"));
            }
        }
        let silent = template.at("/Resources/ReconcilerSilentAlarm/Properties");
        if silent["TreatMissingData"] != "breaching" || silent["ComparisonOperator"] != "LessThanThreshold" {
            faults.push("a clock that stands still rings nothing".to_owned());
        }
        faults
    }
    let without = |id: &str| Template::without(&format!("/Resources/{id}Alarm"));
    held(
        faults,
        &[
            (without("DeliveriesDead"), "dead letters in DeliveriesDlq"),
            (without("NoticesLate"), "old messages in Notices"),
            (without("InitiatorErrors"), "errors of OnboardingInitiator"),
            (without("ReconcilerSilent"), "stands still"),
        ],
    );
}

/// What the dashboard shows is there.
#[test]
fn the_dashboard_is_json_and_shows_what_is_there() {
    let template = Template::read();
    let body = told(template.at("/Resources/Dashboard/Properties/DashboardBody"));
    let dashboard: Value = serde_json::from_str(&body).unwrap();
    assert!(dashboard["widgets"].as_array().unwrap().len() > 8);
    for name in body.split("${").skip(1).filter_map(|rest| rest.split('}').next()) {
        let resource = name.split('.').next().unwrap();
        assert!(name.starts_with("AWS::") || template.resources().contains_key(resource), "{name}");
    }
    let counted: BTreeSet<String> = template
        .of_type("AWS::Logs::MetricFilter")
        .map(|(_, filter)| told(&filter["MetricTransformations"][0]["MetricName"]))
        .collect();
    let own = body.split("\"idv/${AWS::StackName}\", \"").skip(1).filter_map(|rest| rest.split('"').next());
    for metric in own {
        assert!(counted.contains(metric), "{metric}");
    }
}
