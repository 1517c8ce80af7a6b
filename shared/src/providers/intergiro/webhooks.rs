//! `GET` and `POST /v3/webhooks`: that they exist is read in a public client's code. The bodies are assumed:
//! `{"url"}` to register, `{"id", "url"}` in answers. Whether a choice of events belongs to it is open.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Intergiro;
use super::api::Order;
use crate::ports::{Method, ProviderError, Reach, Registration};
use crate::providers::answer;
use crate::secret::Secret;

/// Nobody has more.
const PAGES: u8 = 5;

#[derive(Deserialize)]
struct Registered {
    id: Option<Value>,
    url: Option<Value>,
}

impl Registered {
    fn id(&self) -> Option<String> {
        let id = self.id.as_ref()?;
        id.as_str().map(str::to_owned).or_else(|| id.as_u64().map(|number| number.to_string()))
    }
}

impl Intergiro {
    pub(super) async fn registered(&self, reach: Reach<'_>) -> Result<Vec<Registration>, ProviderError> {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let order = Order { after: after.as_deref(), ..Order::LONG };
            let page = self.api.page::<Registered>(reach, self.api.webhooks(), order).await?;
            after = page.data.last().and_then(Registered::id);
            all.extend(page.data.into_iter().filter_map(|found| {
                let url = Secret::from(found.url.as_ref()?.as_str()?.to_owned());
                Some(registration(found.id()?, url))
            }));
            if page.has_more != Some(true) || after.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// What is registered already is not registered twice: every delivery would come twice.
    pub(super) async fn make_registered(&self, reach: Reach<'_>, url: &Secret) -> Result<Registration, ProviderError> {
        let text = url.expose_text().map_err(|_| ProviderError::Refused { field: Some("url".to_owned()) })?;
        let find = |all: Vec<Registration>| all.into_iter().find(|known| known.url.matches(url.expose()));
        if let Some(known) = find(self.registered(reach).await?) {
            return Ok(known);
        }
        let body = json!({"url": text});
        let response = self.api.call(reach, Method::Post, &self.api.webhooks(), Some(&body)).await?;
        let made: Option<Registered> = answer::object(&response).ok();
        if let Some(id) = made.as_ref().and_then(Registered::id) {
            return Ok(registration(id, Secret::from(text.to_owned())));
        }
        let known = find(self.registered(reach).await?);
        known.ok_or(ProviderError::Unavailable("it lists no such webhook after registering it"))
    }
}

/// Nothing more is known of one: it is sent to, unsigned.
const fn registration(id: String, url: Secret) -> Registration {
    Registration { id, url, enabled: true, complete: true, secret: None }
}
