//! Which events `idv connection register` asks for: those that the real call sends to an Onfido that answers by script.

use std::collections::BTreeSet;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use idv_gateway::adapters::world;
use idv_gateway::config::{Rules, read_file};
use idv_gateway::domain::schedule::Pace;
use idv_gateway::domain::{ConnectionName, Tenant};
use idv_gateway::memory::http::{ScriptedHttp, json as answer};
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::memory::way::MemoryWay;
use idv_gateway::ports::Reach;
use idv_gateway::secret::Secret;
use serde_json::{Value, json};
use url::Url;

use super::CONNECTION;
use crate::cases::{TENANT, wrong};
use crate::{EXAMPLE_CONFIGURATION, ReferenceError};

/// The version that has Studio's events without a workflow, and one that has not.
const WITH_STUDIO: &str = "v3.6";
const WITHOUT: &str = "v3.5";

/// The sentence. `looked_at`: each event that is, and at which kind of resource.
pub(super) fn sentence(looked_at: &[(String, String)]) -> Result<String, ReferenceError> {
    let of_runs = |kind: &str| kind == "workflow_run";
    let all: BTreeSet<&str> = looked_at.iter().map(|(event, _)| event.as_str()).collect();
    let classic = looked_at.iter().filter(|(_, kind)| !of_runs(kind)).map(|(event, _)| event.as_str());
    let said = [(WITH_STUDIO, false, all.clone()), (WITHOUT, true, all), (WITHOUT, false, classic.collect())];
    for (version, workflow, expected) in said {
        let asked = asked_for(version, workflow)?;
        if !asked.iter().map(String::as_str).eq(expected) {
            return Err(wrong(format!("register asks for {asked:?}")));
        }
    }
    Ok(format!(
        "`idv connection register` asks for each that is looked at; for those of a `workflow_run` with `api_version` \
         {WITH_STUDIO} or a `workflow_id` alone."
    ))
}

fn asked_for(version: &str, workflow: bool) -> Result<BTreeSet<String>, ReferenceError> {
    let mut file: Value = serde_json::from_str(EXAMPLE_CONFIGURATION).map_err(|error| wrong(error.to_string()))?;
    let place = format!("/tenants/{TENANT}/connections/{CONNECTION}/settings");
    let settings = file.pointer_mut(&place).and_then(Value::as_object_mut);
    let settings = settings.ok_or_else(|| wrong(format!("no {place}")))?;
    settings.insert("api_version".to_owned(), json!(version));
    settings.remove("workflow_id");
    if workflow {
        settings.insert("workflow_id".to_owned(), json!("5e8d7f60-2b3c-4d5e-9f60-71829a3b4001"));
    }
    let all = read_file(&file.to_string(), Rules::default());
    let all = all.map_err(|faults| wrong(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
    let found = all.tenants.get(&Tenant::parse(TENANT)?);
    let connection = found.and_then(|(tenant, _)| tenant.connections.get(&ConnectionName::parse(CONNECTION).ok()?));
    let connection = connection.ok_or_else(|| wrong(format!("no {CONNECTION}")))?;

    let made = json!({"id": "0c0ffee0-1111-4222-8333-444455556666", "token": "example", "access_token": "example"});
    let http = ScriptedHttp::new(move |_| Ok(answer(201, &made)));
    let (world, login) = (world::system(Pace::REAL), MemoryLogin::default());
    let public_url = Url::parse("https://idv.example.com").map_err(|error| wrong(error.to_string()))?;
    let way = MemoryWay::new(public_url.clone());
    let reach = Reach {
        http: &http,
        world: &world,
        connection: &connection.key,
        public_url: &public_url,
        digest: &|_| String::new(),
        login: &login,
        grant: &login,
        way: &way,
    };
    let url = Secret::from(public_url.to_string());
    let registering = pin!(connection.account.register(reach, &url, false));
    // the script answers at once
    let Poll::Ready(Ok(_)) = registering.poll(&mut Context::from_waker(Waker::noop())) else {
        return Err(wrong("no webhook is registered"));
    };
    let calls = http.calls();
    let call = calls.iter().find(|call| call.url.path().ends_with("/webhooks")).map(|call| call.json());
    let events = call.as_ref().and_then(|body| body.get("events")?.as_array());
    let events = events.ok_or_else(|| wrong("a webhook without events"))?;
    Ok(events.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}
