//! The walk through what is deployed: the version before, this one over it, and back, with onboardings under way.

use std::path::Path;
use std::time::Duration;

use idv_simulators::fintechos::FintechOs;
use serde_json::{Value, json};

use crate::deployed::Deployed;
use crate::document::Document;
use crate::layout::Layout;
use crate::outside::{Outside, Tenant};
use crate::provider::{PROVIDERS, Provider, TO_FINTECHOS};
use crate::say::Progress;
use crate::shell::Shell;

/// A webhook leads to a delivery within seconds; a busy machine takes its time.
const PATIENCE: Duration = Duration::from_mins(2);
/// The reconciler comes each minute, and what it finds is due after 15 s.
const SOME_TICKS: Duration = Duration::from_mins(4);
/// The tenant of the version before.
const FIRST: &str = "acme";

/// One onboarding.
pub(crate) struct Case<'a> {
    pub(crate) name: String,
    pub(crate) outside: &'a Outside,
    pub(crate) tenant: &'a Tenant,
    pub(crate) provider: Provider,
    pub(crate) onboarding: String,
    /// The provider's own id of it.
    pub(crate) run: String,
}

/// Everything, in order.
pub(crate) async fn walk(
    document: &Document,
    shell: &Shell,
    endpoint: &str,
    layout: &Layout,
    before: Option<&Path>,
    progress: &Progress,
) -> Result<(), String> {
    let outside = Outside::start().await?;
    let (what, root) = before.map_or(("deploying", layout.root()), |before| ("deploying the version before", before));
    let gateway = progress.step(what, Deployed::by(document, shell, endpoint, root)).await?;
    outside.send_webhooks_to(&gateway.api()?);
    progress.step("the first tenant", join(&gateway, layout, &outside, FIRST)).await?;

    let upgraded = begin(&gateway, &outside, Provider::Ondato, FIRST, "upgraded on its way").await?;
    progress.step("the same request by the document's command", typed(&gateway, layout, &upgraded)).await?;
    upgraded.is_captured(&gateway, progress).await?;
    if before.is_some() {
        progress.step("deploying this version over it", gateway.replace(layout.root())).await?;
    }
    progress.step("what began first ends in this version", upgraded.is_approved(&gateway, true, PATIENCE)).await?;

    for (_, tenant) in PROVIDERS.iter().filter(|(_, tenant)| *tenant != FIRST) {
        progress.step("one more tenant", join(&gateway, layout, &outside, tenant)).await?;
    }
    for (provider, tenant) in PROVIDERS {
        let name = format!("{} for {tenant}", provider.name());
        let whole = async {
            let case = begin(&gateway, &outside, provider, tenant, &name).await?;
            case.is_captured(&gateway, progress).await?;
            case.is_approved(&gateway, true, PATIENCE).await
        };
        progress.step(&format!("{name}, from the invocation to its last delivery"), whole).await?;
    }
    let step = "onfido for initech, into a FintechOS instance";
    progress.step(step, into_fintechos(&gateway, &outside, progress)).await?;
    progress.step("tenants' aliases", aliases(&gateway)).await?;
    progress.step("webhooks that prove nothing", forged(&gateway)).await?;
    progress.step("reading a function's log", gateway.block("logs", &[])).await?;
    progress.step("poison", poison(&gateway)).await?;
    progress.step("a webhook that never comes, found by the schedule", lost(&gateway, &outside)).await?;

    if let Some(before) = before {
        let returned = begin(&gateway, &outside, Provider::Ondato, FIRST, "rolled back on its way").await?;
        returned.is_captured(&gateway, progress).await?;
        progress.step("deploying the version before again", gateway.replace(before)).await?;
        let finished = returned.is_approved(&gateway, true, PATIENCE);
        progress.step("what began in this version ends in the version before", finished).await?;
        progress.step("what ended in this version is read by the version before", upgraded.is_read(&gateway)).await?;
    }
    outside.stop().await;
    progress.step("the stack goes, what it must leave stays", remove(&gateway)).await
}

/// What is the record outlives the stack.
async fn remove(gateway: &Deployed<'_>) -> Result<(), String> {
    gateway.block("remove", &[]).await?;
    gateway.table_is_there().await?;
    gateway.ring("a queue that stays takes messages").await.map(drop)
}

/// The operator takes a tenant on: secret, index, alias.
async fn join(gateway: &Deployed<'_>, layout: &Layout, outside: &Outside, tenant: &str) -> Result<(), String> {
    if tenant != FIRST {
        read_back(gateway, layout).await?;
    }
    write(layout, &format!("{tenant}.json"), &outside.configuration(outside.tenant(tenant)?))?;
    let all: Vec<&str> = outside.tenants().map(|tenant| tenant.name).collect();
    let before = all.iter().take_while(|name| **name != tenant);
    let names: Vec<&str> = before.copied().chain([tenant]).collect();
    let versions: serde_json::Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), json!("1"))).collect();
    write(layout, "index.json", &json!({ "tenants": versions, "aliases": {}, "prefetch": names }))?;

    let folder = layout.work().display().to_string();
    let named = [("TENANT", tenant), ("PRIVATE", folder.as_str()), ("APP", "arn:aws:iam::000000000000:role/app")];
    gateway.block("tenant", &named).await?;
    gateway.block(if names.len() == 1 { "index" } else { "change" }, &named).await?;
    gateway.block("alias", &named).await.map(drop)
}

/// The files are lost, and read back as they were put.
async fn read_back(gateway: &Deployed<'_>, layout: &Layout) -> Result<(), String> {
    let folder = layout.work();
    let paths = [format!("{FIRST}.json"), "index.json".to_owned()].map(|name| folder.join(name));
    let read = |path: &Path| -> Result<Value, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    };
    let put: Vec<Value> = paths.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    for path in &paths {
        std::fs::remove_file(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let private = folder.display().to_string();
    gateway.block("current", &[("TENANT", FIRST), ("PRIVATE", private.as_str())]).await?;
    let stored: Vec<Value> = paths.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    if stored == put { Ok(()) } else { Err("what is read back is not what was put".to_owned()) }
}

/// An app invokes `start` and hands the link to a person.
async fn begin<'a>(
    gateway: &Deployed<'_>,
    outside: &'a Outside,
    provider: Provider,
    tenant: &str,
    name: &str,
) -> Result<Case<'a>, String> {
    let tenant = outside.tenant(tenant)?;
    entered(gateway, outside, provider, tenant, name, &start(provider, tenant, name)).await
}

async fn entered<'a>(
    gateway: &Deployed<'_>,
    outside: &'a Outside,
    provider: Provider,
    tenant: &'a Tenant,
    name: &str,
    request: &Value,
) -> Result<Case<'a>, String> {
    let answer = gateway.ask(tenant.name, request).await.map_err(|error| format!("{name}: {error}"))?;
    let onboarding = answer.pointer("/onboarding_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let run = outside
        .run(provider, &onboarding, &email_of(name))
        .ok_or(format!("{name}: the provider has nothing of ours"))?;
    outside.leads(provider, &run, &answer).map_err(|fault| format!("{name}: {fault}"))?;
    Ok(Case { name: name.to_owned(), outside, tenant, provider, onboarding, run })
}

fn email_of(name: &str) -> String {
    format!("{}@example.com", name.replace(' ', "-"))
}

fn start(provider: Provider, tenant: &Tenant, name: &str) -> Value {
    let key = name.replace(' ', "-");
    json!({
        "action": "start", "tenant": tenant.name, "connection": provider.name(), "reference": format!("customer-{key}"),
        "channel": provider.channel(), "subject": provider.subject(&email_of(name)),
        "return_url": format!("{}/done", tenant.app.base_url()), "idempotency_key": key,
    })
}

/// The command of the document with the same key is answered with the same onboarding.
async fn typed(gateway: &Deployed<'_>, layout: &Layout, case: &Case<'_>) -> Result<(), String> {
    let request = start(case.provider, case.tenant, &case.name);
    write(layout, "start.json", &request)?;
    let folder = layout.work().display().to_string();
    let answer = gateway.block("start", &[("TENANT", case.tenant.name), ("PRIVATE", folder.as_str())]).await?;
    if answer.contains(&case.onboarding) { Ok(()) } else { Err(format!("the command was answered {answer}")) }
}

fn write(layout: &Layout, name: &str, value: &Value) -> Result<(), String> {
    let path = layout.work().join(name);
    std::fs::write(&path, value.to_string()).map_err(|error| format!("{}: {error}", path.display()))
}

impl Case<'_> {
    /// The person does her part; the application is told.
    async fn is_captured(&self, gateway: &Deployed<'_>, progress: &Progress) -> Result<(), String> {
        self.is_shown(gateway, progress).await?;
        self.heard(self.provider.captured(), PATIENCE).await
    }

    /// The same, and nobody waits for what comes of it.
    async fn is_shown(&self, gateway: &Deployed<'_>, progress: &Progress) -> Result<(), String> {
        progress.say(&format!("{}: the person does her part", self.name));
        self.outside.capture(self.provider, &self.run)?;
        if self.provider.is_submitted() {
            let key = format!("submits-{}", self.onboarding);
            let request = json!({
                "action": "submit", "tenant": self.tenant.name, "onboarding_id": self.onboarding, "idempotency_key": key,
            });
            gateway.ask(self.tenant.name, &request).await?;
        }
        Ok(())
    }

    /// The provider approves; everybody agrees on it.
    async fn is_approved(&self, gateway: &Deployed<'_>, webhooks: bool, patience: Duration) -> Result<(), String> {
        self.outside.approve(self.provider, &self.run)?;
        self.ends(gateway, "approved", patience).await?;
        self.outside.quiet(PATIENCE).await?;
        let (sent, accepted) = self.outside.webhooks(self.provider, &self.run);
        match (webhooks, sent, accepted) {
            (true, 1.., true) | (false, 0, _) => Ok(()),
            _ => Err(format!("{}: {sent} webhooks were sent, all accepted at once: {accepted}", self.name)),
        }
    }

    /// Whatever version runs: it is there, whole.
    async fn is_read(&self, gateway: &Deployed<'_>) -> Result<(), String> {
        self.ends(gateway, "approved", PATIENCE).await
    }
}

/// The tenant's other connection leads to an instance, which gets each report of the check once.
async fn into_fintechos(gateway: &Deployed<'_>, outside: &Outside, progress: &Progress) -> Result<(), String> {
    let (provider, name) = (Provider::Onfido, "into FintechOS");
    let tenant = outside.tenant("initech")?;
    let mut request = start(provider, tenant, name);
    if let Some(members) = request.as_object_mut() {
        members.insert("connection".to_owned(), json!(TO_FINTECHOS));
    }
    let case = entered(gateway, outside, provider, tenant, name, &request).await?;
    case.is_shown(gateway, progress).await?;
    outside.approve(provider, &case.run)?;
    let reports = outside.reports(&case.run);
    let all = |instance: &FintechOs| reports.iter().all(|report| !instance.accepted_about(report).is_empty());
    let waited = outside.instance.wait_for(all, PATIENCE).await;
    let accepted = outside.instance.accepted();
    let signed_in = outside.instance.sign_ins();
    if waited.is_ok() && accepted.len() == 2 && reports.len() == 2 && signed_in.refused == 0 {
        return Ok(());
    }
    Err(format!("of {reports:?} the instance has {accepted:?}; {signed_in:?}"))
}

/// A tenant's alias acts for that tenant alone.
async fn aliases(gateway: &Deployed<'_>) -> Result<(), String> {
    let request = json!({ "action": "list", "tenant": FIRST });
    let own = gateway.invoke(Some("t-acme"), &request).await?;
    if own.get("error").is_some() {
        return Err(format!("the tenant's own alias was refused: {own}"));
    }
    let another = gateway.invoke(Some("t-globex"), &request).await?;
    match another.pointer("/error/code").and_then(Value::as_str) {
        Some("forbidden") => Ok(()),
        Some(_) | None => Err(format!("another tenant's alias was answered: {another}")),
    }
}

/// What is not proven is refused, of a tenant that there is and of one that there is not; no other path is answered.
async fn forged(gateway: &Deployed<'_>) -> Result<(), String> {
    let body = r#"{"id":"1","type":"KycIdentification.Approved","payload":{"id":"1"}}"#;
    let expected = [
        ("/v1/webhooks/acme/ondato", 401),
        ("/v1/webhooks/nobody/ondato", 401),
        ("/v1/webhooks/acme", 404),
        ("/v2/webhooks/acme/ondato", 404),
    ];
    for (path, status) in expected {
        let answered = gateway.post(path, body).await?;
        if answered != status {
            return Err(format!("POST {path} was answered {answered} instead of {status}"));
        }
    }
    Ok(())
}

/// A record that no repetition cures goes to the dead letters with its cause.
async fn poison(gateway: &Deployed<'_>) -> Result<(), String> {
    let id = gateway.ring("this is no notice").await?;
    let letter = gateway.dead_letter(PATIENCE).await?;
    let attributes = letter.message_attributes.unwrap_or_default();
    let told = |name: &str| attributes.get(name).and_then(|value| value.string_value.clone()).unwrap_or_default();
    let right = told("cause") == "unreadable_record"
        && told("source_queue").contains("Notices")
        && told("original_id") == id
        && told("first_sent").parse::<u64>().is_ok()
        && letter.body.as_deref() == Some("this is no notice");
    if right { Ok(()) } else { Err(format!("the dead letter is {:?} with {attributes:?}", letter.body)) }
}

/// No webhook comes: the schedule invokes the reconciler, which rings.
async fn lost(gateway: &Deployed<'_>, outside: &Outside) -> Result<(), String> {
    let case = begin(gateway, outside, Provider::Ondato, FIRST, "without webhooks").await?;
    outside.lose_webhooks(case.provider, &case.run);
    outside.capture(case.provider, &case.run)?;
    case.is_approved(gateway, false, SOME_TICKS).await
}
