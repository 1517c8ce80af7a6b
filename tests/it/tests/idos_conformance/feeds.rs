//! The list of all grants: page after page, again from the start, also when grants go while it is read.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idv_gateway::domain::{ClaimClass, Timestamp};
use idv_gateway::memory::http::{ScriptedHttp, empty, json as answer};
use idv_gateway::ports::ProviderError;
use serde_json::json;

use crate::harness::{
    ANOTHER, AUTHN, Bench, COPY, GRANTS, PARAM, Script, USER, account, account_of, bench, copy, fixture, grants, line,
    logged_in, page, payload, settings_with, user,
};

pub(crate) const FIXTURES: &[&str] = &["rpc.call.get-access-grants-granted.all-users.request"];

#[tokio::test]
async fn a_grant_is_an_event_of_its_user() {
    let bench = Script::usual().start();
    let account = account_of(&settings_with(&json!({"page_size": 20})));
    assert!(account.has_feed());
    let page = account.feed(bench.reach(), None).await.unwrap();
    assert_eq!((page.more, page.cursor, page.events.len()), (false, at(1, &bench), 1));
    let event = &page.events[0];
    assert_eq!((&event.event, &event.subject), (&copy(), &user()));
    assert_eq!((event.claim.class, event.claim.part.as_ref()), (ClaimClass::Exists, Some(&copy())));
    assert_eq!(event.at, Timestamp::from_millis(0), "whoever has seen the copy has seen the grant");
    let documented = fixture("rpc.call.get-access-grants-granted.all-users.request");
    assert_eq!(payload(&bench.sent(GRANTS)), payload(&documented));
    assert!(!account_of(&settings_with(&json!({"feed": false}))).has_feed());
}

#[tokio::test]
async fn a_page_that_cannot_be_read_is_read_again() {
    for (fault, expected) in [
        (Ok(empty(503)), ProviderError::Unavailable("its own fault")),
        (Ok(empty(429)), ProviderError::Busy { retry_after: None }),
        (Ok(answer(200, &crate::harness::raised("?"))), ProviderError::Unavailable("an action reports a fault")),
    ] {
        let bench = Script::usual().only(GRANTS, vec![fault]).start();
        assert_eq!(account().feed(bench.reach(), Some("3.0")).await.map(drop), Err(expected));
    }
    for nonsense in ["", "x", "3", "0.0", "-1.0", "3.x", "99999999999999999999.0"] {
        let bench = Script::usual().start();
        account().feed(bench.reach(), Some(nonsense)).await.unwrap();
        assert_eq!(page(&bench.call(GRANTS)), 1, "{nonsense}");
    }
}

/// A node with this list, of which it gives at most 20 at a time.
fn node(list: &Arc<Mutex<Vec<String>>>) -> Bench {
    let list = Arc::clone(list);
    bench(ScriptedHttp::new(move |call| {
        Ok(match line(call).as_str() {
            PARAM => answer(200, &fixture("rpc.kgw-authn-param.response")),
            AUTHN => logged_in(),
            GRANTS => {
                let from = (usize::from(page(call)) - 1) * 20;
                let list = list.lock().unwrap();
                let rows: Vec<_> = list.iter().skip(from).take(20).map(|copy| (copy.as_str(), USER)).collect();
                answer(200, &grants(&rows))
            }
            _ => empty(404),
        })
    }))
}

/// A cursor of a round that began now.
fn at(page: u8, bench: &Bench) -> String {
    format!("{page}.{}", bench.reach().world.now().millis())
}

fn many(count: u8) -> Vec<String> {
    (0..count).map(|n| format!("00000000-0000-4000-8000-{n:012}")).collect()
}

fn pages(bench: &Bench) -> Vec<u8> {
    bench.calls().iter().filter(|call| line(call) == GRANTS).map(page).collect()
}

/// Reads on until there is no more, as a visit does.
async fn visit(bench: &Bench, cursor: &mut Option<String>, seen: &mut BTreeSet<String>) {
    loop {
        let page = account().feed(bench.reach(), cursor.as_deref()).await.unwrap();
        seen.extend(page.events.iter().map(|event| event.event.id.to_string()));
        *cursor = Some(page.cursor);
        if !page.more {
            return;
        }
    }
}

#[tokio::test]
async fn the_end_of_the_list_is_read_on_and_all_of_it_once_a_day() {
    let list = Arc::new(Mutex::new(many(65)));
    let bench = node(&list);
    let (mut cursor, mut seen) = (None, BTreeSet::new());
    visit(&bench, &mut cursor, &mut seen).await;
    assert_eq!((pages(&bench), cursor.clone()), (vec![1, 2, 3, 4], Some(at(3, &bench))));
    assert_eq!(seen.len(), 65);
    // eight go, so that two that come stand on the page before the last one
    list.lock().unwrap().drain(0..8);
    list.lock().unwrap().extend([COPY.to_owned(), ANOTHER.to_owned()]);
    bench.clock.advance(Duration::from_secs(600));
    visit(&bench, &mut cursor, &mut seen).await;
    assert_eq!(pages(&bench)[4..], [3]);
    assert!(seen.contains(COPY) && seen.contains(ANOTHER));
    // nearly all go: the place follows, and nothing fails on a page that is not there any more
    list.lock().unwrap().drain(0..50);
    for _ in 0..3 {
        visit(&bench, &mut cursor, &mut seen).await;
    }
    assert_eq!(pages(&bench)[5..], [2, 1, 1]);
    // a day after the round began
    list.lock().unwrap().splice(0..0, many(90).into_iter().skip(65));
    bench.clock.advance(Duration::from_secs(24 * 3600));
    visit(&bench, &mut cursor, &mut seen).await;
    let again = at(1, &bench);
    assert_eq!(cursor.as_deref(), Some(again.as_str()), "another round, from now");
}

/// Over pages that nobody reads on, nothing is lost for longer than a day.
#[tokio::test]
async fn what_is_passed_over_is_found_in_the_next_round() {
    let list = Arc::new(Mutex::new(many(65)));
    let bench = node(&list);
    let (mut cursor, mut seen) = (None, BTreeSet::new());
    let first = account().feed(bench.reach(), None).await.unwrap();
    seen.extend(first.events.iter().map(|event| event.event.id.to_string()));
    cursor.replace(first.cursor);
    // three of the first page go, so that three of the second move to the first
    list.lock().unwrap().drain(0..3);
    visit(&bench, &mut cursor, &mut seen).await;
    let missed: Vec<_> = list.lock().unwrap().iter().filter(|copy| !seen.contains(*copy)).cloned().collect();
    assert_eq!(missed, many(65)[20..23]);
    bench.clock.advance(Duration::from_secs(24 * 3600));
    visit(&bench, &mut cursor, &mut seen).await;
    visit(&bench, &mut cursor, &mut seen).await;
    assert!(list.lock().unwrap().iter().all(|copy| seen.contains(copy)));
}

/// A row that nobody can read, or that is about somebody else, holds up no other.
#[tokio::test]
async fn an_odd_row_holds_up_nothing() {
    let mut body = grants(&[("not-a-uuid", USER), (ANOTHER, USER), (COPY, USER)]);
    body["result"]["query_result"]["values"][1][2] = json!("ab".repeat(32));
    let bench = Script::usual().only(GRANTS, vec![Ok(answer(200, &body))]).start();
    let page = account().feed(bench.reach(), None).await.unwrap();
    assert_eq!(page.events.iter().map(|event| &event.event).collect::<Vec<_>>(), [&copy()]);
    let odd = vec![("not-a-uuid", USER); 20];
    let bench = Script::usual().only(GRANTS, vec![Ok(answer(200, &grants(&odd)))]).start();
    let page = account().feed(bench.reach(), None).await.unwrap();
    assert_eq!((page.events.len(), page.more), (0, true), "they are as many as they are");
}

/// The same copy granted twice is one event.
#[tokio::test]
async fn a_copy_is_one_event() {
    let twice = grants(&[(COPY, USER), (COPY, USER)]);
    let bench = Script::usual().only(GRANTS, vec![Ok(answer(200, &twice))]).start();
    assert_eq!(account().feed(bench.reach(), None).await.unwrap().events.len(), 1);
}
