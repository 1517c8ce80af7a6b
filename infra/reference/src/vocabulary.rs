//! The closed lists of the domain.

use idv_gateway::domain::{
    Ask, Asked, ChangeKind, Channel, ClaimClass, DecidedBy, Evidence, Reason, Standing, Status, SubjectKind, Wanted,
};

use crate::pages::Page;
use crate::table::{code, table};

macro_rules! list {
    ($body:ident, $type:ty, $title:literal, $about:literal) => {
        let rows = <$type>::ALL.iter().map(|word| vec![code(word), word.describe().to_owned()]);
        $body.push_str(&format!("## {}\n\n{}\n\n{}\n", $title, $about, table(&["word", "meaning"], rows)));
    };
}

pub(crate) fn page() -> Page {
    let mut body = String::new();
    statuses(&mut body);
    list!(body, Reason, "Reasons", "Why, with the provider's own code beside it.");
    list!(body, Ask, "Actions", "What is asked. The link for it comes through `resume`, it is never in a change.");
    list!(body, Asked, "Asked of", "Of whom it is asked.");
    list!(body, DecidedBy, "Decided by", "Who decided.");
    list!(body, ChangeKind, "Kinds of change", "What a numbered change is about.");
    list!(body, Wanted, "Kinds a destination may ask for", "`delivery.kinds`; what is sent only on request says so.");
    list!(body, Evidence, "Evidence", "What made us look.");
    list!(body, Standing, "Standings of a part", "Where one piece of evidence stands.");
    list!(
        body,
        ClaimClass,
        "Claims of a notice",
        "What an event says has happened: a reason to look again, never the news."
    );
    list!(body, SubjectKind, "Kinds of subject", "Who is verified.");
    list!(body, Channel, "Channels", "How the person comes to the provider.");
    Page::of("vocabulary.md", "Vocabulary", "Every word that is ever said to an app or a tenant's system.", &body)
}

fn statuses(body: &mut String) {
    let rows = Status::ALL.iter().map(|status| {
        let settled = if status.is_settled() { "yes" } else { "" };
        vec![code(status), settled.to_owned(), status.describe().to_owned()]
    });
    let about = "Settled is not frozen: a later look may overturn it, and the change says so (`overturned`).";
    body.push_str(&format!("## Statuses\n\n{about}\n\n{}\n", table(&["word", "settled", "meaning"], rows)));
}
