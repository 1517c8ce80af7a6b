//! What an app may choose when it starts: the flow, and what belongs to it.
//!
//! Where it does not choose, a further attempt goes the way of the one before, and with the same workflow; a first one
//! goes the connection's usual way.

use serde_json::{Map, Value};

use super::id::{Kind, uuid};
use super::settings::{Place, Settings, is_place};
use super::subject;
use crate::domain::{Channel, ProviderId, SubjectKind};
use crate::ports::{BadField, ProviderError, Wish};
use crate::providers::fields::{unknown, wrong};

/// Of `start` and `resume`.
pub(super) const OPTIONS: [&str; 6] = ["flow", "workflow_id", "custom_data", "language", "referrer", "application_id"];
/// Of the pages behind a Studio link (OpenAPI description).
pub(super) const LANGUAGES: [&str; 7] = ["en_US", "de_DE", "es_ES", "fr_FR", "it_IT", "pt_PT", "nl_NL"];

/// Onfido's two systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// Applicant, SDK token, check.
    Classic,
    /// A workflow run.
    Studio,
}

/// A wish, read.
pub(super) struct Order {
    /// What is said of the person.
    pub(super) applicant: Map<String, Value>,
    /// Which way.
    pub(super) way: Way,
}

pub(super) enum Way {
    Classic(Place),
    Studio(Studio),
}

pub(super) struct Studio {
    /// By the app's word; else that of the run before is taken.
    named: Option<ProviderId>,
    /// The connection's, where there is no run before that says its own.
    usual: Option<ProviderId>,
    pub(super) custom_data: Option<Value>,
    pub(super) language: Option<String>,
}

impl Studio {
    /// The workflow of this run, given that of the run before.
    pub(super) fn workflow(&self, before: Option<ProviderId>) -> Result<ProviderId, ProviderError> {
        let workflow = self.named.clone().or(before).or_else(|| self.usual.clone());
        workflow.ok_or_else(|| ProviderError::Refused { field: Some("options.workflow_id".to_owned()) })
    }
}

impl Settings {
    /// Studio where a workflow is known, else classic.
    pub(super) const fn usual_flow(&self) -> Flow {
        if self.workflow.is_some() { Flow::Studio } else { Flow::Classic }
    }

    /// The wish as Onfido wants it, or every field that is missing or wrong.
    pub(super) fn order(&self, wish: &Wish) -> Result<Order, Vec<BadField>> {
        let mut bad = Vec::new();
        if wish.kind == SubjectKind::Company {
            bad.push(wrong("subject.kind", "must be individual: Onfido verifies persons"));
        }
        let options = subject::given(&wish.options);
        unknown("options", &options, &OPTIONS, &mut bad);
        let flow = self.flow(wish, &options, &mut bad);
        // Onfido has the person's data from the run before, if that was a Studio run's or can be one's.
        let whole = flow == Flow::Classic || applicant_before(wish).is_none();
        let applicant = subject::applicant(&wish.subject, whole, &mut bad);
        let way = match flow {
            Flow::Classic => self.classic(wish, &options, &mut bad),
            Flow::Studio => self.studio(wish, &options, &mut bad),
        };
        match way {
            Some(way) if bad.is_empty() => Ok(Order { applicant, way }),
            Some(_) | None => Err(bad),
        }
    }

    /// Whether a try that was not heard of may have made a run, whatever else of the wish is wrong: a resumption need
    /// not say again what the start said.
    pub(super) fn may_have_run(&self, wish: &Wish) -> bool {
        let flow = self.flow(wish, &subject::given(&wish.options), &mut Vec::new());
        flow == Flow::Studio || wish.channel == Channel::Link
    }

    fn flow(&self, wish: &Wish, options: &Map<String, Value>, bad: &mut Vec<BadField>) -> Flow {
        match options.get("flow").map(Value::as_str) {
            Some(Some("classic")) => Flow::Classic,
            Some(Some("studio")) => Flow::Studio,
            None if options.contains_key("workflow_id") => Flow::Studio,
            None => match applicant_before(wish) {
                Some((Kind::WorkflowRun, _)) => Flow::Studio,
                Some((Kind::Applicant | Kind::Check | Kind::Report, _)) => Flow::Classic,
                None => self.usual_flow(),
            },
            Some(_) => {
                bad.push(wrong("options.flow", "must be classic or studio"));
                self.usual_flow()
            }
        }
    }

    fn classic(&self, wish: &Wish, options: &Map<String, Value>, bad: &mut Vec<BadField>) -> Option<Way> {
        if wish.channel == Channel::Link {
            bad.push(wrong("channel", "must be sdk: only a Studio run has a link (options.workflow_id)"));
        }
        not_of(options, &["workflow_id", "custom_data", "language"], "belongs to the flow studio", bad);
        let named = place(options, bad);
        let place = named.or_else(|| self.place.clone());
        if place.is_none() {
            let rule = "is missing: where the SDK's token may be used must stand here, as application_id, or in this \
                        connection's settings";
            bad.push(wrong("options.referrer", rule));
        }
        place.map(Way::Classic)
    }

    fn studio(&self, wish: &Wish, options: &Map<String, Value>, bad: &mut Vec<BadField>) -> Option<Way> {
        not_of(options, &["referrer", "application_id"], "belongs to the flow classic", bad);
        let of_run_before = matches!(applicant_before(wish), Some((Kind::WorkflowRun, _)));
        let named = match options.get("workflow_id").map(|id| id.as_str().and_then(uuid)) {
            Some(None) => {
                bad.push(wrong("options.workflow_id", "must be a UUID"));
                None
            }
            None if self.workflow.is_none() && !of_run_before => {
                bad.push(wrong("options.workflow_id", "is missing, also in this connection's settings"));
                None
            }
            named => named.flatten(),
        };
        let custom_data = options.get("custom_data").cloned();
        if custom_data.as_ref().is_some_and(|data| !data.is_object()) {
            bad.push(wrong("options.custom_data", "must be an object"));
        }
        let language = language(wish, options, bad);
        Some(Way::Studio(Studio { named, usual: self.workflow.clone(), custom_data, language }))
    }
}

/// The applicant's own resource, or the run that names it.
pub(super) fn applicant_before(wish: &Wish) -> Option<(Kind, &ProviderId)> {
    let before = wish.before.as_ref()?;
    let kind = Kind::of(before).filter(|kind| matches!(kind, Kind::Applicant | Kind::WorkflowRun))?;
    Some((kind, &before.id))
}

fn language(wish: &Wish, options: &Map<String, Value>, bad: &mut Vec<BadField>) -> Option<String> {
    let named = options.get("language")?;
    let known = named.as_str().filter(|language| LANGUAGES.contains(language));
    if known.is_none() {
        bad.push(wrong("options.language", &format!("must be one of {}", LANGUAGES.join(", "))));
    } else if wish.channel == Channel::Sdk {
        bad.push(wrong("options.language", "is that of a link's pages; the SDK is told by the app"));
    }
    known.map(str::to_owned)
}

fn place(options: &Map<String, Value>, bad: &mut Vec<BadField>) -> Option<Place> {
    let mut read = |name: &str| {
        let value = options.get(name)?;
        let text = value.as_str().filter(|text| !text.is_empty() && is_place(text));
        if text.is_none() {
            bad.push(wrong(format!("options.{name}"), "must be a text without blanks, of 500 characters at most"));
        }
        text.map(str::to_owned)
    };
    match (read("referrer"), read("application_id")) {
        (Some(_), Some(_)) => {
            bad.push(wrong("options.application_id", "must not stand beside referrer: a token is for one of them"));
            None
        }
        (referrer, application) => referrer.map(Place::Referrer).or(application.map(Place::Application)),
    }
}

fn not_of(options: &Map<String, Value>, names: &[&str], rule: &str, bad: &mut Vec<BadField>) {
    let strangers = names.iter().filter(|name| options.contains_key(**name));
    bad.extend(strangers.map(|name| wrong(format!("options.{name}"), rule)));
}
