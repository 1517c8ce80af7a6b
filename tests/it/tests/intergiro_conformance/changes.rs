//! What the app does to a person who is there: contact data, details, erasing; and where webhooks are sent to.

use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{Contact, ProviderError};
use idv_gateway::secret::Secret;
use serde_json::json;

use crate::harness::{ACTION, Bench, PERSON, Script, account, action, fixture, individual, person};

pub(crate) const FIXTURES: &[&str] = &[
    "error.412.consent-required",
    "error.412.consent-required.with-scope",
    "get.webhooks.list",
    "patch.individual.request.email",
    "patch.individual.request.phone-number",
    "post.webhooks.request",
];

const WEBHOOKS: &str = "GET /v3/webhooks";
const REGISTER: &str = "POST /v3/webhooks";

fn patch() -> String {
    format!("PATCH /v3/individuals/{PERSON}")
}

fn email(text: &str) -> Contact {
    Contact::Email(Secret::from(text.to_owned()))
}

fn phone(text: &str) -> Contact {
    Contact::Phone(Secret::from(text.to_owned()))
}

async fn changed(script: Script, contact: &Contact) -> (Result<(), ProviderError>, Bench) {
    let bench = script.start();
    let outcome = account().update_contact(bench.reach(), &person(), contact).await;
    (outcome, bench)
}

#[tokio::test]
async fn one_of_them_is_changed_in_the_inferred_form() {
    for (contact, name) in [
        (email("new.address@example.com"), "email"),
        (phone("+46 70-000 00 01"), "phone-number"),
        (phone("46700000001"), "phone-number"),
    ] {
        let script = Script::of("activated").then(&patch(), Ok(empty(204)));
        let (outcome, bench) = changed(script, &contact).await;
        assert_eq!(outcome, Ok(()));
        assert_eq!(bench.sent(&patch()), fixture(&format!("patch.individual.request.{name}")));
    }
}

#[tokio::test]
async fn what_cannot_be_changed_here_says_where_to_turn() {
    let good = email("new.address@example.com");
    let (outcome, bench) = changed(Script::of("blocked"), &good).await;
    let Err(ProviderError::Unsupported(message)) = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("support"), "{message}");
    assert_eq!(bench.count(&patch()), 0);
    for name in ["error.412.consent-required", "error.412.consent-required.with-scope"] {
        let (outcome, _) = changed(Script::of("activated").on(&patch(), 412, &fixture(name)), &good).await;
        let Err(ProviderError::Unsupported(message)) = outcome else { panic!("{outcome:?}") };
        assert!(message.contains("strong authentication"), "{message}");
    }
}

#[tokio::test]
async fn a_wrong_value_names_its_field_as_the_app_called_it() {
    for (contact, field) in [(email("nobody"), "email"), (phone("0700"), "phone")] {
        let (outcome, bench) = changed(Script::of("activated"), &contact).await;
        assert_eq!(outcome, Err(ProviderError::Refused { field: Some(field.to_owned()) }));
        assert_eq!(bench.lines().len(), 0, "nobody is asked");
    }
    for (contact, named, field) in
        [(email("new.address@example.com"), "email", "email"), (phone("+46700000001"), "phone_number", "phone")]
    {
        let refusal = json!({"errors": [{"code": "taken", "field": named, "message": "new.address@example.com"}]});
        for status in [400, 409, 422] {
            let (outcome, _) = changed(Script::of("activated").on(&patch(), status, &refusal), &contact).await;
            assert_eq!(outcome, Err(ProviderError::Refused { field: Some(field.to_owned()) }), "{status}");
        }
    }
}

/// With the text of what is asked, which the person must be shown.
#[tokio::test]
async fn details_are_the_person_live() {
    let script = Script::new().person(&individual("activated")).asking(&[action("identity-verification")]);
    let details = account().details(script.start().reach(), &person()).await.unwrap();
    assert_eq!(details["individual"], fixture("get.individual.activated"));
    let asked = &details["pending_actions"][0];
    assert_eq!((asked["id"].as_str(), asked["type"].as_str()), (Some(ACTION), Some("IdentityVerification")));
    assert!(asked["description"].as_str().unwrap().starts_with("Please verify"));
    let mut other = individual("activated");
    other["id"] = json!(ACTION);
    let outcome = account().details(Script::new().person(&other).start().reach(), &person()).await;
    assert!(matches!(outcome, Err(ProviderError::Foreign(_))));
}

#[tokio::test]
async fn nobody_is_asked_to_erase() {
    let bench = Script::of("activated").start();
    let outcome = account().erase(bench.reach(), &person()).await;
    assert!(matches!(outcome, Err(ProviderError::Unsupported(message)) if message.contains("support")));
    assert_eq!(bench.lines().len(), 0);
}

fn address() -> Secret {
    Secret::from(fixture("post.webhooks.request")["url"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn webhooks_are_listed_and_registered_once() {
    let listed = fixture("get.webhooks.list");
    let bench = Script::new().on(WEBHOOKS, 200, &listed).start();
    let known = account().webhooks(bench.reach()).await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!(listed["data"][0]["id"], known[0].id);
    assert!(known[0].url.matches(listed["data"][0]["url"].as_str().unwrap().as_bytes()));
    let again = account().register(bench.reach(), &address(), true).await.unwrap();
    assert_eq!(
        (again.id.as_str(), bench.count(REGISTER)),
        (known[0].id.as_str(), 0),
        "every delivery would come twice"
    );
}

#[tokio::test]
async fn a_registration_is_found_whatever_its_answer_is() {
    let listed = fixture("get.webhooks.list");
    let none = json!({"data": [{"id": "x"}, {"url": "https://other.example.com/"}, {"id": null, "url": 7}]});
    for made in [answer(201, &listed["data"][0]), empty(204), answer(200, &json!([]))] {
        let bench = Script::new().on(WEBHOOKS, 200, &none).on(WEBHOOKS, 200, &listed).then(REGISTER, Ok(made)).start();
        let registered = account().register(bench.reach(), &address(), true).await.unwrap();
        assert_eq!(listed["data"][0]["id"], registered.id);
        assert_eq!(bench.sent(REGISTER), fixture("post.webhooks.request"));
    }
    let lost = Script::new().on(WEBHOOKS, 200, &none).then(REGISTER, Ok(empty(204))).start();
    assert!(matches!(account().register(lost.reach(), &address(), true).await, Err(ProviderError::Unavailable(_))));
}
