//! What a client's own FintechOS instance accepted, compared with Onfido's records and the ledger.

use std::collections::BTreeSet;

use idv_simulators::fintechos::{Accepted, Endpoint, Received};
use serde_json::{Value, json};

use crate::demo::clients::Client;
use crate::demo::stage::Stage;
use crate::demo::stories::{Told, clients, onfido};

use super::{Outcome, expect, kind_of, version_of};

/// What the instance was handed of one onboarding: calls with an event of it, and events that it accepted. Each finished
/// report once, in the ledger's order.
pub(super) fn accepted(
    told: &Told<'_>,
    client: &Client,
    timeline: &[Value],
    faults: &mut Vec<String>,
) -> (usize, usize) {
    let own = onfido::finished_reports(told.stage, &told.run);
    let rows: Vec<Accepted> = client.instance.accepted().into_iter().filter(|row| own.contains(&row.object)).collect();
    let objects: Vec<&str> = rows.iter().map(|row| row.object.as_str()).collect();
    let recorded: Vec<&str> = reports(timeline).filter_map(|(_, report)| report).collect();
    expect(faults, objects == recorded, || format!("the ledger has {recorded:?}, accepted in this order {objects:?}"));
    expect(faults, objects.len() == own.len(), || format!("{} reports, {} events", own.len(), objects.len()));
    let as_told = |row: &Accepted| row.action == "report.completed" && row.status == "complete" && !row.repeat;
    expect(faults, rows.iter().all(as_told), || "an event is not the provider's own, or came twice".to_owned());
    let calls = client.instance.received();
    (calls.iter().filter(|call| object_of(call).is_some_and(|object| own.contains(object))).count(), rows.len())
}

/// The last change that an instance wants.
pub(super) fn last_wanted(timeline: &[Value]) -> Option<u64> {
    reports(timeline).map(|(version, _)| version).last()
}

/// The decided reports of a timeline, each with its version.
fn reports(timeline: &[Value]) -> impl Iterator<Item = (u64, Option<&str>)> {
    let at = |change: &Value, pointer: &str| change.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let decided = move |change: &&Value| {
        let standing = at(change, "/part/standing").unwrap_or_default();
        kind_of(change) == "part"
            && at(change, "/part/resource/kind").as_deref() == Some("report")
            && ["approved", "rejected"].contains(&standing.as_str())
    };
    let report = |change| Value::pointer(change, "/part/resource/id").and_then(Value::as_str);
    timeline.iter().filter(decided).map(move |change| (version_of(change), report(change)))
}

/// The provider's object that a call was about.
fn object_of(call: &Received) -> Option<&str> {
    if !matches!(call.endpoint, Endpoint::CallAction | Endpoint::EndpointAction) {
        return None;
    }
    let data = call.data.as_ref()?;
    let event = data.pointer("/payload").or_else(|| data.pointer("/event/payload"))?;
    event.pointer("/object/id").and_then(Value::as_str)
}

/// Judges a client as a whole: its instance has exactly what is its own, although the account's other client is heard at
/// its address, too.
pub(crate) async fn judge_client(stage: &Stage, client: &Client, name: &'static str) -> Outcome {
    let mut faults = Vec::new();
    let mut expect = |held: bool, fault: String| {
        if !held {
            faults.push(fault);
        }
    };
    let quiet = stage.onfido.quiet(stage.patience).await.is_ok() && stage.stack.quiet(stage.patience).await;
    expect(quiet, "something still moves".to_owned());
    let applicants = clients::applicants(stage, client.tenant);
    let own: BTreeSet<String> =
        applicants.iter().flat_map(|applicant| onfido::finished_reports(stage, applicant)).collect();
    let accepted: Vec<String> = client.instance.accepted().into_iter().map(|row| row.object).collect();
    let others = accepted.iter().filter(|object| !own.contains(*object)).count();
    expect(others == 0, format!("{others} events of somebody else"));
    expect(accepted.len() == own.len(), format!("{} finished reports, {} events", own.len(), accepted.len()));

    let sent: Vec<_> =
        stage.onfido.webhooks_sent().into_iter().filter(|it| it.url.ends_with(&client.alias())).collect();
    let refused = sent.iter().filter(|it| !it.accepted()).count();
    expect(refused == 0, format!("{refused} webhooks were not answered 2xx"));
    let foreign = sent.iter().filter(|it| !own.contains(&it.object)).count();
    expect(foreign > 0, "the other client was not heard here".to_owned());

    let listed = stage.invoke(&json!({ "action": "list", "tenant": client.tenant, "limit": 100 })).await;
    let listed = listed.as_ref().ok().and_then(|page| page.pointer("/onboardings")).and_then(Value::as_array);
    let listed = listed.map(Vec::len);
    expect(listed == Some(applicants.len()), format!("{} onboardings began, listed are {listed:?}", applicants.len()));
    Outcome {
        story: name,
        onboarding: format!("{} onboardings", applicants.len()),
        provider: format!("{} reports, {foreign} of others", own.len()),
        changes: Vec::new(),
        received: sent.len(),
        verified: accepted.len(),
        seconds: 0.0,
        faults,
    }
}
