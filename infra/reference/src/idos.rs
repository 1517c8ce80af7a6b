//! idOS: what is checked of a shared credential and what that is worth, asked of the account itself on a node that answers
//! by script.

use serde_json::json;

use crate::ReferenceError;
use crate::pages::Page;
use crate::table::table;

mod copies;
mod node;

pub(crate) fn page() -> Result<Page, ReferenceError> {
    let body = format!(
        "An idOS user holds their own credentials; one who shares makes a copy that is encrypted for our key, and a grant that names \
         us. Nothing is begun at idOS, so a run waits until something is shared; what happens before is the verification \
         provider's to say, through its own connection.\n\n\
         {}\n\
         ## How a credential is heard of\n\n{}\n\
         ## What is checked\n\nIn this order; the first flaw that is found is the part's `provider_status`, and nothing else of the \
         content is kept. A flaw is never an error of the look, and never an approval.\n\n{}\n\
         ## What it means\n\nWith `basic` asked for and one copy shared; the columns are the setting `user_shared`. Of several copies one \
         that approves is enough, the newest first, and older ones are `not_read` then; else the best of what the others say. A look reads 16 \
         copies, as far as its time goes. Beside one that was not read, or whose content is not to be had now, only an approval counts: else the last \
         status is kept and the copy is shown as unrecognised. A run whose credential was approved and is not granted \
         any more is told as such.\n\n{}\n\
         ### Who inserted it\n\n{}\n\
         ## Errors\n\nWhatever the node itself does wrong is an error of the look: nothing is committed. A session that ends is renewed once.\n\n{}\n\
         ## What is assumed\n\n{}\n\
         ## What idOS does not have\n\n{}",
        crate::configuration::idos::start()?,
        HEARD,
        table(&["`provider_status`", "what was found", "status"], copies::flaws()),
        table(&["the copy", "`review`", "`accept`", "`refuse`"], copies::rows()?),
        INSERTED,
        table(&["the node answers", "what comes of it"], node::errors()?),
        ASSUMED,
        MISSING,
    );
    let about = "What idOS takes, what is checked of a credential, and what that is worth.";
    Ok(Page::of("idos.md", "idOS", about, &body))
}

const HEARD: &str = "\
1. Fractal's webhook `credential_shared`, proven on a connection with Fractal whose setting `idos_connection` names this one \
([fractal](fractal.md#events)). It is about idOS's user, `user/{idos_human_id}`, where it names one, \
and claims that our copy `credential/{credential_id}` exists; where it names none that can be read, it is about that copy.
2. The list of all grants to us, read on at its end every ten minutes and once a day as a whole (`feed`), in which those are found that nobody announced.
3. The schedule, for what changes unannounced: that a grant was taken back, that notes say `revoked`, that a date has passed.

**Whose it is.** No event names our reference or the verification provider's user. The newest run that named the event's idOS user \
(`subject.user_id` of its `start`) hears it; of an event that names a copy alone the node is asked whose it is. A copy of a user whom no run has named waits 15 minutes and is a stranger's then, or, with `unknown_subject: adopt`, becomes an onboarding of its own, called \
`user/{user_id}`. Where an event is ahead of what the node shows us, a run of that user is looked at again a few times; a copy whose user \
the node has to tell waits in the same way.
";

const INSERTED: &str = "\
A valid proof alone is not enough. The contexts of idOS map many fields to one data type (`firstName`, `familyName` and \
`placeOfBirth` all become `xsd:string`), and the proof signs types and values, not the names of fields. So whoever encrypts the copy can \
swap two such fields, rename one, or leave out one whose value stands elsewhere, and the issuer's proof still verifies: \
`tests/fixtures/idos/credential.plaintext.fields-swapped.still-verifies.json` is one.

The node says who inserted a copy. Under a *write grant* it is the issuer, who signs the copy with a key of its own, which the node \
checks; with that key among the issuer's `signers`, the copy is as the issuer made it. Whatever else the node says counts as \
the person's own doing, whose signing key is a throw-away. What such a copy is worth is the tenant's to say: `review` puts it \
before a person of the tenant, `accept` approves it where its fields are plausible (dates in their order, names, numbers and files in their form; two values of one \
form in each other's place cannot be seen) and the node knows an original of it that one of the issuer's `signers` signed, whose notes then count; `refuse` rejects it ([decision 26](../adr/0026-who-inserted-a-credential-decides-what-its-proof-is-worth.md)).

What `accept` still cannot tell: whether the content of the copy is that original's, because the person names the one and encrypts the \
other. Who has a good credential could bring a revoked one under its name.

`details` gives the tenant the credential itself, read live and stored nowhere, with who inserted it. A tenant that decides by a \
field of it should look at that first.
";

const ASSUMED: &str = "\
| assumed | because | configured by |
| --- | --- | --- |
| the issuers and their keys | none are public; each issuer tells its own | `issuers` |
| a session ends without notice | its life is not documented | nothing: a refused one is renewed once per call |
| a page of grants has up to 100 | the node's own limit is not documented | `page_size` |
| a content is at most 20 MiB, or 28 where the node announces so | no largest size is documented; the network's own clients refuse more than 20 where none is announced | nothing |
| contents by address are asked for by the credential first, by the address where that is 404 | both have been in use | nothing |
| whichever chain answers is the right one | the name of production's is not documented | `chain_id` |
";

const MISSING: &str = "\
- Webhooks, links, statuses of a journey: those are the verification provider's.
- A way to give a copy back that this gateway takes: the receipt of an `erase` lists what was shared under `not_at_provider`; the person \
revokes the grant in idOS's own pages. Under a time lock they cannot before its end.
- A new key for an old grant: what was encrypted for one key stays so.
- Announcements that a grant was taken back or that notes changed: looks find it.
";

/// Nothing of the person is known.
fn nothing() -> serde_json::Value {
    json!({})
}
