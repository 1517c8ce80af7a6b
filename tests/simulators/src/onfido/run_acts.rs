//! Acts on workflow runs (§2.2, §5.1): the person's tasks, what waits for the client, how a run ends.

use serde_json::{Value, json};

use super::{
    act::{Act, Decision},
    acts::{Done, NotPossible, must_be},
    findings::Outcome,
    records::{Kind, text},
    runs::CHECKSUM,
    words::{AWAITING_CLIENT, AWAITING_INPUT, CLIENT_TASK, INTERACTIVE, PROCESSING, REPORTING, REVIEW, RUN_COMPLETED},
    world::{Thing, World},
};

impl World {
    pub(super) fn act_on_run(&mut self, run: &Thing, act: Act) -> Done {
        match act {
            Act::OpenLink => self.link_lives(run).map(|()| Vec::new()),
            Act::CompleteTask => self.complete_next(run),
            Act::CompleteTasks => {
                let mut events = Vec::new();
                while self.things.get(&run.key).is_some_and(|it| text(&it.shown, "status") == AWAITING_INPUT) {
                    events.extend(self.complete_next(run)?);
                }
                if events.is_empty() { Err(NotPossible::NothingOpen) } else { Ok(events) }
            }
            Act::AwaitClient => self.await_client(run),
            Act::Decide { decision, reasons, output } => self.decide(run, decision, reasons, output),
            Act::ExpireLink => {
                self.link_lives(run)?;
                self.end(&run.key, true);
                Ok(Vec::new())
            }
            Act::Capture | Act::Delete | Act::SubmitForm | Act::FinishCheck | Act::Pause | Act::Resume => {
                not_of_a_run()
            }
            Act::CompleteReport { .. } | Act::Complete { .. } | Act::AwaitApproval { .. } => not_of_a_run(),
            Act::ResumeReport { .. } | Act::CancelReport { .. } | Act::WithdrawReport { .. } => not_of_a_run(),
            Act::ReviseReport { .. } | Act::Reopen | Act::Withdraw | Act::Become { .. } | Act::Other { .. } => {
                not_of_a_run()
            }
        }
    }

    fn link_lives(&self, run: &Thing) -> Result<(), NotPossible> {
        if Self::link_is_over(run) { Err(NotPossible::LinkOver) } else { Ok(()) }
    }

    /// The person's next task. A run whose link has ended can still be done in an app that holds the SDK token.
    fn complete_next(&mut self, run: &Thing) -> Done {
        let run = self.things.get(&run.key).cloned().ok_or(NotPossible::Absent("workflow run"))?;
        must_be(&run, &[AWAITING_INPUT])?;
        let key = self.open_task(&run.key).ok_or(NotPossible::NothingOpen)?;
        let definition = self.things.get(&key).map(|it| text(&it.shown, "task_def_id").to_owned()).unwrap_or_default();
        let output = self.output_of(&run, &definition);
        self.complete_task(&key, output);
        let mut events = vec![self.emit("workflow_task.completed", &key)];
        let done = INTERACTIVE.iter().position(|(name, _)| *name == definition);
        let next = done.and_then(|place| INTERACTIVE.get(place.saturating_add(1)));
        let (definition, name) = next.copied().unwrap_or(REPORTING);
        let task = self.start_task(&run.key, definition, Self::task_id(name));
        if next.is_none() {
            self.alter(&run.key, [("status", json!(PROCESSING)), ("sdk_token", Value::Null)]);
        }
        events.push(self.emit("workflow_task.started", &task));
        Ok(events)
    }

    fn open_task(&self, run: &str) -> Option<String> {
        let rows = self.belonging(Kind::Task, run);
        rows.into_iter().find(|key| self.things.get(key).is_some_and(|task| !task.ended))
    }

    /// Of a capture a list of media, of a form an object (§7, pitfall 6).
    fn output_of(&mut self, run: &Thing, definition: &str) -> Value {
        if !definition.starts_with("upload_") {
            return json!({"first_name": "Ada", "last_name": "Example"});
        }
        if definition == "upload_document_photo" {
            // cannot fail: an applicant can always be captured
            let _done = self.capture(&run.applicant);
        }
        let media = self.belonging(Kind::Document, &run.applicant).into_iter().next_back();
        let kind = definition.trim_start_matches("upload_");
        json!([{"type": kind, "id": media.unwrap_or_default(), "checksum_sha256": CHECKSUM}])
    }

    fn await_client(&mut self, run: &Thing) -> Done {
        must_be(run, &[AWAITING_INPUT, PROCESSING])?;
        self.alter(&run.key, [("status", json!(AWAITING_CLIENT)), ("sdk_token", Value::Null)]);
        let task = self.start_task(&run.key, CLIENT_TASK.0, Self::task_id(CLIENT_TASK.1));
        Ok(vec![self.emit("workflow_task.started", &task)])
    }

    /// Also of a run in review, or a decision that staff revise: whether a second event follows is open question 5;
    /// here it does.
    fn decide(&mut self, run: &Thing, decision: Decision, reasons: Vec<String>, output: Option<Value>) -> Done {
        let from: &[&str] = match decision {
            Decision::Abandoned => &[AWAITING_INPUT],
            Decision::Error => &[AWAITING_INPUT, PROCESSING, AWAITING_CLIENT],
            Decision::Approved | Decision::Declined | Decision::Review => {
                &[PROCESSING, AWAITING_CLIENT, REVIEW, "approved", "declined"]
            }
        };
        must_be(run, from)?;
        let mut events = Vec::new();
        if let Some(task) = self.open_task(&run.key).filter(|_| decision != Decision::Abandoned) {
            self.complete_task(&task, report_output(decision));
            events.push(self.emit("workflow_task.completed", &task));
        }
        let members = [
            ("status", json!(decision.name())),
            ("reasons", json!(reasons)),
            ("output", output.unwrap_or_else(|| usual_output(decision))),
            ("error", error_of(decision)),
            ("sdk_token", Value::Null),
        ];
        self.alter(&run.key, members);
        self.end(&run.key, true);
        events.push(self.emit(RUN_COMPLETED, &run.key));
        Ok(events)
    }
}

fn not_of_a_run() -> Done {
    Err(NotPossible::Absent("act of a workflow run"))
}

/// The keys are the workflow author's own (§4.1).
fn usual_output(decision: Decision) -> Value {
    match decision {
        Decision::Approved => json!({"document_result": "clear", "selfie_result": "clear"}),
        Decision::Declined => json!({"document_result": "consider"}),
        Decision::Review | Decision::Abandoned | Decision::Error => Value::Null,
    }
}

fn error_of(decision: Decision) -> Value {
    if decision == Decision::Error {
        return json!({"type": "task_execution_error", "message": "A task of the workflow could not be executed."});
    }
    Value::Null
}

/// Of the document check, with personal data as the real one (§4.2).
fn report_output(decision: Decision) -> Value {
    let outcome = if decision == Decision::Declined { Outcome::Suspected } else { Outcome::Clear };
    let findings = outcome.findings("document");
    let repeats = json!({
        "report_id": "00000000-0000-0000-0000-000000000000", "repeat_attempts": [], "attempts_count": 1,
        "attempts_clear_rate": 0, "unique_mismatches_count": 0,
    });
    json!({
        "status": "complete", "result": findings.result, "sub_result": findings.sub_result,
        "properties": findings.properties, "breakdown": findings.breakdown, "uuid": crate::chance::uuid(),
        "repeat_attempts": repeats,
    })
}
