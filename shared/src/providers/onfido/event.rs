//! A webhook, reduced to what is to be looked at (OpenAPI description, and the official libraries' test data where it
//! disagrees: no real body has the `resource_id` and `event` that the description requires).
//!
//! | event | looked at | claim |
//! | --- | --- | --- |
//! | `check.completed`, `.withdrawn` | the check | it has ended |
//! | `check.started` | 〃 | it exists |
//! | `check.form_completed`, `.reopened` | 〃 | nothing |
//! | `report.completed`, `.cancelled`, `.withdrawn` | the report | it has ended; so, soon, has its check |
//! | `report.awaiting_approval`, `.resumed` | 〃 | nothing |
//! | `workflow_run.completed` | the run | it has ended |
//! | `workflow_task.started`, `.completed` | the task's run: a task's id names nothing outside it | nothing |
//! | files, monitors, the audit log | – | silent, a reason each |
//! | any other | – | silent: `unknown_event` |
//!
//! Only the action and an id are read. There is no id of the event, a time may be missing, `href` may name another host,
//! and `resource` repeats what was read off the document. Whose a check is, is found by reading it: a signature proves
//! the account and not the client.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::actions::{Meaning, meaning};
use super::id::{Kind, uuid};
use crate::domain::{Claim, ClaimClass, ProviderId};
use crate::ports::{Event, Unreadable};
use crate::proof::{Body, Verified};
use crate::providers::answer::Object;

#[derive(Deserialize)]
struct Envelope {
    payload: Object<Payload>,
}

/// Every documented member is named, so that one that stands there twice is refused.
#[derive(Deserialize)]
struct Payload {
    action: String,
    #[serde(rename = "resource_type", default)]
    _resource_type: Option<IgnoredAny>,
    #[serde(default)]
    object: Option<Value>,
    #[serde(default)]
    resource: Option<Value>,
}

pub(super) fn reduce(body: Verified<Body<'_>>) -> Result<Event, Unreadable> {
    let raw = std::str::from_utf8(body.bytes()).map_err(|_| Unreadable::NotAnEvent("no text"))?;
    let Object(Envelope { payload: Object(payload) }): Object<Envelope> =
        serde_json::from_str(raw).map_err(|_| Unreadable::NotAnEvent("no envelope"))?;
    if !body.vouches_for(&payload.action) {
        return Err(Unreadable::NotVouched);
    }
    let Some((name, meaning)) = meaning(&payload.action) else {
        return Ok(Event::Silent { reason: "unknown_event" });
    };
    let subject = match meaning {
        Meaning::Silent(reason) => return Ok(Event::Silent { reason }),
        Meaning::About(kind, class) => payload.id_of_object("id").map(|id| (kind, class, id)),
        Meaning::OfRun => payload.run_of_task().map(|id| (Kind::WorkflowRun, ClaimClass::Nothing, id)),
    };
    let Some((kind, class, id)) = subject else {
        return Ok(Event::Silent { reason: "no_subject" });
    };
    let subject = kind.resource(id);
    let claims = class != ClaimClass::Nothing;
    let claim = if claims { Claim { class, part: Some(subject.clone()), at: None } } else { Claim::nothing() };
    Ok(Event::Look { subject, claim, kind: name.to_owned() })
}

impl Payload {
    fn id_of_object(&self, member: &str) -> Option<ProviderId> {
        named(self.object.as_ref(), member)
    }

    fn run_of_task(&self) -> Option<ProviderId> {
        self.id_of_object("workflow_run_id").or_else(|| named(self.resource.as_ref(), "workflow_run_id"))
    }
}

fn named(of: Option<&Value>, member: &str) -> Option<ProviderId> {
    of?.get(member)?.as_str().and_then(uuid)
}
