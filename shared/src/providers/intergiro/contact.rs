//! `PATCH /v3/individuals/:id` changes an e-mail address or a phone number and nothing else, while the person is being
//! onboarded or is activated (onboarding page); all other corrections go through Intergiro's support. The body is
//! inferred from the create call. For activated persons a strong authentication may be asked for (412; assumed).

use serde_json::{Value, json};

use super::Intergiro;
use super::words::Status;
use crate::domain::Resource;
use crate::ports::{Contact, Method, ProviderError, Reach};
use crate::providers::fields::{is_email, phone};

const BLOCKED: ProviderError = ProviderError::Unsupported(
    "Intergiro changes no contact data of a person whom it has blocked; ask Intergiro's support",
);

impl Intergiro {
    pub(super) async fn change_contact(
        &self,
        reach: Reach<'_>,
        subject: &Resource,
        contact: &Contact,
    ) -> Result<(), ProviderError> {
        let body = body(contact)?;
        let root = self.root(reach, subject).await?;
        let found = self.api.read_individual(reach, &root).await?;
        if found.status.as_deref().and_then(Status::read) == Some(Status::Blocked) {
            return Err(BLOCKED);
        }
        match self.api.call(reach, Method::Patch, &self.api.individual(&root), Some(&body)).await {
            Ok(_) => Ok(()),
            Err(ProviderError::Refused { field }) => Err(ProviderError::Refused { field: field.map(own_name) }),
            Err(error) => Err(error),
        }
    }
}

fn body(contact: &Contact) -> Result<Value, ProviderError> {
    let (name, value, own) = match contact {
        Contact::Email(email) => {
            ("email", email.expose_text().ok().filter(|text| is_email(text)).map(Value::from), "email")
        }
        Contact::Phone(number) => {
            let digits = number.expose_text().ok().and_then(|text| phone(&Value::from(text)));
            ("phone_number", digits.map(Value::from), "phone")
        }
    };
    let value = value.ok_or_else(|| ProviderError::Refused { field: Some(own.to_owned()) })?;
    Ok(json!({name: value}))
}

/// As the app called it.
fn own_name(field: String) -> String {
    match field.as_str() {
        "subject.email" => "email".to_owned(),
        "subject.phone_number" => "phone".to_owned(),
        _ => field,
    }
}
