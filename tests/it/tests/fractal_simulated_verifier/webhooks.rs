//! Webhooks as the simulator sends them: what proves one, what becomes of it.

use idv_gateway::domain::{Claim, ClaimClass, Status};
use idv_gateway::ports::{Event, Unreadable, Whose};
use idv_gateway::proof::{Context, Proofs, Unverified, prove};
use idv_simulators::fractal::{Act, Forgery, Generation, Seal, Visit, WebhookManner, WebhookRule};
use serde_json::{Value, json};

use super::harness::{Bench, GENERATIONS, ONBOARDING, SOON, user};
use super::posts::Post;

/// Why it is refused, or what it is reduced to.
fn judged(bench: &Bench, post: &Post) -> Result<Result<Event, Unreadable>, &'static str> {
    judged_by(bench, post, &json!({"hmac": [{"secret": bench.client.webhook_secret}]}))
}

fn judged_by(bench: &Bench, post: &Post, proofs: &Value) -> Result<Result<Event, Unreadable>, &'static str> {
    let proofs: Proofs = serde_json::from_value(proofs.clone()).unwrap();
    let headers: Vec<(&[u8], &[u8])> =
        post.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let received_at = bench.now();
    let request = Unverified { headers: &headers, body: &post.body, url_key: None, source: None, received_at };
    let context = Context { tenant: "acme", connection: "fractal" };
    match prove(bench.account.specification(), &proofs, request, context) {
        Ok(proven) => Ok(bench.account.event(proven)),
        Err(refusal) => Err(refusal.code()),
    }
}

fn looked_at(person: &str, class: ClaimClass, kind: &str) -> Result<Result<Event, Unreadable>, &'static str> {
    let claims = class != ClaimClass::Nothing;
    let claim = if claims { Claim { class, part: Some(user(person)), at: None } } else { Claim::nothing() };
    Ok(Ok(Event::Look { subject: user(person), claim, kind: kind.to_owned() }))
}

/// The webhook of one approval, sent in that manner.
async fn approved_in(generation: Generation, manner: Option<WebhookManner>) -> (Bench, String, Vec<Post>) {
    let bench = Bench::of(generation).await;
    let (_, person) = bench.arrived().await;
    if let Some(manner) = manner {
        bench.fractal.misdeliver(WebhookRule::always(manner));
    }
    bench.fractal.act(&person, Act::approve_all()).unwrap();
    bench.fractal.quiet(SOON).await.unwrap();
    let posts = bench.posts.all();
    (bench, person, posts)
}

#[tokio::test]
async fn a_decision_is_told_and_found() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (run, person) = bench.arrived().await;
        let before = bench.parts(&run).await;
        bench.fractal.act(&person, Act::reject_all("Testa Sample's passport is blurred")).unwrap();
        bench.fractal.quiet(SOON).await.unwrap();
        let posts = bench.posts.all();
        assert_eq!(posts.len(), 1);
        let judged = judged(&bench, &posts[0]);
        assert_eq!(judged, looked_at(&person, ClaimClass::Decided, "rejected"), "and of the note nothing");
        let Ok(Ok(Event::Look { claim, .. })) = judged else { panic!("no look") };
        assert!(claim.contradicts(&before), "what was read before cannot be all");
        assert!(!claim.contradicts(&bench.parts(&run).await));
        assert_eq!(bench.seen(&run).await.status, Status::Rejected);
    }
}

/// Nothing may remember a body: the second is as true as the first.
#[tokio::test]
async fn two_approvals_have_the_same_bytes_and_each_is_heard() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (run, person) = bench.arrived().await;
        for act in [Act::approve_all(), Act::reject_all("changed our mind"), Act::approve_all()] {
            bench.fractal.act(&person, act).unwrap();
            bench.fractal.quiet(SOON).await.unwrap();
        }
        let posts = bench.posts.all();
        let approvals: Vec<&Post> =
            posts.iter().filter(|post| !post.body.windows(8).any(|at| at == b"rejected")).collect();
        assert_eq!((posts.len(), approvals.len()), (3, 2));
        assert_eq!(approvals[0].body, approvals[1].body);
        for approval in approvals {
            assert_eq!(judged(&bench, approval), looked_at(&person, ClaimClass::Decided, "approved"));
        }
        assert_eq!(bench.seen(&run).await.status, Status::Approved);
    }
}

#[tokio::test]
async fn only_the_generations_own_signature_proves() {
    let mismatch = Err("signature_mismatch");
    let malformed = Err("signature_malformed");
    for (seal, refused) in [
        (Seal::Absent, Err("signature_missing")),
        (Seal::Empty, malformed),
        (Seal::WrongSecret, mismatch),
        (Seal::Reserialised, mismatch),
        (Seal::Truncated, malformed),
        (Seal::Twice, Err("signature_duplicated")),
        (Seal::Joined, malformed),
        (Seal::UpperCase, malformed),
        // `sha256=…`, as others have it
        (Seal::Prefix, malformed),
        // `sha1=…`: what a header looks like decides nothing
        (Seal::OtherGeneration, malformed),
        (Seal::OtherBody, mismatch),
    ] {
        for generation in GENERATIONS {
            let (bench, _, posts) = approved_in(generation, Some(WebhookManner::Sealed { seal })).await;
            assert_eq!(posts.len(), 1, "{seal:?}");
            assert_eq!(judged(&bench, &posts[0]).map(drop), refused, "{seal:?} {generation:?}");
        }
    }
}

#[tokio::test]
async fn the_raw_body_is_proven_however_it_is_written() {
    for manner in [WebhookManner::Pretty, WebhookManner::EscapedSlash, WebhookManner::ExtraField] {
        for generation in GENERATIONS {
            let (bench, person, posts) = approved_in(generation, Some(manner.clone())).await;
            assert_eq!(judged(&bench, &posts[0]), looked_at(&person, ClaimClass::Decided, "approved"), "{manner:?}");
            let mut other = posts[0].clone();
            other.body.push(b'\n');
            assert_eq!(judged(&bench, &other), Err("signature_mismatch"), "{manner:?}");
        }
    }
}

#[tokio::test]
async fn repeats_strangers_and_broken_bodies() {
    for generation in GENERATIONS {
        let (bench, person, posts) = approved_in(generation, Some(WebhookManner::Repeated { copies: 3 })).await;
        assert_eq!(posts.len(), 3);
        for post in &posts {
            assert_eq!(judged(&bench, post), looked_at(&person, ClaimClass::Decided, "approved"));
        }
        let (bench, _, posts) = approved_in(generation, Some(WebhookManner::Truncated)).await;
        assert!(matches!(judged(&bench, &posts[0]), Ok(Err(Unreadable::NotAnEvent(_)))));
        let (bench, person, posts) = approved_in(generation, Some(WebhookManner::InventedUser)).await;
        let Ok(Ok(Event::Look { subject, .. })) = judged(&bench, &posts[0]) else { panic!("no look") };
        assert_ne!(subject, user(&person));
        assert_eq!(bench.account.resolve(bench.reach(), &subject).await, Ok(Whose::Nobodys));
    }
}

/// A word that is not known is looked into, and claims nothing.
#[tokio::test]
async fn an_unknown_status_is_a_reason_to_look_and_no_more() {
    for generation in GENERATIONS {
        for (name, kind) in [("pending", "pending"), ("on_hold", "on_hold"), ("Testa Sample", "not_a_word")] {
            let manner = WebhookManner::UnknownType { name: name.to_owned() };
            let (bench, person, posts) = approved_in(generation, Some(manner)).await;
            assert_eq!(judged(&bench, &posts[0]), looked_at(&person, ClaimClass::Nothing, kind), "{name}");
        }
    }
}

/// A proven lie causes one look, and the look finds the truth.
#[tokio::test]
async fn a_forged_approval_is_refused_and_a_false_one_decides_nothing() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (run, person) = bench.arrived().await;
        let forged = Forgery::invented(generation, bench.posts.url(), 1).about(vec![person.clone()]);
        bench.fractal.forge(forged.clone()).await;
        bench.fractal.forge(forged.signed_with(bench.client.webhook_secret.clone())).await;
        let posts = bench.posts.all();
        assert_eq!(judged(&bench, &posts[0]), Err("signature_mismatch"));
        assert_eq!(judged(&bench, &posts[1]), looked_at(&person, ClaimClass::Decided, "approved"));
        assert_eq!(bench.seen(&run).await.status, Status::InReview);
    }
}

#[tokio::test]
async fn a_secret_proves_while_it_is_listed() {
    for generation in GENERATIONS {
        let (bench, _, posts) = approved_in(generation, None).await;
        let (secret, other) = (bench.client.webhook_secret.clone(), "another-webhook-secret-0001");
        let listed =
            |secrets: &[&str]| json!({"hmac": secrets.iter().map(|it| json!({"secret": it})).collect::<Value>()});
        assert!(judged_by(&bench, &posts[0], &listed(&[other, &secret])).is_ok(), "while it is changed");
        assert_eq!(judged_by(&bench, &posts[0], &listed(&[other])).map(drop), Err("signature_mismatch"));
        assert_eq!(judged_by(&bench, &posts[0], &json!({})).map(drop), Err("nothing_configured"));
    }
}

/// It overtakes the person: nothing of theirs is known yet, and nothing of it is lost.
#[tokio::test]
async fn a_decision_may_come_before_the_person() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (started, page) = bench.begun(ONBOARDING, 1).await;
        let (person, code) = bench.visited(&page, &Visit::default());
        bench.fractal.act(&person, Act::approve_all()).unwrap();
        bench.fractal.quiet(SOON).await.unwrap();
        assert_eq!(
            bench.account.resolve(bench.reach(), &user(&person)).await,
            Ok(Whose::Nobodys),
            "parked by the core"
        );
        assert_eq!(bench.seen(&started.subject).await.status, Status::LinkIssued);
        bench.exchanged(&started.subject, Some(&code)).await.unwrap();
        assert_eq!(bench.seen(&started.subject).await.status, Status::Approved);
    }
}
