//! The list of all grants: page after page, again from the start, also when grants go while it is read.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use idv_gateway::domain::{ClaimClass, Timestamp};
use idv_gateway::memory::http::{ScriptedHttp, empty, json as answer};
use idv_gateway::ports::ProviderError;
use serde_json::json;

use crate::harness::{
    AUTHN, COPY, GRANTS, PARAM, Script, USER, account, account_of, bench, copy, fixture, grants, line, logged_in, page,
    payload, settings_with, user,
};

pub(crate) const FIXTURES: &[&str] = &["rpc.call.get-access-grants-granted.all-users.request"];

#[tokio::test]
async fn a_grant_is_an_event_of_its_user() {
    let bench = Script::usual().start();
    let account = account_of(&settings_with(&json!({"page_size": 20})));
    assert!(account.has_feed());
    let page = account.feed(bench.reach(), None).await.unwrap();
    assert_eq!((page.more, page.cursor.as_str(), page.events.len()), (false, "1", 1));
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
        assert_eq!(account().feed(bench.reach(), Some("3")).await.map(drop), Err(expected));
    }
    for nonsense in ["", "x", "0", "-1", "99999999999999999999"] {
        let bench = Script::usual().start();
        account().feed(bench.reach(), Some(nonsense)).await.unwrap();
        assert_eq!(page(&bench.call(GRANTS)), 1, "{nonsense}");
    }
}

/// A node with this list, of which it gives at most 20 at a time.
fn node(list: &Arc<Mutex<Vec<String>>>) -> idv_it::bench::Bench {
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

fn many(count: u8) -> Vec<String> {
    (0..count).map(|n| format!("00000000-0000-4000-8000-{n:012}")).collect()
}

#[tokio::test]
async fn every_grant_is_found_although_some_go_while_the_list_is_read() {
    let list = Arc::new(Mutex::new(many(65)));
    let bench = node(&list);
    let account = account();
    let (mut seen, mut cursor, mut rounds, mut visits) = (BTreeSet::new(), None, 0, 0);
    while rounds < 2 {
        let page = account.feed(bench.reach(), cursor.as_deref()).await.unwrap();
        seen.extend(page.events.iter().map(|event| event.event.id.to_string()));
        assert_eq!(page.more, page.cursor != "1");
        rounds += u8::from(!page.more);
        visits += 1;
        if visits == 1 {
            // three of the first page go, so that three of the second move to the first
            list.lock().unwrap().drain(0..3);
            list.lock().unwrap().push(COPY.to_owned());
        }
        if rounds == 1 && !page.more {
            let missed: Vec<_> = list.lock().unwrap().iter().filter(|copy| !seen.contains(*copy)).cloned().collect();
            assert_eq!(missed, many(65)[20..23], "passed over in this round");
        }
        cursor = Some(page.cursor);
    }
    let list = list.lock().unwrap();
    assert!(list.iter().all(|copy| seen.contains(copy)) && seen.contains(COPY));
    assert_eq!(visits, 8, "four pages in each round: an asked 100, a given 20");
}

/// The same copy granted twice is one event; a grant of nobody's shape is none.
#[tokio::test]
async fn a_copy_is_one_event() {
    let twice = grants(&[(COPY, USER), (COPY, USER)]);
    let bench = Script::usual().only(GRANTS, vec![Ok(answer(200, &twice))]).start();
    assert_eq!(account().feed(bench.reach(), None).await.unwrap().events.len(), 1);
    let strange = grants(&[("not-a-uuid", USER)]);
    let bench = Script::usual().only(GRANTS, vec![Ok(answer(200, &strange))]).start();
    assert!(matches!(account().feed(bench.reach(), None).await, Err(ProviderError::Unavailable(_))));
}
