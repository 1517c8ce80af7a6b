//! The body of an event (§3.3), written as Onfido writes it.

use serde::Serialize;
use serde_json::Value;

use super::{
    records::{Kind, text},
    world::{Owner, World},
};

/// The payload, written member for member in Onfido's order: not the order in which a JSON library would.
#[derive(Clone, Serialize)]
pub(super) struct Content {
    pub(super) resource_type: String,
    pub(super) action: String,
    pub(super) object: Object,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) new_top_level_field: Option<&'static str>,
}

#[derive(Clone, Default, Serialize)]
pub(super) struct Object {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) task_spec_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) task_def_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) workflow_run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) started_at_iso8601: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) completed_at_iso8601: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) href: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    payload: &'a Content,
}

impl Content {
    pub(super) fn bytes(&self, pretty: bool) -> Vec<u8> {
        let body = Body { payload: self };
        // cannot fail: every key is a text
        if pretty {
            let mut bytes = serde_json::to_vec_pretty(&body).unwrap_or_default();
            bytes.push(b'\n');
            return bytes;
        }
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

impl World {
    pub(super) fn object(&self, kind: Kind, owner: &Owner, shown: &Value, action: &str) -> Object {
        let member = |name: &str| Some(text(shown, name).to_owned());
        let now = Some(Self::now());
        let region = self.region_of(&owner.account).name();
        let classic = &self.settings.href_origin;
        match kind {
            Kind::Task => {
                let (run, task) = (text(shown, "workflow_run_id"), text(shown, "id"));
                let started = action.ends_with(".started");
                Object {
                    id: member("id"),
                    task_spec_id: member("id"),
                    task_def_id: member("task_def_id"),
                    workflow_run_id: member("workflow_run_id"),
                    status: Some(if started { "started" } else { "completed" }.to_owned()),
                    started_at_iso8601: now.clone().filter(|_| started),
                    completed_at_iso8601: now.filter(|_| !started),
                    href: Some(format!("https://api.{region}.onfido.com/v3.6/workflow_runs/{run}/tasks/{task}")),
                }
            }
            Kind::Run => {
                let href = format!("https://api.{region}.onfido.com/v3.6/workflow_runs/{}", text(shown, "id"));
                let (id, status) = (member("id"), member("status"));
                Object { id, status, completed_at_iso8601: now, href: Some(href), ..Object::default() }
            }
            Kind::Applicant | Kind::Document | Kind::LivePhoto | Kind::Check | Kind::Report => {
                let href = format!("{classic}/v3.6{}", text(shown, "href"));
                let (id, status) = (member("id"), member("status"));
                Object { id, status, completed_at_iso8601: now, href: Some(href), ..Object::default() }
            }
        }
    }
}

impl Object {
    pub(super) fn lose(&mut self, member: &str) {
        match member {
            "id" => self.id = None,
            "status" => self.status = None,
            "started_at_iso8601" => self.started_at_iso8601 = None,
            "completed_at_iso8601" => self.completed_at_iso8601 = None,
            "href" => self.href = None,
            "workflow_run_id" => self.workflow_run_id = None,
            _ => {}
        }
    }
}

/// A body as Onfido would write it, for what it never sent.
pub(super) fn forged(action: &str, id: &str, status: &str) -> Vec<u8> {
    let family = action.split('.').next().unwrap_or_default().to_owned();
    let now = Some(World::now());
    let object = Object {
        id: Some(id.to_owned()),
        status: Some(status.to_owned()),
        completed_at_iso8601: now,
        ..Object::default()
    };
    let content =
        Content { resource_type: family, action: action.to_owned(), object, resource: None, new_top_level_field: None };
    content.bytes(false)
}
