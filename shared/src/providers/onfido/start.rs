//! Begins a run: an applicant, then its SDK token (classic) or a workflow run (Studio).
//!
//! No create call is idempotent, and an applicant has no place for a reference of ours. So after an unknown outcome of
//! `POST /applicants` one may remain that nobody uses; of `POST /workflow_runs` the run is found again by its tags
//! (`recover`) before another is made. What Onfido refuses for certain takes its fresh applicant with it again, and so
//! does a classic token that is not had, whatever the reason.
//!
//! A token serves one start of the SDK for 90 minutes and can be had again at any time (`renew`), also for a document
//! that must be captured anew. A run's link and token cannot be renewed and a run cannot be cancelled: its next attempt
//! is a new run of the same applicant.
//!
//! A run without tasks for the person may be decided in the answer already, and its token be gone: then its link is
//! handed out also to an app that asked for a token, so that the run is not lost. So every link is given its end.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::id::{Kind, is};
use super::options::{Studio, Way, applicant_before};
use super::resource::{Made, Run};
use super::settings::Place;
use super::{ATTEMPT_TAG, Onfido, TAG};
use crate::domain::{Channel, ProviderId, Resource, Timestamp};
use crate::ports::{BadField, Entrance, Method, ProviderError, Reach, Renewed, Started, Wish};
use crate::providers::answer::{self, Object};
use crate::secret::Secret;
use crate::section::absolute_url;

/// Of a classic SDK token (Onfido's own SDKs).
const TOKEN_LIFE: Duration = Duration::from_secs(90 * 60);
/// Of a run's SDK token: five weeks (same).
const RUN_TOKEN_LIFE: Duration = Duration::from_secs(35 * 24 * 60 * 60);
/// Pages of runs that are searched after a crash; a page's size is not stated.
const PAGES: u8 = 3;

const NO_PLACE: ProviderError = ProviderError::Unsupported(
    "a fresh SDK token is for a referrer or an application_id, which must stand in this connection's settings",
);
const NO_STUDIO: ProviderError = ProviderError::Unsupported(
    "there are no workflow runs at this address: they are described for API version v3.6 (settings.api_version)",
);

#[derive(Deserialize)]
struct Token {
    token: Option<Secret>,
}

/// An applicant of a run, and whether it was made for it a moment ago.
struct Person {
    id: ProviderId,
    fresh: bool,
}

impl Onfido {
    pub(super) async fn begin(&self, reach: Reach<'_>, wish: &Wish) -> Result<Started, ProviderError> {
        let order = self.settings.order(wish).map_err(first_of)?;
        match &order.way {
            Way::Classic(place) => {
                let person = self.new_person(reach, order.applicant).await?;
                let Renewed { entrance, expires_at, .. } = match self.sdk_entrance(reach, &person.id, place).await {
                    Ok(made) => made,
                    // The next try makes another applicant, so a token that was made and lost is worth nothing.
                    Err(error) => return Err(self.taken_back(reach, &person, error).await),
                };
                Ok(Started {
                    subject: Kind::Applicant.resource(person.id),
                    entrance,
                    expires_at,
                    return_nonce: None,
                    names: Vec::new(),
                })
            }
            Way::Studio(studio) => {
                let before = self.run_before(reach, wish).await?;
                let workflow = studio.workflow(before.as_ref().and_then(Run::workflow))?;
                let person = self.person(reach, wish, before.as_ref(), order.applicant).await?;
                match self.new_run(reach, wish, &person.id, studio, &workflow).await {
                    Err(error) if is_certain(&error) => Err(self.taken_back(reach, &person, error).await),
                    outcome @ (Ok(_) | Err(_)) => outcome,
                }
            }
        }
    }

    async fn new_person(&self, reach: Reach<'_>, applicant: Map<String, Value>) -> Result<Person, ProviderError> {
        let response = self.api.create(reach, "applicants", &Value::Object(applicant)).await?;
        Ok(Person { id: answer::object::<Made>(&response)?.id()?, fresh: true })
    }

    /// None where there was none, or it is deleted.
    async fn run_before(&self, reach: Reach<'_>, wish: &Wish) -> Result<Option<Run>, ProviderError> {
        let Some((Kind::WorkflowRun, run)) = applicant_before(wish) else { return Ok(None) };
        match self.api.one(reach, "workflow_runs", run).await {
            Ok(run) => Ok(Some(run)),
            Err(ProviderError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The applicant of the run before, with what is said of the person now; a new one where that is deleted.
    async fn person(
        &self,
        reach: Reach<'_>,
        wish: &Wish,
        before: Option<&Run>,
        applicant: Map<String, Value>,
    ) -> Result<Person, ProviderError> {
        let known = match applicant_before(wish) {
            Some((Kind::Applicant, applicant)) => Ok(applicant.clone()),
            Some((Kind::WorkflowRun | Kind::Check | Kind::Report, _)) | None => {
                before.map_or(Err(ProviderError::NotFound), Run::applicant)
            }
        };
        let kept = match known {
            Ok(id) if applicant.is_empty() => self.api.read(reach, "applicants", &id).await.map(|_| id),
            Ok(id) => self.correct(reach, &id, &Value::Object(applicant.clone())).await.map(|()| id),
            Err(error) => Err(error),
        };
        match kept {
            Ok(id) => Ok(Person { id, fresh: false }),
            Err(ProviderError::NotFound) => {
                let mut bad = Vec::new();
                let applicant = super::subject::applicant(&applicant, true, &mut bad);
                if bad.is_empty() { self.new_person(reach, applicant).await } else { Err(first_of(bad)) }
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn applicant_of_run(
        &self,
        reach: Reach<'_>,
        run: &ProviderId,
    ) -> Result<ProviderId, ProviderError> {
        self.api.one::<Run>(reach, "workflow_runs", run).await?.applicant()
    }

    /// What is said of a person who is there already: a part of it, where an address and id numbers replace the others.
    pub(super) async fn correct(
        &self,
        reach: Reach<'_>,
        applicant: &ProviderId,
        body: &Value,
    ) -> Result<(), ProviderError> {
        let url = self.api.at(&["applicants", applicant.as_str()]);
        self.api.call(reach, Method::Put, &url, Some(body)).await.map(drop)
    }

    /// Nothing was made of the fresh applicant, and nothing will be: it goes with the error.
    async fn taken_back(&self, reach: Reach<'_>, person: &Person, error: ProviderError) -> ProviderError {
        if !person.fresh {
            return error;
        }
        // Whatever comes of it: one that nobody uses remains at worst.
        let _ = self.delete_applicant(reach, &person.id).await;
        if error != ProviderError::NotFound {
            return error;
        }
        ProviderError::Unavailable("the applicant was made and is not found")
    }

    async fn sdk_entrance(
        &self,
        reach: Reach<'_>,
        applicant: &ProviderId,
        place: &Place,
    ) -> Result<Renewed, ProviderError> {
        let began_at = reach.world.now();
        let (name, value) = match place {
            Place::Referrer(pattern) => ("referrer", pattern),
            Place::Application(id) => ("application_id", id),
        };
        let body = json!({"applicant_id": applicant.as_str(), name: value});
        let url = self.api.at(&["sdk_token"]);
        let post = || self.api.call(reach, Method::Post, &url, Some(&body));
        // A second token does no harm.
        let response = match post().await {
            Err(ProviderError::Unavailable(_)) => post().await?,
            first @ (Ok(_) | Err(_)) => first?,
        };
        let token = answer::object::<Token>(&response)?.token.filter(|token| !token.is_empty());
        let token = token.ok_or(ProviderError::Unavailable("the answer has no token"))?;
        Ok(Renewed {
            entrance: Entrance::Sdk { token },
            expires_at: Some(began_at + reach.world.pace.of(TOKEN_LIFE)),
            return_nonce: None,
        })
    }

    async fn new_run(
        &self,
        reach: Reach<'_>,
        wish: &Wish,
        applicant: &ProviderId,
        studio: &Studio,
        workflow: &ProviderId,
    ) -> Result<Started, ProviderError> {
        let ends_at = reach.world.now() + reach.world.pace.of(self.settings.link_life);
        let body = run_body(wish, applicant, (studio, workflow), ends_at);
        let response = match self.api.call(reach, Method::Post, &self.api.at(&["workflow_runs"]), Some(&body)).await {
            Err(ProviderError::NotFound) => return Err(NO_STUDIO),
            outcome @ (Ok(_) | Err(_)) => outcome?,
        };
        let run: Run = answer::object(&response)?;
        let own = run.applicant_id.as_deref().is_none_or(|id| is(id, applicant));
        if !own {
            return Err(ProviderError::Foreign("it is a run of another applicant"));
        }
        self.entered(reach, run, wish.channel)
    }

    /// By its tags, which a run has from its first moment. The first that was made is ours: a second would be a repeat's.
    pub(super) async fn found_again(&self, reach: Reach<'_>, wish: &Wish) -> Result<Option<Started>, ProviderError> {
        let (tag, attempt) = (format!("{TAG}{}", wish.onboarding), format!("{ATTEMPT_TAG}{}", wish.attempt));
        let mut first: Option<(Option<Timestamp>, ProviderId)> = None;
        for page in 1..=PAGES {
            let number = page.to_string();
            let url = self.api.asked(&["workflow_runs"], &[("tags", &tag), ("page", &number)]);
            let rows: Vec<Object<Run>> = match self.api.get(reach, &url).await {
                Err(ProviderError::NotFound | ProviderError::Refused { .. }) => return Ok(None),
                outcome @ (Ok(_) | Err(_)) => list(&outcome?.body)?,
            };
            let none = rows.is_empty();
            let ours = rows.iter().map(|Object(run)| run).filter(|run| run.has_tag(&tag) && run.has_tag(&attempt));
            first = first.into_iter().chain(ours.filter_map(|run| Some((run.created_at(), run.key()?)))).min();
            if none {
                break;
            }
        }
        let Some((_, id)) = first else { return Ok(None) };
        let run: Run = self.api.one(reach, "workflow_runs", &id).await?;
        self.entered(reach, run, wish.channel).map(Some)
    }

    fn entered(&self, reach: Reach<'_>, mut run: Run, channel: Channel) -> Result<Started, ProviderError> {
        let id = run.key().ok_or(ProviderError::Unavailable("it created something without an id"))?;
        let since = run.created_at().unwrap_or_else(|| reach.world.now()).min(reach.world.now());
        let token = run.sdk_token.take().filter(|token| channel == Channel::Sdk && !token.is_empty());
        let (entrance, expires_at) = match token {
            Some(token) => (Entrance::Sdk { token }, Some(since + reach.world.pace.of(RUN_TOKEN_LIFE))),
            None => (self.link(&mut run)?, run.link_expires_at()),
        };
        Ok(Started {
            subject: Kind::WorkflowRun.resource(id),
            entrance,
            expires_at,
            return_nonce: None,
            names: Vec::new(),
        })
    }

    /// Whether it may stand in a frame is not documented: no.
    fn link(&self, run: &mut Run) -> Result<Entrance, ProviderError> {
        let url = run.take_url().ok_or(ProviderError::Unavailable("the answer has no link"))?;
        let parsed = url.expose_text().ok().and_then(|text| absolute_url(text).ok());
        if !parsed.is_some_and(|parsed| self.api.is_safe(&parsed)) {
            return Err(ProviderError::Unavailable("the answer's link is none"));
        }
        Ok(Entrance::Link { url, embed: false })
    }

    /// Another SDK token for the same applicant, whatever it is for; nothing for a run.
    pub(super) async fn entered_again(
        &self,
        reach: Reach<'_>,
        subject: &Resource,
    ) -> Result<Option<Renewed>, ProviderError> {
        if Kind::of(subject) != Some(Kind::Applicant) {
            return Ok(None);
        }
        let place = self.settings.place.as_ref().ok_or(NO_PLACE)?;
        self.sdk_entrance(reach, &subject.id, place).await.map(Some)
    }
}

/// That no run was made: of one whose answer was lost nobody can tell, and it needs its applicant.
const fn is_certain(error: &ProviderError) -> bool {
    matches!(error, ProviderError::Refused { .. } | ProviderError::Unsupported(_) | ProviderError::Busy { .. })
}

/// A bare array, unlike every other list.
fn list(body: &[u8]) -> Result<Vec<Object<Run>>, ProviderError> {
    serde_json::from_slice(body).map_err(|_| ProviderError::Unavailable("the answer cannot be read"))
}

fn run_body(
    wish: &Wish,
    applicant: &ProviderId,
    (studio, workflow): (&Studio, &ProviderId),
    ends_at: Timestamp,
) -> Value {
    let mut body = json!({
        "workflow_id": workflow.as_str(),
        "applicant_id": applicant.as_str(),
        "customer_user_id": wish.onboarding.as_str(),
        "tags": [format!("{TAG}{}", wish.onboarding), format!("{ATTEMPT_TAG}{}", wish.attempt)],
    });
    let link = Some(("link", link_body(wish.return_url.as_ref(), studio.language.as_deref(), ends_at)));
    let custom_data = studio.custom_data.clone().map(|data| ("custom_data", data));
    if let Some(members) = body.as_object_mut() {
        members.extend(link.into_iter().chain(custom_data).map(|(name, value)| (name.to_owned(), value)));
    }
    body
}

fn link_body(return_url: Option<&Url>, language: Option<&str>, ends_at: Timestamp) -> Value {
    let whole_seconds = Timestamp::from_millis(ends_at.seconds().saturating_mul(1000));
    let mut link = json!({"expires_at": whole_seconds.to_string()});
    let back = return_url.map(Url::as_str);
    let members = [("completed_redirect_url", back), ("expired_redirect_url", back), ("language", language)];
    if let Some(link) = link.as_object_mut() {
        let given = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))));
        link.extend(given);
    }
    link
}

fn first_of(bad: Vec<BadField>) -> ProviderError {
    ProviderError::Refused { field: bad.into_iter().next().map(|bad| bad.field) }
}
