//! Fractal ID's three generations: what starts a run, what each word means, every event. Asked of the accounts themselves.

use idv_gateway::ports::Event;
use serde_json::{Value, json};

use crate::ReferenceError;
use crate::pages::Page;
use crate::staged::{Staged, cells};
use crate::table::{code, table};

mod classic;
mod signed;

pub(crate) fn page() -> Result<Page, ReferenceError> {
    let body = format!(
        "There are three generations of it, and `settings.generation` says which one an account is of: `classic` is the OAuth2 \
         provider of old, `verifier` its replacement of 2025, `relay` the same under idOS's name. Nothing of a request decides \
         that, so nobody chooses a weaker signature by a header.\n\n\
         {}\n\
         ## The person's way\n\n{}\n\
         ## What its words mean\n\n`unrecognised` means: the last status is kept, the part is shown and logged, and it is never \
         an approval. A run is approved when every level and add-on that was asked for is, whichever order they come in; of \
         several the worst decides: rejected, then action required, then in review. Fractal gives no reasons: a rejection's is \
         `not_disclosed`. An approval is not final; each later look says what it says.\n\n\
         ### Classic\n\nWith `basic+liveness` asked for, the answer of `GET /v2/users/me` with the person's own token:\n\n{}\n\
         ### Verifier and relay\n\nOne part, the person; `note` of a webhook is never kept.\n\n{}\n\
         ## Events\n\nA webhook names a person and perhaps a level, never a run: the newest run of that person hears it \
         ([decision 24](../adr/0024-a-persons-name-belongs-to-the-newest-run.md)). One about somebody who has not come back yet waits, \
         and is heard when they have; 15 minutes later it is a stranger's, or, with `unknown_subject: adopt`, becomes an onboarding \
         `user/{{uid}}` of which the classic generation's list of the account alone tells. Each type may have a secret of its own (`hmac` with \
         `types`); a type that none of the secrets speaks for is answered 401.\n\n### Classic\n\n\
         `X-Fractal-Signature: sha1=` and HMAC-SHA1 of the body, in lower-case hex.\n\n{}\n\
         ### Verifier and relay\n\n`X-Fractal-Signature:` and HMAC-SHA256 of the body, in lower-case hex, without a prefix; the type is the \
         `status`.\n\n{}\n\
         ## Errors\n\n{}\n\
         ## What is assumed\n\n{}\n\
         ## What Fractal does not have\n\n{}",
        crate::configuration::fractal::start()?,
        WAY,
        table(&["the person's cases", "status"], classic::rows()?),
        table(&["when", "verifier", "relay"], signed::rows()?),
        table(&["event", "looked at", "claim"], classic::events()?),
        table(&["`status`", "looked at", "claim"], signed::events()?),
        table(&["what happens", "what comes of it"], classic::errors()?),
        ASSUMED,
        MISSING,
    );
    Ok(Page::of(
        "fractal.md",
        "Fractal ID",
        "What Fractal ID takes, and what its words mean, as the adapter maps them.",
        &body,
    ))
}

const WAY: &str = "\
1. `start` hands out a link: through our own `/v1/go`, which sets a cookie and goes on to Fractal; in the classic generation with \
`cookie: false` Fractal's own. It asks for the levels' status, and with `details` for their data.
2. Fractal sends the browser back to `/v1/return/{tenant}/{connection}`: with a code and our `state` (classic), with a one-time token \
(verifier, relay), or with `error=access_denied` and nothing else. The browser is at once sent on to the app's `return_url`.
3. The code is exchanged once, within ten minutes, by whoever takes the notice \
([decision 25](../adr/0025-a-code-counts-with-its-state-and-is-exchanged-once.md)). A code without our `state` in the query is not \
taken. A one-time token comes with the cookie, and the answer about it has to name our own run (`external_state`), which our signed link told. With \
`when_given` and an answer that names none, a person's browser can be made to bring another's token.
4. What the person granted (classic) rests sealed beside the onboarding's own key, is rotated by one at a time, and destroyed by \
`erase` ([decision 23](../adr/0023-a-grant-rests-beside-the-onboardings-key.md)).

Who refuses is `cancelled`, `consent_declined`, until they come back with a code. `resume` gives a fresh link into the same run at \
any time before a decision, also to whom something is asked. `details` gives what the person lets us see, live and as Fractal \
tells it; its addresses of files live for a few hours.
";

const ASSUMED: &str = "\
| assumed | because | configured by |
| --- | --- | --- |
| a token request takes its parameters as a form | the documentation names one place and shows another | `token_parameters` |
| a refusal comes back without `state` | that is how it is shown | `cookie` |
| a link lives as long as our own state in it | Fractal's has no end | `link_life` |
| a one-time token's answer names the run of our link | it is shown so for the verifier, for the relay not at all | `external_state` |
| levels and add-ons beside the documented ones | the list has changed before | `more_levels` |
| the relay's links name the client's own user | its newer code does, the verifier's documentation does not | `external_user_id` |
| the relay signs and tells like the verifier | its demonstration code was renamed from that | `generation` |
| the account's list comes whole; one of more than 8 MiB (some 60 000 rows) is not read, and logged (`sweep_refused`) | neither pages nor filters are documented | `sweep` |
";

const MISSING: &str = "\
- A way to delete a person: the receipt of an `erase` lists the user under `not_at_provider`, and its support must be asked. The grant \
is destroyed here.
- A place for our reference, in the classic generation: a run is known by its person once they have come back, and not before.
- A call that reads a person without their token (classic): where that is lost, the account's list still tells the verdict of a level, \
up to 15 minutes late ([decision 27](../adr/0027-a-sweep-is-cached-in-the-process.md)).
- Events for a journey that was begun, finished, or left; for a document that expired.
- Reasons, and changes of contact data.
- A way to tell a company from one of its people: companies are refused.
";

/// A webhook of that connection.
fn event(stage: &Staged, signature: &str, body: &Value) -> Result<Event, ReferenceError> {
    stage.heard(("x-fractal-signature", signature), body)
}

/// A row of an event.
fn row(name: &str, event: &Event) -> Vec<String> {
    let name = if name == UNKNOWN { "anything else".to_owned() } else { code(name) };
    let [subject, claim] = cells(event);
    vec![name, subject, claim]
}

/// Any word that Fractal may come to have.
const UNKNOWN: &str = "something_new";
/// A person of the fixtures.
const USER: &str = "14ec6af0-12f8-4bce-a6ab-01ce87fa1812";

/// Nothing beside `kind` is known of the person.
fn nothing() -> Value {
    json!({})
}
