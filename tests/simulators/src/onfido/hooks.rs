//! Webhooks by call (§3.1): listed, made, changed, removed, and a check's last event sent again.

use serde_json::{Map, Value, json};

use super::{
    bearer::WebhookOAuth,
    call::{Call, Reply},
    delivery::Webhook,
    records::{set, text, texts},
    settings::{Environment, Registration},
    valid::{self, Problems},
    words::{CHECK_COMPLETED, EVENTS},
    world::{Owner, World},
};
use crate::chance;

impl World {
    /// Adds a webhook as the Dashboard does; gives its id.
    pub(crate) fn register(&mut self, asked: Registration) -> String {
        let webhook = Webhook {
            id: chance::uuid(),
            account: asked.account.unwrap_or_else(|| self.first_account()),
            name: None,
            url: asked.url,
            enabled: true,
            environments: asked.environments.unwrap_or_else(|| vec![Environment::Live, Environment::Sandbox]),
            events: asked.events,
            payload_version: asked.payload_version.unwrap_or(3),
            token: asked.token.unwrap_or_else(signing_token),
            oauth: None,
            removed: false,
        };
        let id = webhook.id.clone();
        self.webhooks.push(webhook);
        id
    }

    pub(super) fn create_webhook(&mut self, call: &Call, owner: &Owner) -> Result<Reply, Reply> {
        let body = call.json()?;
        if text(&body, "url").is_empty() {
            return Err(Reply::wrong("url", "can't be blank"));
        }
        let mine = self.webhooks.iter().filter(|it| it.account == owner.account && !it.removed).count();
        if self.settings.most_webhooks.is_some_and(|most| mine >= most) {
            return Err(Reply::wrong("base", "the maximum number of webhooks has been reached"));
        }
        let mut webhook = Webhook {
            id: chance::uuid(),
            account: owner.account.clone(),
            name: None,
            url: String::new(),
            enabled: true,
            // a token answers for its own environment alone, whatever the description says (§3.1)
            environments: vec![owner.environment],
            events: None,
            payload_version: 3,
            token: signing_token(),
            oauth: None,
            removed: false,
        };
        change(&mut webhook, &body)?;
        let shown = webhook.shown();
        self.webhooks.push(webhook);
        Ok(Reply::created(shown))
    }

    pub(super) fn list_webhooks(&self, owner: &Owner) -> Reply {
        let own = self.webhooks.iter().filter(|it| it.account == owner.account && !it.removed);
        let rows: Value = own.map(Webhook::shown).collect();
        Reply::ok(json!({ "webhooks": rows }))
    }

    pub(super) fn get_webhook(&self, owner: &Owner, id: &str) -> Result<Reply, Reply> {
        let place = self.own_webhook(owner, id)?;
        self.webhooks.get(place).map(|it| Reply::ok(it.shown())).ok_or_else(Reply::absent)
    }

    pub(super) fn update_webhook(&mut self, call: &Call, owner: &Owner, id: &str) -> Result<Reply, Reply> {
        let body = call.json()?;
        let place = self.own_webhook(owner, id)?;
        let webhook = self.webhooks.get_mut(place).ok_or_else(Reply::absent)?;
        change(webhook, &body)?;
        let (enabled, shown) = (webhook.enabled, webhook.shown());
        if !enabled {
            self.frame.outbox.drop_where(|letter| letter.webhook == *id);
        }
        Ok(Reply::ok(shown))
    }

    pub(super) fn delete_webhook(&mut self, owner: &Owner, id: &str) -> Result<Reply, Reply> {
        self.own_webhook(owner, id)?;
        self.remove_webhook(id);
        Ok(Reply::no_content())
    }

    /// No delivery goes there any more; what is under way is dropped.
    pub(super) fn remove_webhook(&mut self, id: &str) {
        self.webhooks.iter_mut().filter(|it| it.id == id).for_each(|it| it.removed = true);
        self.frame.outbox.drop_where(|letter| letter.webhook == *id);
    }

    fn own_webhook(&self, owner: &Owner, id: &str) -> Result<usize, Reply> {
        let own = |it: &Webhook| it.id == id && it.account == owner.account && !it.removed;
        self.webhooks.iter().position(own).ok_or_else(Reply::absent)
    }

    /// To every webhook of the environment, whatever it lists (§3.1).
    pub(super) fn resend(&mut self, call: &Call, owner: &Owner) -> Result<Reply, Reply> {
        let body = call.json()?;
        let rows = body.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
        if rows.is_empty() || rows.iter().any(|row| text(row, "event") != CHECK_COMPLETED) {
            return Err(Reply::wrong("event", "is invalid"));
        }
        let mut places = Vec::new();
        for row in &rows {
            let happened = |it: &super::events::Event| {
                it.record.object == text(row, "resource_id")
                    && it.record.action == CHECK_COMPLETED
                    && it.owner == *owner
            };
            let place = self.events.iter().rposition(happened);
            places.push(place.ok_or_else(|| Reply::wrong("resource_id", "is invalid"))?);
        }
        for place in places {
            self.send_to_all(place);
        }
        Ok(Reply::no_content())
    }
}

/// The members that a body may set; unknown ones are ignored.
fn change(webhook: &mut Webhook, body: &Value) -> Result<(), Reply> {
    let mut problems = Problems::default();
    if let Some(url) = body.get("url").and_then(Value::as_str) {
        if !valid::is_web_address(url) {
            problems.add("url", "must be an https address");
        }
        url.clone_into(&mut webhook.url);
    }
    if let Some(environments) = body.get("environments") {
        let named = |it: &String| [Environment::Live, Environment::Sandbox].into_iter().find(|env| env.name() == it);
        let read: Option<Vec<_>> = texts(Some(environments)).iter().map(named).collect();
        match read.filter(|it| !it.is_empty()) {
            Some(environments) => webhook.environments = environments,
            None => problems.add("environments", "is invalid"),
        }
    }
    if let Some(events) = body.get("events") {
        let events = texts(Some(events));
        if events.iter().any(|event| !EVENTS.contains(&event.as_str())) {
            problems.add("events", "is invalid");
        }
        webhook.events = Some(events);
    }
    problems.settled()?;
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        webhook.name = Some(name.to_owned());
    }
    webhook.enabled = body.get("enabled").and_then(Value::as_bool).unwrap_or(webhook.enabled);
    webhook.payload_version = body.get("payload_version").and_then(Value::as_u64).unwrap_or(webhook.payload_version);
    webhook.oauth = oauth(webhook.oauth.as_ref(), body)?;
    Ok(())
}

fn oauth(before: Option<&WebhookOAuth>, body: &Value) -> Result<Option<WebhookOAuth>, Reply> {
    let member = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    match body.get("oauth_enabled").and_then(Value::as_bool) {
        None => return Ok(before.cloned()),
        Some(false) => return Ok(None),
        Some(true) => {}
    }
    let wanted = |name: &'static str| member(name).ok_or_else(|| Reply::wrong(name, "can't be blank"));
    Ok(Some(WebhookOAuth {
        server_url: wanted("oauth_server_url")?,
        client_id: wanted("oauth_server_client_id")?,
        client_secret: wanted("oauth_server_client_secret")?,
        scope: member("oauth_server_scope"),
    }))
}

impl Webhook {
    /// With the signing token: every answer has it (§3.1).
    pub(super) fn shown(&self) -> Value {
        let events = self.events.clone().unwrap_or_else(|| EVENTS.map(str::to_owned).to_vec());
        let environments: Vec<&str> = self.environments.iter().map(|it| it.name()).collect();
        let mut shown = json!({
            "id": self.id, "name": self.name, "url": self.url, "enabled": self.enabled, "environments": environments,
            "events": events, "payload_version": self.payload_version, "token": self.token,
            "href": format!("/webhooks/{}", self.id), "oauth_enabled": self.oauth.is_some(),
        });
        let oauth = self.oauth.as_ref();
        let members: Map<String, Value> = [
            ("oauth_server_url", oauth.map(|it| it.server_url.clone())),
            ("oauth_server_client_id", oauth.map(|it| it.client_id.clone())),
            ("oauth_server_client_secret", oauth.map(|it| it.client_secret.clone())),
            ("oauth_server_scope", oauth.and_then(|it| it.scope.clone())),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
        for (name, value) in members {
            set(&mut shown, &name, value);
        }
        shown
    }
}

/// 32 characters of `[0-9A-Za-z_-]`, as the samples.
fn signing_token() -> String {
    chance::token().chars().take(32).collect()
}
