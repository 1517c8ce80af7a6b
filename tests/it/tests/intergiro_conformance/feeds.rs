//! The list of events, in the order and the paging that are assumed, and in others.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use idv_gateway::domain::{Claim, ClaimClass, Timestamp};
use idv_gateway::memory::http::{Call, ScriptedHttp, empty, json as answer};
use idv_gateway::ports::{Account, FeedEvent, FeedPage, HttpError, ProviderError};
use serde_json::{Value, json};

use crate::harness::{
    ACTION, Bench, EVENTS, LOGIN, PERSON, REFRESH, Script, account, bench, configured, fixture, person, resource,
};

pub(crate) const FIXTURES: &[&str] = &["get.events.list"];

/// How a list may behave where nothing is documented.
#[derive(Clone, Copy, PartialEq)]
enum List {
    AsAssumed,
    NewestFirst,
    NeverPaged,
    Forgetful,
}

/// Events by their time and number; a page has two.
struct Stream {
    list: List,
    events: Arc<Mutex<Vec<Value>>>,
}

fn id(number: u32) -> String {
    format!("859edbaa-e110-482d-9054-{number:012x}")
}

fn occurred(number: u32, name: &str, second: u32) -> Value {
    let payload = json!({"individual_id": PERSON, "pending_action_id": ACTION});
    json!({"id": id(number), "name": name, "payload": payload, "created_at": format!("2026-11-20T08:00:{second:02}.000Z")})
}

impl Stream {
    fn new(list: List) -> Self {
        Self { list, events: Arc::default() }
    }

    fn happens(&self, event: Value) {
        self.events.lock().unwrap().push(event);
    }

    fn bench(&self) -> Bench {
        let (list, events) = (self.list, Arc::clone(&self.events));
        bench(ScriptedHttp::new(move |call| {
            Ok(match call.line().as_str() {
                LOGIN => answer(200, &fixture("post.auth.login.response")),
                EVENTS => page(list, &events.lock().unwrap(), call),
                _ => empty(404),
            })
        }))
    }
}

fn page(list: List, events: &[Value], call: &Call) -> idv_gateway::ports::Response {
    let query: BTreeMap<_, _> = call.url.query_pairs().into_owned().collect();
    assert_eq!((query["limit"].as_str(), query["sort_by"].as_str()), ("100", "created_at"));
    let mut sorted: Vec<Value> = events.to_vec();
    let key = |event: &Value| (event["created_at"].to_string(), event["id"].to_string());
    sorted.sort_by_key(key);
    let descending = list == List::NewestFirst || query["sort_type"] == "desc";
    if descending {
        sorted.sort_by_key(|event| Reverse(key(event)));
    }
    let after = query.get("starting_after").filter(|_| list != List::NeverPaged);
    if after.is_some() && list == List::Forgetful {
        return answer(422, &fixture("error.400.validation.errors-list"));
    }
    let at = after.and_then(|after| sorted.iter().position(|event| event["id"] == **after)).map_or(0, |at| at + 1);
    let rest = sorted.split_off(at);
    let size = if list == List::AsAssumed { 2 } else { 100 };
    let data: Vec<_> = rest.iter().take(size).cloned().collect();
    answer(200, &json!({"data": data, "has_more": rest.len() > size}))
}

/// Reads on until there is no more, as the fetcher does.
async fn drained(account: &dyn Account, bench: &Bench, cursor: &mut String) -> Vec<FeedEvent> {
    let mut events = Vec::new();
    for _ in 0..50 {
        let FeedPage { events: found, cursor: next, more } =
            account.feed(bench.reach(), Some(cursor.as_str())).await.unwrap();
        events.extend(found);
        *cursor = next;
        if !more {
            return events;
        }
    }
    panic!("there is always more");
}

#[tokio::test]
async fn without_a_cursor_the_newest_event_is_where_it_begins() {
    let bench = Script::new().on(EVENTS, 200, &fixture("get.events.list")).start();
    let page = account().feed(bench.reach(), None).await.unwrap();
    assert_eq!((page.events, page.more), (vec![], false));
    let again = account().feed(bench.reach(), Some(&page.cursor)).await.unwrap();
    assert_eq!((again.events, again.cursor, again.more), (vec![], page.cursor, false), "nothing has happened");
    assert!(account().has_feed());
    assert!(!configured(&json!({}), &json!({"feed": "off"})).has_feed());
}

#[tokio::test]
async fn what_happens_is_told_once_in_whichever_order_it_is_listed() {
    for list in [List::AsAssumed, List::NewestFirst, List::NeverPaged, List::Forgetful] {
        let stream = Stream::new(list);
        let bench = stream.bench();
        let account = account();
        let mut cursor = account.feed(bench.reach(), None).await.unwrap().cursor;
        assert_eq!(drained(&*account, &bench, &mut cursor).await, [], "nothing ever happened");
        let mut told = Vec::new();
        for round in 0..4_u32 {
            for number in 0..5 {
                let second = round * 10 + number;
                stream.happens(occurred(second + 1, "IndividualActivated", second));
            }
            told.extend(drained(&*account, &bench, &mut cursor).await.into_iter().map(|event| event.at));
            assert_eq!(drained(&*account, &bench, &mut cursor).await, []);
        }
        let expected: Vec<_> = (0..4)
            .flat_map(|round| (0..5).map(move |number| round * 10 + number))
            .map(|second| Timestamp::parse(&format!("2026-11-20T08:00:{second:02}Z")).unwrap())
            .collect();
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn only_the_five_names_are_told_and_of_whom() {
    let stream = Stream::new(List::AsAssumed);
    let bench = stream.bench();
    let account = account();
    let mut cursor = account.feed(bench.reach(), None).await.unwrap().cursor;
    let names = [
        ("AccountCreated", None),
        ("IndividualOnboardingDataProvided", Some(ClaimClass::Ended)),
        ("PendingActionCreated", Some(ClaimClass::Nothing)),
        ("CardOperation", None),
        ("PendingActionCompleted", Some(ClaimClass::Nothing)),
        ("IndividualActivated", Some(ClaimClass::Decided)),
        ("IndividualBlocked", Some(ClaimClass::Decided)),
        ("individualBlocked", None),
    ];
    for (number, (name, _)) in (1..).zip(names) {
        stream.happens(occurred(number, name, number));
    }
    stream.happens(json!({"id": 7, "name": ["x"], "created_at": "2026-11-20T08:00:03.000Z", "payload": "text"}));
    let told = drained(&*account, &bench, &mut cursor).await;
    let expected: Vec<_> = (1_u32..)
        .zip(names)
        .filter_map(|(number, (_, class))| {
            let part = class.filter(|class| *class != ClaimClass::Nothing).map(|_| person());
            let at = Timestamp::parse(&format!("2026-11-20T08:00:{number:02}Z")).unwrap();
            let event = resource("event", &id(number));
            Some(FeedEvent { event, subject: person(), claim: Claim { class: class?, part, at: None }, at })
        })
        .collect();
    assert_eq!(told, expected);
}

/// A list without payloads is followed by the events' own ids.
#[tokio::test]
async fn an_event_without_its_payload_is_resolved_later() {
    let mut bare = occurred(1, "PendingActionCreated", 1);
    bare.as_object_mut().unwrap().remove("payload");
    let stream = Stream::new(List::AsAssumed);
    let bench = stream.bench();
    let mut cursor = account().feed(bench.reach(), None).await.unwrap().cursor;
    stream.happens(bare);
    let told = drained(&*account(), &bench, &mut cursor).await;
    let claim = Claim { class: ClaimClass::Exists, part: None, at: None };
    let event = resource("event", &id(1));
    assert_eq!(told, [FeedEvent { event: event.clone(), subject: event, claim, at: told[0].at }]);
}

/// Two of the same moment, on both sides of the cursor: nobody says in which order a list has them.
#[tokio::test]
async fn events_of_one_moment_come_to_an_end() {
    for list in [List::AsAssumed, List::NewestFirst, List::NeverPaged] {
        let stream = Stream::new(list);
        let bench = stream.bench();
        let account = account();
        stream.happens(occurred(5, "IndividualActivated", 1));
        let mut cursor = account.feed(bench.reach(), None).await.unwrap().cursor;
        stream.happens(occurred(3, "IndividualBlocked", 1));
        stream.happens(occurred(7, "IndividualBlocked", 1));
        let told = drained(&*account, &bench, &mut cursor).await;
        assert!(!told.is_empty() && told.iter().all(|event| event.claim.class == ClaimClass::Decided));
        let settled = cursor.clone();
        drained(&*account, &bench, &mut cursor).await;
        assert_eq!(cursor, settled);
    }
}

#[tokio::test]
async fn a_strange_cursor_begins_anew_and_faults_are_told() {
    for cursor in ["", "x", "123", "123.x", "x.859edbaa-e110-482d-9054-1d187179aaee"] {
        let bench = Script::new().on(EVENTS, 200, &fixture("get.events.list")).start();
        let page = account().feed(bench.reach(), Some(cursor)).await.unwrap();
        assert_eq!((page.events.len(), page.more), (0, false), "{cursor}");
        assert!(page.cursor.ends_with("859edbaa-e110-482d-9054-1d187179aaee"));
    }
    let cursor = format!("1.{}", id(1));
    for (fault, expected) in [
        (Ok(empty(503)), ProviderError::Unavailable("its own fault")),
        (Err(HttpError::TimedOut), ProviderError::Unavailable("not done by the deadline")),
        (Ok(empty(429)), ProviderError::Busy { retry_after: None }),
        (Ok(empty(401)), ProviderError::Unauthorized),
    ] {
        let bench = Script::new().then(EVENTS, fault).then(REFRESH, Ok(empty(400))).start();
        assert_eq!(account().feed(bench.reach(), Some(&cursor)).await, Err(expected));
    }
}
