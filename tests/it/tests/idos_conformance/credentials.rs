//! A simulated node over HTTP, whose credentials, proofs and boxes other code makes than the adapter's, and an account
//! that accepts its first issuer.

use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER};
use idv_gateway::adapters::http::{HttpLimits, ReqwestHttp};
use idv_gateway::adapters::world::system;
use idv_gateway::domain::schedule::Pace;
use idv_gateway::domain::{
    Assessment, Channel, ConnectionKey, ConnectionName, Opinion, Part, Snapshot, Standing, Status, Tenant,
};
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::memory::way::MemoryWay;
use idv_gateway::ports::{Account, Reach, World};
use idv_simulators::idos::{Consumer, Draft, Idos, Settings, Share, Shared, Sharer};
use serde_json::{Value, json};
use url::Url;

use crate::harness::{configured, wish};

const SIGNING: [u8; 32] = [0x42; 32];
const ENCRYPTION: [u8; 32] = [0x21; 32];
/// Of the person whom the simulator invents: none of it may be kept.
const PERSONAL: [&str; 7] = ["Testa", "Quill", "Sample", "Mallory", "TEST0001X", "Musterstadt", "1990-05-17"];

pub(crate) struct Stand {
    pub(crate) idos: Idos,
    pub(crate) account: Arc<dyn Account>,
    consumer: Consumer,
    http: ReqwestHttp,
    world: World,
    connection: ConnectionKey,
    public_url: Url,
    login: MemoryLogin,
    way: MemoryWay,
}

/// What a copy came to.
pub(crate) struct Seen {
    pub(crate) part: Part,
    pub(crate) opinion: Opinion,
}

impl Seen {
    pub(crate) fn word(&self) -> &str {
        &self.part.provider_status
    }

    /// A code that is told, and no approval, neither of the part nor of the whole.
    pub(crate) fn is_refusal(&self) -> bool {
        let told = self.opinion.reasons.iter().any(|because| because.provider_code.as_deref() == Some(self.word()));
        told && self.opinion.status != Status::Approved && self.part.standing != Standing::Approved
    }
}

impl Stand {
    pub(crate) async fn of(user_shared: &str) -> Self {
        let idos = Idos::start(Settings::default()).await.unwrap();
        let issuer = idos.issuers().remove(0);
        let settings = json!({
            "user_shared": user_shared,
            "share_url": "https://share.example.com/",
            "issuers": [{
                "base_url": issuer.base_url,
                "public_key": issuer.public_key_multibase,
                "signers": [issuer.issuer_auth_public_key],
            }],
        });
        let api = json!({"signing_key": HEXLOWER.encode(&SIGNING), "encryption_key": BASE64.encode(&ENCRYPTION)});
        let account = configured(&idos.base_urls(), &api, &settings).unwrap();
        let world = system(Pace::REAL);
        let http = ReqwestHttp::new(true, HttpLimits::default(), Arc::clone(&world.clock)).unwrap();
        let connection =
            ConnectionKey { tenant: Tenant::parse("acme").unwrap(), name: ConnectionName::parse("idos").unwrap() };
        let public_url = Url::parse("https://idv.example.com/").unwrap();
        let (login, way) = (MemoryLogin::default(), MemoryWay::new(public_url.clone()));
        let consumer = Consumer::of_secrets(&SIGNING, &ENCRYPTION);
        Self { idos, account, consumer, http, world, connection, public_url, login, way }
    }

    pub(crate) fn reach(&self) -> Reach<'_> {
        Reach {
            http: &self.http,
            world: &self.world,
            connection: &self.connection,
            public_url: &self.public_url,
            digest: &|data| format!("k.{}", data.len()),
            login: &self.login,
            grant: &self.login,
            way: &self.way,
        }
    }

    /// A credential for us, good unless said otherwise.
    pub(crate) fn to_us(&self) -> Share {
        Share::to(&self.consumer)
    }

    pub(crate) fn drafted(&self, draft: Draft, by: Sharer) -> Share {
        Share { content: draft.into(), by, ..self.to_us() }
    }

    /// Shares it and looks for that level.
    pub(crate) async fn shown(&self, share: &Share, level: &str) -> Seen {
        let shared = self.idos.share(share).unwrap();
        self.seen(&shared, level).await
    }

    pub(crate) async fn seen(&self, shared: &Shared, level: &str) -> Seen {
        let snapshot = self.snapshot(shared, level).await;
        let text = format!("{snapshot:?}");
        assert!(PERSONAL.iter().all(|personal| !text.contains(personal)), "{text}");
        let named = |part: &&Part| part.resource.id.as_str() == shared.credential_id;
        let part = snapshot.parts().iter().find(named).unwrap().clone();
        match self.account.assess(snapshot.parts()) {
            Assessment::Known(opinion) => Seen { part, opinion },
            Assessment::Unrecognised { resource } => panic!("{resource:?}"),
        }
    }

    async fn snapshot(&self, shared: &Shared, level: &str) -> Snapshot {
        let asked = wish(json!({"user_id": shared.user_id}), json!({"level": level}), Channel::Link);
        let started = self.account.start(self.reach(), &asked).await.unwrap();
        self.account.look(self.reach(), &started.subject).await.unwrap()
    }

    /// What the tenant is shown of that user.
    pub(crate) async fn details(&self, shared: &Shared) -> Value {
        let asked = wish(json!({"user_id": shared.user_id}), json!({}), Channel::Link);
        let started = self.account.start(self.reach(), &asked).await.unwrap();
        self.account.details(self.reach(), &started.subject).await.unwrap()
    }
}
