//! An account on a stage of its own: what it reaches is in memory, the provider answers by script, the clock stands still.
//! So a page shows what the account itself makes of an answer.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use idv_gateway::config::{Rules, read_file};
use idv_gateway::domain::schedule::Pace;
use idv_gateway::domain::{
    Assessment, Channel, ConnectionName, OnboardingId, Resource, SubjectKind, Tenant, Timestamp,
};
use idv_gateway::memory::http::{Call, ScriptedHttp};
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::memory::way::MemoryWay;
use idv_gateway::memory::world::{ManualClock, SeededEntropy};
use idv_gateway::ports::{Connection, Event, HttpError, ProviderError, Reach, Response, TenantConfig, Wish, World};
use idv_gateway::proof::{Context as Proving, Unverified, prove};
use serde_json::{Map, Value};
use url::Url;

use crate::cases::{ONBOARDING, TENANT, wrong};
use crate::table::code;
use crate::{EXAMPLE_CONFIGURATION, ReferenceError};

/// A call that waits for the clock goes on at once; none of ours waits so often.
const POLLS: usize = 1_000;

/// A connection of the example, as it stands there or changed.
pub(crate) struct Staged {
    config: TenantConfig,
    name: ConnectionName,
    http: ScriptedHttp,
    clock: Arc<ManualClock>,
    world: World,
    login: MemoryLogin,
    grant: MemoryLogin,
    way: MemoryWay,
    public_url: Url,
}

impl Staged {
    /// The connection of that name; what is changed in its part of the configuration is named by pointers, and goes where
    /// it becomes null.
    pub(crate) fn of(name: &str, changed: &[(&str, Value)]) -> Result<Self, ReferenceError> {
        let mut file: Value = serde_json::from_str(EXAMPLE_CONFIGURATION).map_err(|error| wrong(error.to_string()))?;
        let place = format!("/tenants/{TENANT}/connections/{name}");
        let own = file.pointer_mut(&place).ok_or_else(|| wrong(format!("no {place}")))?;
        changed.iter().try_for_each(|(pointer, value)| set(own, pointer, value.clone()))?;
        // the others are as they were, and cost time
        let all = file.pointer_mut(&format!("/tenants/{TENANT}/connections")).and_then(Value::as_object_mut);
        all.ok_or_else(|| wrong("no connections"))?.retain(|other, _| other == name || other == "idos");
        file.as_object_mut().ok_or_else(|| wrong("no object"))?.retain(|member, _| member == "tenants");
        let all = read_file(&file.to_string(), Rules::default());
        let mut all =
            all.map_err(|faults| wrong(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
        let (config, _) = all.tenants.remove(&Tenant::parse(TENANT)?).ok_or_else(|| wrong("no tenant"))?;
        let name = ConnectionName::parse(name)?;
        if config.connection(&name).is_none() {
            return Err(wrong(format!("no {name}")));
        }
        let public_url = Url::parse("https://idv.example.com").map_err(|error| wrong(error.to_string()))?;
        let clock = Arc::new(ManualClock::default());
        let world = World {
            clock: Arc::<ManualClock>::clone(&clock),
            entropy: Arc::new(SeededEntropy::new(0)),
            pace: Pace::REAL,
        };
        Ok(Self {
            config,
            name,
            http: ScriptedHttp::new(|_| Err(HttpError::Unreachable)),
            clock,
            world,
            login: MemoryLogin::default(),
            grant: MemoryLogin::default(),
            way: MemoryWay::new(public_url.clone()),
            public_url,
        })
    }

    /// The connection itself.
    pub(crate) fn connection(&self) -> Result<&Connection, ReferenceError> {
        self.config.connection(&self.name).ok_or_else(|| wrong(format!("no {}", self.name)))
    }

    /// From now on the provider answers like this.
    pub(crate) fn answers(&self, script: impl Fn(&Call) -> Result<Response, HttpError> + Send + Sync + 'static) {
        self.http.set(script);
    }

    /// It is that moment from now on.
    pub(crate) fn now_is(&self, moment: Timestamp) {
        self.clock.set(moment);
    }

    /// What a call of the account may use.
    pub(crate) fn reach<'a>(&'a self, connection: &'a Connection) -> Reach<'a> {
        Reach {
            http: &self.http,
            world: &self.world,
            connection: &connection.key,
            public_url: &self.public_url,
            digest: &|_| "digest".to_owned(),
            login: &self.login,
            grant: &self.grant,
            way: &self.way,
        }
    }

    /// A run that the account begins.
    pub(crate) fn begun(&self, subject: Value, options: Value) -> Result<Resource, ReferenceError> {
        let connection = self.connection()?;
        let wish = wish(subject, options)?;
        connection.account.check(&wish).map_err(|faults| wrong(format!("{faults:?}")))?;
        let started = at_once(connection.account.start(self.reach(connection), &wish))?;
        started.map(|started| started.subject).map_err(|error| wrong(error.to_string()))
    }

    /// What a look at that run finds, in words: what its parts mean, or why there is none.
    pub(crate) fn looked(&self, subject: &Resource) -> Result<String, ReferenceError> {
        let connection = self.connection()?;
        let looked = at_once(connection.account.look(self.reach(connection), subject))?;
        Ok(match looked {
            Ok(found) => meaning(&connection.account.assess(found.parts())),
            Err(error) => refusal(&error),
        })
    }

    /// A webhook, proven and reduced as any other: what is looked at, what is claimed.
    pub(crate) fn heard(&self, header: (&str, &str), body: &Value) -> Result<Event, ReferenceError> {
        let connection = self.connection()?;
        let body = body.to_string();
        let unverified = Unverified {
            headers: &[(header.0.as_bytes(), header.1.as_bytes())],
            body: body.as_bytes(),
            url_key: None,
            source: None,
            received_at: self.world.now().millis() / 1000,
        };
        let context = Proving { tenant: TENANT, connection: self.name.as_str() };
        let verified = prove(connection.account.specification(), &connection.proofs, unverified, context);
        let verified = verified.map_err(|refusal| ReferenceError::Example("a webhook", refusal.code().to_owned()))?;
        connection.account.event(verified).map_err(|refusal| ReferenceError::Example("a webhook", refusal.to_string()))
    }
}

/// Sets a member; null takes it away.
pub(crate) fn set(of: &mut Value, pointer: &str, value: Value) -> Result<(), ReferenceError> {
    let nowhere = || wrong(format!("no {pointer}"));
    let (parent, name) = pointer.rsplit_once('/').ok_or_else(nowhere)?;
    let members = of.pointer_mut(parent).and_then(Value::as_object_mut).ok_or_else(nowhere)?;
    if value.is_null() {
        members.remove(name)
    } else {
        members.insert(name.to_owned(), value)
    };
    Ok(())
}

fn wish(subject: Value, options: Value) -> Result<Wish, ReferenceError> {
    let members = |value: Value| value.as_object().cloned().unwrap_or_else(Map::new);
    Ok(Wish {
        onboarding: OnboardingId::parse(ONBOARDING)?,
        attempt: 1,
        kind: SubjectKind::Individual,
        subject: members(subject),
        channel: Channel::Link,
        return_url: Url::parse("https://app.example.com/done").ok(),
        options: members(options),
        before: None,
    })
}

/// What needs no waiting: everything answers at once.
pub(crate) fn at_once<F: Future>(work: F) -> Result<F::Output, ReferenceError> {
    let mut work = pin!(work);
    for _ in 0..POLLS {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Ok(done);
        }
    }
    Err(wrong("a call does not end"))
}

/// A status with what is asked and why.
pub(crate) fn meaning(assessment: &Assessment) -> String {
    match assessment {
        Assessment::Known(opinion) => {
            let asked = opinion.action.as_ref().map(|action| format!("{} of the {}", code(action.ask), action.of));
            let reasons = opinion.reasons.iter().map(|because| match &because.provider_code {
                Some(own) => format!("{} ({})", code(because.code), code(own)),
                None => code(because.code),
            });
            std::iter::once(code(opinion.status)).chain(asked).chain(reasons).collect::<Vec<_>>().join(", ")
        }
        Assessment::Unrecognised { .. } => "unrecognised".to_owned(),
    }
}

/// An error of a look: nothing is committed, and what that means.
pub(crate) fn refusal(error: &ProviderError) -> String {
    let what = match error {
        ProviderError::Busy { .. } => "due again when it asks for",
        ProviderError::Unavailable(_) | ProviderError::Renewing => "due again soon",
        ProviderError::Unauthorized => "due again, shown as refused credentials",
        ProviderError::NotFound => "the run's part is `gone`",
        ProviderError::Refused { .. } | ProviderError::Foreign(_) | ProviderError::Unsupported(_) => {
            "due again, shown as refused"
        }
    };
    format!("the status stands; the look is {what}")
}

/// An error of an exchange.
pub(crate) const fn exchange_refusal(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::Busy { .. } | ProviderError::Unavailable(_) | ProviderError::Renewing => {
            "the same code once more, within its ten minutes"
        }
        ProviderError::Unauthorized => {
            "nothing comes of it, shown as refused credentials; the person comes again by the same link"
        }
        ProviderError::NotFound
        | ProviderError::Refused { .. }
        | ProviderError::Foreign(_)
        | ProviderError::Unsupported(_) => COMES_AGAIN,
    }
}

/// Of a code that gave nothing.
pub(crate) const COMES_AGAIN: &str = "nothing comes of it; the person comes again by the same link";

/// The two cells of an event: what is looked at, what is claimed.
pub(crate) fn cells(event: &Event) -> [String; 2] {
    match event {
        Event::Look { subject, claim, .. } => {
            let part = claim.part.as_ref().filter(|part| *part != subject);
            let part = part.map_or_else(String::new, |part| format!(" of its {}", code(&part.kind)));
            [code(&subject.kind), format!("{}{part}", code(claim.class))]
        }
        Event::Elsewhere { connection, provider, subject, claim, .. } => [
            format!("{}, through the connection {} ({provider})", code(&subject.kind), code(connection)),
            code(claim.class),
        ],
        Event::Silent { reason } => ["nothing".to_owned(), format!("answered 200, logged as {}", code(reason))],
    }
}
