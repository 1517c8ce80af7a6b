//! Looks: what a user has shared, by older and newer schemas; whose a copy is; what is shown live.

use idv_gateway::domain::{Claim, ClaimClass, Standing};
use idv_gateway::memory::http::json as answer;
use idv_gateway::ports::{ProviderError, Whose};
use serde_json::{Value, json};

use crate::harness::{
    ANOTHER, COPY, CREDENTIAL, GRANTS, GRANTS_FOR, ONBOARDING, Script, USER, account, copy, fixture, grants, page,
    part, payload, resource, root, standing, user, with_cell,
};

pub(crate) const FIXTURES: &[&str] = &[
    "rpc.call.get-access-grants-for-credential.request",
    "rpc.call.get-access-grants-for-credential.response",
    "rpc.call.get-access-grants-granted.request",
    "rpc.call.get-access-grants-granted.response",
    "rpc.call.get-access-grants-granted.response.empty",
    "rpc.call.get-credential-shared.request",
];

#[tokio::test]
async fn the_calls_are_the_documented_ones() {
    let bench = Script::usual().start();
    let account = crate::harness::account_of(&crate::harness::settings_with(&json!({"page_size": 20})));
    account.look(bench.reach(), &root()).await.unwrap();
    account.resolve(bench.reach(), &copy()).await.unwrap();
    for (line, name) in [
        (GRANTS, "get-access-grants-granted"),
        (CREDENTIAL, "get-credential-shared"),
        (GRANTS_FOR, "get-access-grants-for-credential"),
    ] {
        let (sent, documented) = (bench.sent(line), fixture(&format!("rpc.call.{name}.request")));
        assert_eq!(sent["params"], documented["params"], "{line}");
        assert_eq!(sent["method"], documented["method"]);
        assert_eq!(payload(&sent), payload(&documented));
    }
}

#[tokio::test]
async fn what_is_shared_is_found_by_either_schema() {
    let inline = "rpc.call.get-credential-shared.response.inline";
    let blob = "rpc.call.get-credential-shared.response.blob";
    let in_row = |body: Value| Script::usual().only(CREDENTIAL, vec![Ok(answer(200, &body))]);
    let stored = |body: Value| Script::stored().only(CREDENTIAL, vec![Ok(answer(200, &body))]);
    let mut reversed = fixture(blob);
    let mut surprising = fixture(blob);
    let table = &mut reversed["result"]["query_result"];
    table["column_names"].as_array_mut().unwrap().reverse();
    table["values"][0].as_array_mut().unwrap().reverse();
    let table = &mut surprising["result"]["query_result"];
    table["column_names"].as_array_mut().unwrap().insert(0, json!("surprise"));
    table["values"][0].as_array_mut().unwrap().insert(0, json!({"a": [1]}));
    for script in [
        in_row(fixture(inline)),
        in_row(with_cell(inline, "inserter", None)),
        stored(fixture(blob)),
        stored(with_cell(blob, "content", None)),
        stored(with_cell(blob, "inserter_id", None)),
        stored(reversed),
        stored(surprising),
    ] {
        let bench = script.start();
        let snapshot = account().look(bench.reach(), &root()).await.unwrap();
        assert_eq!(standing(&snapshot).map(|(_, standing)| standing), Some(Standing::Approved));
        assert_eq!(part(&snapshot, &user()).map(|part| part.provider_status.as_str()), Some("shared"));
    }
}

/// Who wrote the copy is told by its row, where the schema has it, else by its grant; said nowhere is not the issuer.
#[tokio::test]
async fn who_wrote_a_copy_decides() {
    let blob =
        |value: Option<&Value>| with_cell("rpc.call.get-credential-shared.response.blob", "inserter_type", value);
    let granted =
        |value: Option<&Value>| with_cell("rpc.call.get-access-grants-granted.response", "inserter_type", value);
    let (user, issuer) = (json!("user"), json!("delegated_write_grant"));
    for (row, grant, approved) in [
        (blob(Some(&issuer)), granted(Some(&issuer)), true),
        (blob(Some(&user)), granted(Some(&issuer)), false),
        (blob(Some(&json!("dag_message"))), granted(Some(&issuer)), false),
        (blob(None), granted(Some(&issuer)), true),
        (blob(None), granted(Some(&user)), false),
        (blob(None), granted(None), false),
    ] {
        let bench = Script::stored()
            .only(CREDENTIAL, vec![Ok(answer(200, &row))])
            .only(GRANTS, vec![Ok(answer(200, &grant))])
            .start();
        let snapshot = account().look(bench.reach(), &root()).await.unwrap();
        let found = standing(&snapshot).unwrap();
        assert_eq!(found.1 == Standing::Approved, approved, "{found:?}");
    }
}

#[tokio::test]
async fn nothing_is_shared_until_it_is() {
    let empty = fixture("rpc.call.get-access-grants-granted.response.empty");
    let bench = Script::usual().only(GRANTS, vec![Ok(answer(200, &empty))]).start();
    let snapshot = account().look(bench.reach(), &root()).await.unwrap();
    let parts: Vec<_> = snapshot.parts().iter().map(|part| (part.resource.clone(), part.standing)).collect();
    assert_eq!(parts, [(user(), Standing::Open)]);
    let claim = Claim { class: ClaimClass::Exists, part: Some(copy()), at: None };
    assert!(claim.contradicts(snapshot.parts()), "the notice was ahead of the node");
    // a run that names nobody waits, and asks nobody
    let unnamed = resource("share", &format!("{ONBOARDING}.1.basic"));
    let bench = Script::usual().start();
    let snapshot = account().look(bench.reach(), &unnamed).await.unwrap();
    let parts: Vec<_> = snapshot.parts().iter().map(|part| (part.resource.clone(), part.standing)).collect();
    assert_eq!((parts, bench.lines().len()), (vec![(unnamed, Standing::Open)], 0));
}

/// An adopted run is called by the user; a copy's own name finds its user, too.
#[tokio::test]
async fn an_adopted_run_is_looked_at_by_its_user() {
    for subject in [user(), copy()] {
        let bench = Script::usual().start();
        let snapshot = account().look(bench.reach(), &subject).await.unwrap();
        assert_eq!(standing(&snapshot).map(|(_, standing)| standing), Some(Standing::Approved), "{subject}");
    }
    for nonsense in [resource("share", "x"), resource("level", USER)] {
        let bench = Script::usual().start();
        assert_eq!(account().look(bench.reach(), &nonsense).await.map(drop), Err(ProviderError::NotFound));
        assert_eq!(bench.lines().len(), 0);
    }
}

#[tokio::test]
async fn a_level_that_was_asked_for_is_the_runs_own() {
    let asked = |level: &str| resource("share", &format!("{ONBOARDING}.2.{level}.{USER}"));
    for (level, approved) in [("basic", true), ("plus:liveness", true), ("plus:email", false)] {
        let bench = Script::usual().start();
        let snapshot = account().look(bench.reach(), &asked(level)).await.unwrap();
        let found = standing(&snapshot).unwrap();
        assert_eq!(found.1 == Standing::Approved, approved, "{level}: {found:?}");
    }
}

/// The same copy granted again, with another lock, is one part; a person with many copies is read in part.
#[tokio::test]
async fn each_copy_is_one_part_and_a_look_has_an_end() {
    let twice = grants(&[(COPY, USER), (COPY, USER)]);
    let bench = Script::usual().only(GRANTS, vec![Ok(answer(200, &twice))]).start();
    let snapshot = account().look(bench.reach(), &root()).await.unwrap();
    assert_eq!((snapshot.parts().len(), bench.count(CREDENTIAL)), (2, 1));

    let ids: Vec<String> = (0..25).map(|n| format!("00000000-0000-4000-8000-0000000000{n:02}")).collect();
    let others = |range: std::ops::Range<usize>| ids[range].iter().map(|id| (id.as_str(), USER));
    // the sixteenth from the end, and the newest are gone
    let rows: Vec<_> = others(0..10).chain([(COPY, USER)]).chain(others(10..25)).collect();
    let pages = vec![Ok(answer(200, &grants(&rows[..20]))), Ok(answer(200, &grants(&rows[20..])))];
    let gone = fixture("rpc.call.get-credential-shared.response.not-shared");
    let mut reads = vec![Ok(answer(200, &gone)); 15];
    reads.push(Ok(answer(200, &fixture("rpc.call.get-credential-shared.response.inline"))));
    let bench = Script::usual().only(GRANTS, pages).only(CREDENTIAL, reads).start();
    let snapshot = account().look(bench.reach(), &root()).await.unwrap();
    assert_eq!((bench.count(GRANTS), bench.count(CREDENTIAL)), (2, 16), "a short page may be all that the node gives");
    assert_eq!(standing(&snapshot).map(|(_, standing)| standing), Some(Standing::Approved), "the newest are read");
    let unread = snapshot.parts().iter().filter(|part| part.provider_status == "not_read");
    assert_eq!(unread.map(|part| part.standing).collect::<Vec<_>>(), [Standing::Open; 10]);

    // how many there are is the person's doing: what was listed is read
    let full: Vec<_> = others(0..19).chain([(COPY, USER)]).collect();
    let bench = Script::usual().only(GRANTS, vec![Ok(answer(200, &grants(&full)))]).start();
    let snapshot = account().look(bench.reach(), &root()).await.unwrap();
    assert_eq!(standing(&snapshot).map(|(_, standing)| standing), Some(Standing::Approved));
    assert_eq!(part(&snapshot, &user()).map(|part| part.provider_status.as_str()), Some("not_read"));
    let pages: Vec<u8> = bench.calls().iter().filter(|call| crate::harness::line(call) == GRANTS).map(page).collect();
    assert_eq!(pages, (1..=10).collect::<Vec<u8>>());
}

#[tokio::test]
async fn whose_a_thing_is() {
    let bench = Script::usual().start();
    let account = account();
    let about = Whose::About { subject: user(), part: copy() };
    assert_eq!(account.resolve(bench.reach(), &copy()).await, Ok(about));
    assert_eq!(bench.count(CREDENTIAL), 0, "megabytes are not read for that");
    assert_eq!(account.resolve(bench.reach(), &user()).await, Ok(Whose::Nobodys));
    let ours = match account.resolve(bench.reach(), &root()).await {
        Ok(Whose::Ours(id)) => id.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(ours, ONBOARDING);
    assert_eq!(account.resolve(bench.reach(), &resource("level", ANOTHER)).await, Ok(Whose::Invented));
    let empty = fixture("rpc.call.get-access-grants-granted.response.empty");
    let bench = Script::usual().only(GRANTS_FOR, vec![Ok(answer(200, &empty))]).start();
    assert_eq!(account.resolve(bench.reach(), &copy()).await, Ok(Whose::Nobodys), "it may come yet");
}

#[tokio::test]
async fn the_credential_itself_is_shown_live() {
    let bench = Script::stored().start();
    let shown = account().details(bench.reach(), &root()).await.unwrap();
    assert_eq!(shown["user_id"], json!(USER));
    assert_eq!(shown["credentials"].as_array().map(Vec::len), Some(1));
    let text = shown.to_string();
    let person = fixture("credential.plaintext.signed");
    let name = person["credentialSubject"]["familyName"].as_str().unwrap();
    assert!(text.contains(name) && text.contains(COPY), "{text}");
    let bench = Script::stored().start();
    let snapshot = account().look(bench.reach(), &root()).await.unwrap();
    assert!(!format!("{snapshot:?}").contains(name), "and kept nowhere");
}
