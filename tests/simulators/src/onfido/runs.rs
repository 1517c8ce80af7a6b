//! Workflow runs and their tasks by call (§2.2, §4).

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    act::{Act, Decision},
    api::jwt,
    call::{Call, Reply, Route},
    records::{Endpoint, Kind, text, texts},
    settings::Workflow,
    valid,
    words::{AWAITING_CLIENT, AWAITING_INPUT, CLIENT_TASK, INTERACTIVE, PROCESSING, REPORTING},
    world::{Owner, Thing, World},
};
use crate::{chance, clock, history::View};

/// Of a run's SDK token: five weeks (§2.2).
const SDK_TOKEN_LIFE: Duration = Duration::from_hours(5 * 7 * 24);
/// Of captured media, in inputs and outputs of tasks.
pub(super) const CHECKSUM: &str = "ZmFrZS1jaGVja3N1bS1mb3ItZml4dHVyZXMtb25seQ==";

impl World {
    pub(super) fn runs(&mut self, call: &Call, route: &Route<'_>, owner: &Owner, view: View) -> Result<Reply, Reply> {
        if route.minor < 6 && !self.settings.studio_before_v36 {
            return Err(Reply::absent());
        }
        if route.endpoint == Endpoint::CreateRun {
            self.create_run(call, owner)
        } else if route.endpoint == Endpoint::ListRuns {
            self.list_runs(call, owner, view)
        } else {
            self.get(owner, Kind::Run, route.id, view)
        }
    }

    fn create_run(&mut self, call: &Call, owner: &Owner) -> Result<Reply, Reply> {
        let body = call.json()?;
        valid::run(&body)?;
        let applicant = self.named(owner, &body)?;
        let workflow = self.settings.workflows.iter().find(|it| it.id == text(&body, "workflow_id")).cloned();
        let workflow = workflow.ok_or_else(|| Reply::wrong("workflow_id", "is invalid"))?;
        let data = body.get("custom_data").unwrap_or(&Value::Null);
        if workflow.inputs.iter().any(|input| data.get(input).is_none()) {
            return Err(Reply::wrong("custom_data", "does not have what the workflow wants"));
        }
        let id = self.make_run(owner, &applicant, &workflow, &body);
        let created = self.things.get(&id).map(|run| run.shown.clone()).unwrap_or_default();
        Ok(Reply::created(created))
    }

    pub(super) fn make_run(&mut self, owner: &Owner, applicant: &str, workflow: &Workflow, body: &Value) -> String {
        let (id, now) = (chance::uuid(), Self::now());
        let asked = body.get("link").unwrap_or(&Value::Null);
        let expires_at = asked.get("expires_at").cloned().filter(|it| !it.is_null());
        let usual = || self.settings.link_life.map(|life| json!(clock::stamp_seconds(after(life))));
        let shown = json!({
            "id": id, "applicant_id": applicant, "workflow_id": workflow.id, "workflow_version_id": workflow.version,
            "customer_user_id": body.get("customer_user_id"),
            "status": if workflow.interactive { AWAITING_INPUT } else { PROCESSING },
            "dashboard_url": format!("https://dashboard.onfido.com/results/{id}"), "output": null, "reasons": [],
            "error": null, "sdk_token": jwt(&json!({"run": id}), SDK_TOKEN_LIFE), "tags": texts(body.get("tags")),
            "link": {
                "url": format!("{}/l/{id}", self.pages),
                "completed_redirect_url": asked.get("completed_redirect_url"),
                "expired_redirect_url": asked.get("expired_redirect_url"),
                "expires_at": expires_at.or_else(usual), "language": asked.get("language"),
            },
            "created_at": now, "updated_at": now,
        });
        self.keep(Thing {
            key: id.clone(),
            kind: Kind::Run,
            owner: owner.clone(),
            applicant: applicant.to_owned(),
            parent: None,
            ended: false,
            hidden: Value::Null,
            shown,
        });
        let start = self.start_task(&id, "start", "start".to_owned());
        self.complete_task(&start, Value::Null);
        if let Some((definition, name)) = INTERACTIVE.first().filter(|_| workflow.interactive) {
            let task = self.start_task(&id, definition, Self::task_id(name));
            self.emit("workflow_task.started", &task);
        } else {
            // cannot fail: a run that is processing may be decided
            let _done = self.act(&id, Act::decide(Decision::Approved));
        }
        id
    }

    /// Gives the task's key.
    pub(super) fn start_task(&mut self, run: &str, definition: &str, id: String) -> String {
        let key = Self::task_key(run, &id);
        let now = Self::now();
        let shown = json!({
            "id": id, "workflow_run_id": run, "task_def_id": definition, "task_def_version": null,
            "input": self.input_of(run, definition), "output": null, "created_at": now, "updated_at": now,
        });
        if let Some(of) = self.things.get(run).cloned() {
            let parent = Some(run.to_owned());
            self.keep(Thing { key: key.clone(), kind: Kind::Task, parent, ended: false, shown, ..of });
        }
        key
    }

    /// A report task is given what was captured, with the person's name (§4.2); the others nothing.
    fn input_of(&self, run: &str, definition: &str) -> Value {
        let applicant = self.things.get(run).and_then(|run| self.things.get(&run.applicant));
        let Some(applicant) = applicant.filter(|_| definition == REPORTING.0) else {
            return json!({});
        };
        let row = |id| json!({"id": id, "type": "document_photo", "checksum_sha256": CHECKSUM});
        let documents: Vec<Value> = self.belonging(Kind::Document, &applicant.key).into_iter().map(row).collect();
        let name = |member: &str| applicant.shown.get(member).cloned();
        json!({"document_ids": documents, "first_name": name("first_name"), "last_name": name("last_name")})
    }

    pub(super) fn complete_task(&mut self, key: &str, output: Value) {
        self.alter(key, [("output", output)]);
        self.end(key, true);
    }

    /// By status, tags, applicant and day; a bare array, by time of completion (§4).
    fn list_runs(&self, call: &Call, owner: &Owner, view: View) -> Result<Reply, Reply> {
        let day = |name: &str| match call.query(name) {
            Some(text) if !valid::is_date(&text) => Err(Reply::wrong(name, "is invalid")),
            given => Ok(given),
        };
        let (after_day, before_day) = (day("created_at_gt")?, day("created_at_lt")?);
        let listed = |name: &str| call.query(name).map(|it| it.split(',').map(str::to_owned).collect::<Vec<_>>());
        let (statuses, tags, applicant) = (listed("status"), listed("tags"), call.query("applicant_id"));
        let page: usize = match call.query("page") {
            Some(text) => text.parse().ok().filter(|it| *it > 0).ok_or_else(|| Reply::wrong("page", "is invalid"))?,
            None => 1,
        };
        let mut keys = self.of_kind(Kind::Run);
        keys.retain(|key| self.own(owner, Kind::Run, key).is_ok());
        let mut rows = self.rows(&keys, view);
        rows.retain(|row| {
            let created_day = text(row, "created_at").get(..10).unwrap_or_default();
            statuses.as_ref().is_none_or(|it| it.iter().any(|status| status == text(row, "status")))
                && tags.as_ref().is_none_or(|it| it.iter().all(|tag| texts(row.get("tags")).contains(tag)))
                && applicant.as_ref().is_none_or(|it| it == text(row, "applicant_id"))
                && after_day.as_ref().is_none_or(|it| created_day > it.as_str())
                && before_day.as_ref().is_none_or(|it| created_day < it.as_str())
        });
        rows.sort_by(|one, other| text(one, "updated_at").cmp(text(other, "updated_at")));
        match call.query("sort").as_deref() {
            None | Some("desc") => rows.reverse(),
            Some("asc") => {}
            Some(_) => return Err(Reply::wrong("sort", "is invalid")),
        }
        let size = self.settings.page_size;
        let rows: Vec<Value> = rows.into_iter().skip(page.saturating_sub(1).saturating_mul(size)).take(size).collect();
        Ok(Reply::ok(json!(rows)))
    }

    pub(super) fn tasks(&mut self, call: &Call, route: &Route<'_>, owner: &Owner, view: View) -> Result<Reply, Reply> {
        self.own(owner, Kind::Run, route.id)?;
        let key = Self::task_key(route.id, route.task);
        if route.endpoint == Endpoint::GetTask {
            return self.get(owner, Kind::Task, &key, view);
        }
        if route.endpoint == Endpoint::CompleteTask {
            return self.complete_by_client(call, route.id, &key);
        }
        let mut rows = self.rows(&self.belonging(Kind::Task, route.id), view);
        for members in rows.iter_mut().filter_map(Value::as_object_mut) {
            members.remove("input");
            members.remove("output");
        }
        Ok(Reply::ok(json!(rows)))
    }

    /// The client's backend gives what a task waits for; the answer is not known: nothing (an assumption).
    fn complete_by_client(&mut self, call: &Call, run: &str, key: &str) -> Result<Reply, Reply> {
        let body = call.json()?;
        let data = body.get("data").filter(|it| it.is_object() || it.is_array());
        let data = data.cloned().ok_or_else(|| Reply::wrong("data", "can't be blank"))?;
        let task = self.things.get(key).filter(|task| text(&task.shown, "task_def_id") == CLIENT_TASK.0);
        task.filter(|task| !task.ended).ok_or_else(|| Reply::wrong("task", "does not wait for the client"))?;
        self.complete_task(key, data);
        self.emit("workflow_task.completed", key);
        if self.things.get(run).is_some_and(|run| text(&run.shown, "status") == AWAITING_CLIENT) {
            self.alter(run, [("status", json!(PROCESSING))]);
        }
        Ok(Reply::no_content())
    }

    /// The link of a run cannot be used any more.
    pub(super) fn link_is_over(run: &Thing) -> bool {
        let expires_at = run.shown.pointer("/link/expires_at").and_then(Value::as_str).and_then(valid::moment);
        run.ended || expires_at.is_some_and(|at| at <= clock::now())
    }
}

/// Real time so much later.
fn after(length: Duration) -> time::OffsetDateTime {
    let now = clock::now();
    length.try_into().ok().and_then(|length: time::Duration| now.checked_add(length)).unwrap_or(now)
}
