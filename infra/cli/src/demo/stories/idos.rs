//! Stories with idOS: a person shares a credential, Fractal tells of it, and it is fetched, opened and checked.

use std::time::Instant;

use idv_simulators::idos::{Draft, LoginResult, Share, Shared};
use serde_json::{Value, json};

use crate::demo::user_owned::{IDOS, share_url};

use super::{Outcome, Provider, Stage, Stands, Told, tell};

struct Idos;

/// The app knows the person's idOS user: each story has its own.
fn user(key: &str) -> String {
    let number = key.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    format!("00000000-0000-4000-8000-{:012x}", number & 0xffff_ffff_ffff)
}

impl Provider for Idos {
    const CONNECTION: &'static str = IDOS;

    fn subject(key: &str) -> Value {
        json!({ "kind": "individual", "user_id": user(key) })
    }

    fn run(stage: &Stage, key: &str, _onboarding: &str) -> Option<(String, String)> {
        Some((user(key), share_url(&stage.app.base_url())))
    }

    /// To the page where the person shares, which is told what for.
    fn leads(_stage: &Stage, (_, page): &(String, String), answer: &Value) -> Result<(), String> {
        let told = |pointer| answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let own = format!("{page}?onboarding_id={}&level=basic", told("/onboarding_id"));
        let given = told("/link/url");
        if given.starts_with(&own) { Ok(()) } else { Err(format!("the link is {given}, not {own}")) }
    }

    /// By the node's own records: whose issuer is accepted, and whether the copy is still granted.
    fn stands(stage: &Stage, run: &str) -> Stands {
        let idos = &stage.user_owned.idos;
        let Some(credential) = idos.credential(run) else { return Stands::default() };
        let accepted = idos.issuers().into_iter().next().map(|issuer| issuer.issuer_auth_public_key);
        let is_known = accepted.as_deref() == Some(&credential.issuer_auth_public_key);
        let is_granted = credential.grants.iter().any(|it| it.grantee == stage.user_owned.consumer.wallet);
        let (status, word) = match (is_granted, is_known) {
            (true, true) => ("approved", "of an accepted issuer"),
            (true, false) => ("rejected", "of an unknown issuer"),
            (false, _) => ("cancelled", "not granted"),
        };
        Stands { status, shown: format!("idos {word}") }
    }
}

pub(super) async fn play(stage: &Stage, begun: Instant) -> Vec<Outcome> {
    let (shared, stranger) = tokio::join!(
        tell::<Idos, _>(stage, begun, "credential shared", shared),
        tell::<Idos, _>(stage, begun, "unknown issuer", of_a_stranger),
    );
    vec![shared, stranger]
}

impl Told<'_> {
    /// The credential is shared with the tenant, and Fractal tells of it.
    fn shares(&mut self, what: &str, draft: Draft) -> Result<Shared, String> {
        let owned = &self.stage.user_owned;
        self.say(what);
        let share = Share { user: Some(self.run.clone()), content: draft.into(), ..Share::to(&owned.consumer) };
        let shared = owned.idos.share(&share).map_err(|error| error.to_string())?;
        owned.tells_of(&shared)?;
        self.run.clone_from(&shared.credential_id);
        Ok(shared)
    }

    /// The tenant was told of the credential itself.
    fn has_credential(&self) -> Result<(), String> {
        let rows = self.stage.app.received();
        let mut own = rows.iter().filter(|row| row.onboarding_id == self.onboarding && row.verified());
        let told = own.any(|row| row.event_type == "onboarding.credential");
        if told { Ok(()) } else { Err("the application was told of no credential".to_owned()) }
    }
}

async fn shared(mut told: Told<'_>) -> Result<Told<'_>, String> {
    let shared = told.shares("the person shares a credential in idOS; Fractal tells of it", Draft::default())?;
    told.heard("approved").await?;
    told.has_credential()?;
    let idos = &told.stage.user_owned.idos;
    let reads = idos.credential(&shared.credential_id).map(|it| it.reads).unwrap_or_default();
    let signed_in = idos.logins().iter().filter(|login| login.result == LoginResult::Given).count();
    if reads == 0 || signed_in == 0 {
        return Err(format!("the node saw {signed_in} logins and {reads} reads of the credential"));
    }
    told.say("signed in, fetched, opened, checked");
    Ok(told)
}

async fn of_a_stranger(mut told: Told<'_>) -> Result<Told<'_>, String> {
    told.shares("the person shares a credential of an unknown issuer", Draft::by_stranger())?;
    told.heard("rejected").await?;
    Ok(told)
}
