//! The idOS adapter on the simulated node, over HTTP: sign-in, payloads, boxes and proofs are checked and made there by
//! other code than the adapter's.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops loudly")]

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use idv_gateway::adapters::http::{HttpLimits, ReqwestHttp};
use idv_gateway::adapters::world::system;
use idv_gateway::domain::schedule::Pace;
use idv_gateway::domain::{
    Assessment, ConnectionKey, ConnectionName, Opinion, Part, ProviderId, Reason, Resource, ResourceKind, Standing,
    Status, Tenant,
};
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::memory::way::MemoryWay;
use idv_gateway::ports::{Account, ProviderError, Reach, Whose, World};
use idv_gateway::providers;
use idv_gateway::section::{Faults, Section};
use idv_simulators::idos::{
    Act, Blobs, Columns, Consumer, Content, ContentHash, Cookie, Draft, Endpoint, Flaw, Idos, LoginResult, Manner,
    NoRows, Place, Rule, Sealing, Settings, Share, Shared, Sharer, Visibility,
};
use serde_json::{Value, json};
use url::Url;

const ONBOARDING: &str = "onb_01M7VZGC00EXAMPEEXAMPEEXAM";
const SIGNING: [u8; 32] = [0x21; 32];
const OPENING: [u8; 32] = [0x22; 32];

struct Bench {
    idos: Idos,
    account: Arc<dyn Account>,
    http: ReqwestHttp,
    world: World,
    connection: ConnectionKey,
    public_url: Url,
    login: MemoryLogin,
    way: MemoryWay,
}

impl Bench {
    async fn of(simulated: Settings, settings: Value) -> Self {
        let idos = Idos::start(simulated).await.unwrap();
        let account = configured(&idos, &settings);
        let world = system(Pace::REAL);
        let http = ReqwestHttp::new(true, HttpLimits::default(), Arc::clone(&world.clock)).unwrap();
        let connection =
            ConnectionKey { tenant: Tenant::parse("acme").unwrap(), name: ConnectionName::parse("idos").unwrap() };
        let public_url = Url::parse("https://idv.example.com/").unwrap();
        let (login, way) = (MemoryLogin::default(), MemoryWay::new(public_url.clone()));
        Self { idos, account, http, world, connection, public_url, login, way }
    }

    async fn usual() -> Self {
        Self::of(Settings::default(), json!({})).await
    }

    fn reach(&self) -> Reach<'_> {
        Reach {
            http: &self.http,
            world: &self.world,
            connection: &self.connection,
            public_url: &self.public_url,
            digest: &|data| format!("k.{}", data.iter().map(|byte| u64::from(*byte)).sum::<u64>()),
            login: &self.login,
            grant: &self.login,
            way: &self.way,
        }
    }

    fn share(&self, share: &Share) -> Shared {
        self.idos.share(share).unwrap()
    }

    async fn parts(&self, shared: &Shared) -> Vec<Part> {
        self.account.look(self.reach(), &run(shared, "basic")).await.unwrap().parts().to_vec()
    }

    fn assessed(&self, parts: &[Part]) -> Opinion {
        match self.account.assess(parts) {
            Assessment::Known(opinion) => opinion,
            Assessment::Unrecognised { resource } => panic!("{resource}"),
        }
    }

    /// Status, first reason, and the code beside it.
    async fn seen(&self, shared: &Shared) -> (Status, Option<Reason>, String) {
        let opinion = self.assessed(&self.parts(shared).await);
        let first = opinion.reasons.first();
        let code = first.and_then(|because| because.provider_code.clone()).unwrap_or_default();
        (opinion.status, first.map(|because| because.code), code)
    }
}

fn us() -> Consumer {
    Consumer::of_secrets(&SIGNING, &OPENING)
}

fn good() -> Share {
    Share::to(&us())
}

fn configured(idos: &Idos, changed: &Value) -> Arc<dyn Account> {
    let issuer = &idos.issuers()[0];
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let base_urls = idos.base_urls();
    let api = json!({"signing_key": hex(&SIGNING), "encryption_key": data_encoding::BASE64.encode(&OPENING)});
    let mut settings = json!({
        "issuers": [{
            "base_url": issuer.base_url, "public_key": issuer.public_key_multibase,
            "signers": [issuer.issuer_auth_public_key],
        }],
        "share_url": "https://share.example.com/",
        "chain_id": idos.settings().chain_id,
    });
    settings.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
    let faults = Faults::default();
    let mut sections = [("base_urls", &base_urls), ("api", &api), ("settings", &settings)]
        .map(|(place, value)| Section::new(place, value, &faults));
    let [base_urls, api, settings] = &mut sections;
    let account = providers::configure("idos", base_urls, api, settings);
    sections.into_iter().for_each(Section::finish);
    let faults = faults.take();
    assert!(faults.is_empty(), "{faults:?}");
    account.unwrap()
}

fn resource(kind: &str, id: &str) -> Resource {
    Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse(id).unwrap() }
}

fn run(shared: &Shared, level: &str) -> Resource {
    resource("share", &format!("{ONBOARDING}.1.{level}.{}", shared.user_id))
}

fn copy(shared: &Shared) -> Resource {
    resource("credential", &shared.credential_id)
}

#[tokio::test]
async fn what_the_issuer_shared_is_fetched_opened_checked_and_approved() {
    for (simulated, place) in [
        (Settings::default(), Place::Inline),
        (Settings { columns: Columns::Older, ..Settings::default() }, Place::Inline),
        (Settings::default(), Place::Blob),
        (Settings::default(), Place::BlobOverText),
        (Settings::default(), Place::BlobOfSize(None)),
        (Settings { blobs: Blobs::ByCid, ..Settings::default() }, Place::Blob),
        (Settings { blobs: Blobs::ByCredential, ..Settings::default() }, Place::Blob),
        (Settings { cookie: Cookie::HostPrefix, gateway_status: 401, ..Settings::default() }, Place::Blob),
        (Settings { statement: "Sign in".to_owned(), no_rows: NoRows::Empty, ..Settings::default() }, Place::Inline),
    ] {
        let bench = Bench::of(simulated, json!({})).await;
        let shared = bench.share(&Share { place, ..good() });
        let about = Whose::About { subject: resource("user", &shared.user_id), part: copy(&shared) };
        assert_eq!(bench.account.resolve(bench.reach(), &copy(&shared)).await, Ok(about));
        let parts = bench.parts(&shared).await;
        let part = parts.iter().find(|part| part.resource == copy(&shared)).unwrap();
        assert_eq!((part.standing, part.provider_status.as_str()), (Standing::Approved, "verified"));
        assert_eq!(bench.assessed(&parts).status, Status::Approved);
        let feed = bench.account.feed(bench.reach(), None).await.unwrap();
        assert_eq!(feed.events.iter().map(|event| &event.event).collect::<Vec<_>>(), [&copy(&shared)]);
        let shown = bench.account.details(bench.reach(), &run(&shared, "basic")).await.unwrap();
        let said: Value = serde_json::from_str(&shared.plaintext).unwrap();
        let name = said["credentialSubject"]["familyName"].as_str().unwrap();
        assert!(shown.to_string().contains(name));
        assert!(!format!("{parts:?}").contains(name), "what is kept says nothing of the person");
        assert_eq!(bench.idos.sign_ins().given, 1, "one session for all of it");
        assert_eq!(bench.idos.logins().iter().map(|login| login.result).collect::<Vec<_>>(), [LoginResult::Given]);
    }
}

/// Bad input: each a reason code, never an approval, never a failed look.
#[tokio::test]
async fn what_is_not_good_has_its_reason() {
    use Reason::{
        DataMismatch, DocumentExpired, DocumentSuspectedFraud, DocumentUnsupported, MissingEvidence, Other,
        ProviderError,
    };
    use Status::{ActionRequired, Expired, InReview, Rejected};
    let of = |draft: Draft| Share { content: Content::from(draft), ..good() };
    let flawed = |flaw| of(Draft::flawed(flaw));
    let sealed = |sealing| Share { sealing, ..good() };
    let by_user = |share: Share| Share { by: Sharer::User, ..share };
    let (text, bench) =
        (|text: &str| Share { content: Content::Text(text.to_owned()), ..good() }, Bench::usual().await);
    for (share, status, reason, code) in [
        (sealed(Sealing::ForeignKey), ActionRequired, ProviderError, "box_unopenable"),
        (sealed(Sealing::WrongSender), ActionRequired, ProviderError, "box_unopenable"),
        (sealed(Sealing::Tampered), ActionRequired, ProviderError, "box_unopenable"),
        (sealed(Sealing::Truncated(200)), ActionRequired, ProviderError, "box_unopenable"),
        (sealed(Sealing::Truncated(20)), ActionRequired, ProviderError, "box_truncated"),
        (sealed(Sealing::ShortSender), ActionRequired, ProviderError, "box_sender_unusable"),
        (sealed(Sealing::NotBase64), ActionRequired, ProviderError, "box_not_base64"),
        (Share { content_hash: ContentHash::Wrong, ..good() }, ActionRequired, ProviderError, "hash_mismatch"),
        (Share { place: Place::Nowhere, ..good() }, ActionRequired, ProviderError, "content_missing"),
        (Share { place: Place::BlobOfSize(Some(7)), ..good() }, ActionRequired, DocumentUnsupported, "too_large"),
        (Share { place: Place::BlobOfSize(Some(99_999)), ..good() }, ActionRequired, ProviderError, "content_length"),
        (
            Share { place: Place::Elsewhere("ukyc://9b1c/blobs/77".to_owned()), ..good() },
            ActionRequired,
            DocumentUnsupported,
            "unsupported_storage",
        ),
        (of(Draft::by_stranger()), Rejected, DocumentUnsupported, "issuer_unknown"),
        (flawed(Flaw::ForeignKey), Rejected, DocumentSuspectedFraud, "proof_invalid"),
        (flawed(Flaw::Tampered), Rejected, DocumentSuspectedFraud, "proof_invalid"),
        (flawed(Flaw::LevelRaised), Rejected, DocumentSuspectedFraud, "proof_invalid"),
        (flawed(Flaw::ProofMissing), Rejected, DocumentUnsupported, "proof_missing"),
        (flawed(Flaw::UnknownContext), InReview, DocumentUnsupported, "unknown_context"),
        (flawed(Flaw::UnknownField), InReview, DocumentUnsupported, "unknown_member"),
        (flawed(Flaw::NotJson), Rejected, DocumentUnsupported, "not_a_credential"),
        (text("[]"), Rejected, DocumentUnsupported, "not_a_credential"),
        (of(Draft::expired()), Expired, DocumentExpired, "expired"),
        (by_user(good()), InReview, Other, "user_shared"),
        (by_user(flawed(Flaw::FieldsSwapped)), InReview, DataMismatch, "implausible"),
    ] {
        let shared = bench.share(&share);
        assert_eq!(bench.seen(&shared).await, (status, Some(reason), code.to_owned()));
    }
    let shared = bench.share(&of(Draft::of_level("basic")));
    let parts = bench.account.look(bench.reach(), &run(&shared, "plus:liveness")).await.unwrap().parts().to_vec();
    let opinion = bench.assessed(&parts);
    assert_eq!((opinion.status, opinion.reasons[0].code), (Rejected, MissingEvidence));
}

#[tokio::test]
async fn what_a_persons_own_copy_is_worth_is_the_tenants_word() {
    for (word, status) in [("review", Status::InReview), ("accept", Status::Approved), ("refuse", Status::Rejected)] {
        let bench = Bench::of(Settings::default(), json!({"user_shared": word})).await;
        let shared = bench.share(&Share { by: Sharer::User, ..good() });
        assert_eq!(bench.seen(&shared).await.0, status, "{word}");
    }
}

#[tokio::test]
async fn what_is_taken_back_is_gone() {
    let bench = Bench::usual().await;
    let shared = bench.share(&good());
    let before = bench.parts(&shared).await;
    bench.idos.act(&shared.credential_id, Act::RevokeNotes).unwrap();
    assert_eq!(bench.seen(&shared).await, (Status::Cancelled, Some(Reason::Overturned), "revoked".to_owned()));
    bench.idos.act(&shared.credential_id, Act::Revoke).unwrap();
    let after = bench.parts(&shared).await;
    assert!(after.iter().all(|part| part.resource != copy(&shared)));
    // as the core has it then
    let gone = before.into_iter().filter(|part| part.is_credential()).map(|part| Part { gone: true, ..part });
    let opinion = bench.assessed(&after.into_iter().chain(gone).collect::<Vec<_>>());
    assert_eq!((opinion.status, opinion.reasons[0].code), (Status::Cancelled, Reason::ConsentDeclined));
    assert_eq!(bench.account.resolve(bench.reach(), &copy(&shared)).await, Ok(Whose::Nobodys));
}

#[tokio::test]
async fn a_notice_may_be_ahead_of_the_node() {
    let bench = Bench::usual().await;
    let shared = bench.share(&Share { visibility: Visibility::Held, ..good() });
    assert_eq!(bench.account.resolve(bench.reach(), &copy(&shared)).await, Ok(Whose::Nobodys));
    assert_eq!(bench.seen(&shared).await.0, Status::LinkIssued);
    bench.idos.act(&shared.credential_id, Act::Show).unwrap();
    assert!(matches!(bench.account.resolve(bench.reach(), &copy(&shared)).await, Ok(Whose::About { .. })));
    assert_eq!(bench.seen(&shared).await.0, Status::Approved);
}

#[tokio::test]
async fn a_session_that_ends_is_begun_again_once() {
    let bench = Bench::usual().await;
    let shared = bench.share(&Share { place: Place::Blob, ..good() });
    assert_eq!(bench.seen(&shared).await.0, Status::Approved);
    bench.idos.expire_sessions();
    assert_eq!(bench.seen(&shared).await.0, Status::Approved);
    bench.idos.advance(Duration::from_secs(4_000));
    let looks = join_all((0..8).map(|_| bench.seen(&shared))).await;
    assert!(looks.iter().all(|seen| seen.0 == Status::Approved));
    assert_eq!((bench.idos.sign_ins().given, bench.idos.sign_ins().refused), (3, 0));
    // another process shares what the first has
    let other = configured(&bench.idos, &json!({}));
    other.look(bench.reach(), &run(&shared, "basic")).await.unwrap();
    assert_eq!(bench.idos.sign_ins().given, 3);
    assert_eq!(bench.idos.living_sessions(&us().wallet), 1);
    bench.idos.misbehave(Rule::always(Manner::not_authorized()).at(Endpoint::GetAccessGrantsGranted));
    let outcome = bench.account.look(bench.reach(), &run(&shared, "basic")).await.map(drop);
    assert_eq!(outcome, Err(ProviderError::Unauthorized));
    assert_eq!(bench.idos.sign_ins().given, 4);
}

/// The gateway's own challenge for somebody else: nothing is signed.
#[tokio::test]
async fn a_challenge_for_somebody_else_is_not_signed() {
    for (domain, chain) in [(Some("https://nodes.example.test"), "idos-example-1"), (None, "idos-other")] {
        let simulated = Settings { domain: domain.map(str::to_owned), ..Settings::default() };
        let bench = Bench::of(simulated, json!({"chain_id": chain})).await;
        let shared = bench.share(&good());
        let outcome = bench.account.look(bench.reach(), &run(&shared, "basic")).await.map(drop);
        assert_eq!(outcome, Err(ProviderError::Unauthorized));
        assert_eq!(bench.idos.logins().len(), 0);
    }
}

#[tokio::test]
async fn bad_manners_of_the_node_never_change_what_is_known() {
    let unavailable = ProviderError::Unavailable;
    for (endpoint, manner, expected) in [
        (Endpoint::GetAccessGrantsGranted, Manner::too_many_requests(), ProviderError::Busy { retry_after: None }),
        (Endpoint::GetCredentialShared, Manner::Status { code: 503 }, unavailable("its own fault")),
        (Endpoint::GetCredentialShared, Manner::Truncated, unavailable("the answer cannot be read")),
        (Endpoint::GetCredentialShared, Manner::Html, unavailable("the answer cannot be read")),
        (
            Endpoint::GetAccessGrantsGranted,
            Manner::ActionError { message: "out of gas".to_owned() },
            unavailable("an action reports a fault"),
        ),
        (
            Endpoint::GetAccessGrantsGranted,
            Manner::Rpc { code: -32_001, message: "timeout".to_owned() },
            unavailable("its database takes too long"),
        ),
        (
            Endpoint::GetAccessGrantsGranted,
            Manner::Redirect { to: "http://127.0.0.1:1/".to_owned() },
            unavailable("an unexpected status"),
        ),
        (Endpoint::Authn, Manner::NoCookie, unavailable("the sign-in gave no session")),
    ] {
        let bench = Bench::usual().await;
        let shared = bench.share(&good());
        bench.idos.misbehave(Rule::always(manner.clone()).at(endpoint));
        let outcome = bench.account.look(bench.reach(), &run(&shared, "basic")).await.map(drop);
        assert_eq!(outcome, Err(expected), "{manner:?}");
        bench.idos.behave();
        assert_eq!(bench.seen(&shared).await.0, Status::Approved);
    }
    for manner in [Manner::ExtraColumn, Manner::ColumnsReversed] {
        let bench = Bench::usual().await;
        let shared = bench.share(&Share { place: Place::Blob, ..good() });
        bench.idos.misbehave(Rule::always(manner));
        assert_eq!(bench.seen(&shared).await.0, Status::Approved);
    }
}

/// Documents are inside; what they weigh is read and judged within a look's time.
#[tokio::test]
async fn megabytes_are_read_by_either_way() {
    let bench = Bench::usual().await;
    let draft = Draft { front_file_bytes: Some(3_400_000), ..Draft::default() };
    let mut shared = None;
    for place in [Place::Inline, Place::Blob] {
        let latest = bench.share(&Share { place, content: Content::from(draft.clone()), ..good() });
        assert_eq!(bench.seen(&latest).await.0, Status::Approved);
        shared = Some(latest);
    }
    let shared = shared.unwrap();
    assert!(shared.plaintext.len() > 4 * 1024 * 1024);
    let shown = bench.account.details(bench.reach(), &run(&shared, "basic")).await.unwrap();
    assert!(shown.to_string().len() < 4 * 1024 * 1024, "files are left out");
}
