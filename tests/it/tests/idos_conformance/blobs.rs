//! Contents: in the row, or by address; what an address or the bytes behind it can have wrong.

use idv_gateway::domain::{Assessment, Standing};
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{HttpError, ProviderError, Response};
use serde_json::{Value, json};

use crate::harness::{
    AUTHN, COOKIE, CREDENTIAL, Script, account, by_cid, by_copy, content, copy, fixture, logged_in_as, part, root,
    standing, with_cell,
};

pub(crate) const FIXTURES: &[&str] =
    &["rpc.call.get-credential-shared.response.blob", "rpc.call.get-credential-shared.response.inline"];

const ROW: &str = "rpc.call.get-credential-shared.response.blob";

fn bytes(body: Vec<u8>) -> Result<Response, HttpError> {
    Ok(Response { body, ..empty(200) })
}

/// That explains itself at length.
fn page(status: u16) -> Result<Response, HttpError> {
    Ok(Response { body: vec![b' '; 60_000], ..empty(status) })
}

fn row(column: &str, value: &Value) -> Vec<Result<Response, HttpError>> {
    vec![Ok(answer(200, &with_cell(ROW, column, Some(value))))]
}

/// What the copy's part says, and where it stands.
async fn read(script: Script) -> (String, Standing) {
    let bench = script.start();
    let snapshot = account().look(bench.reach(), &root()).await.unwrap();
    let (word, standing) = standing(&snapshot).unwrap();
    (word.to_owned(), standing)
}

#[tokio::test]
async fn a_content_is_the_same_from_everywhere() {
    let mut digests = Vec::new();
    for script in [
        Script::usual(),
        Script::stored(),
        Script::stored().only(&by_copy(), vec![Ok(empty(404))]),
        // the address wins over a text that is left from before
        Script::stored().only(CREDENTIAL, row("content", &json!("bm90aGluZw=="))),
        // no size is said
        Script::stored().only(CREDENTIAL, row("content_size", &json!(null))),
    ] {
        let bench = script.start();
        let snapshot = account().look(bench.reach(), &root()).await.unwrap();
        let part = part(&snapshot, &copy()).unwrap();
        assert_eq!(part.standing, Standing::Approved, "{}", part.provider_status);
        digests.push(part.digest.clone());
    }
    assert!(digests[0].is_some() && digests.iter().all(|digest| *digest == digests[0]));
}

#[tokio::test]
async fn the_copys_own_address_is_asked_first_and_the_session_comes_along() {
    let bench = Script::stored().only(&by_copy(), vec![Ok(empty(404))]).start();
    account().look(bench.reach(), &root()).await.unwrap();
    let lines = bench.lines();
    assert_eq!(lines[lines.len() - 2..], [by_copy(), by_cid()]);
    for line in [by_copy(), by_cid()] {
        let call = bench.call(&line);
        assert_eq!(call.header("cookie"), Some(COOKIE));
        assert_eq!(call.limit, 64 * 1024, "a small content, or an error");
    }
}

#[tokio::test]
async fn a_session_that_is_lost_before_a_blob_is_renewed() {
    let bench = Script::stored()
        .only(&by_copy(), vec![Ok(empty(401)), bytes(content())])
        .only(AUTHN, vec![Ok(logged_in_as("first")), Ok(logged_in_as("second"))])
        .start();
    let snapshot = account().look(bench.reach(), &root()).await.unwrap();
    assert_eq!(standing(&snapshot).map(|(_, standing)| standing), Some(Standing::Approved));
    assert_eq!((bench.count(AUTHN), bench.count(&by_copy())), (2, 2));
    let bench = Script::stored().only(&by_copy(), vec![Ok(empty(401))]).start();
    assert_eq!(account().look(bench.reach(), &root()).await.map(drop), Err(ProviderError::Unauthorized));
}

/// Whatever is wrong with a content is a part with a reason: never an approval, never a failed look.
#[tokio::test]
async fn a_bad_content_is_a_part_with_a_reason() {
    let longer = [content(), vec![0]].concat();
    let mut another = content();
    another[100] ^= 1;
    let uri = |text: &str| Script::stored().only(CREDENTIAL, row("content_uri", &json!(text)));
    let blob = |body: Vec<u8>| Script::stored().only(&by_copy(), vec![bytes(body)]);
    let huge = 40 * 1024 * 1024;
    for (expected, script) in [
        ("content_length", blob(content()[..1926].to_vec())),
        ("content_length", Script::stored().only(CREDENTIAL, row("content_size", &json!(1_928)))),
        ("too_large", blob(longer.clone())),
        ("too_large", Script::stored().only(CREDENTIAL, row("content_size", &json!(huge)))),
        ("too_large", Script::stored().only(&by_copy(), vec![Err(HttpError::TooLong)])),
        ("too_large", Script::usual().only(CREDENTIAL, vec![Err(HttpError::TooLong)])),
        ("content_mismatch", blob(another)),
        ("content_mismatch", blob(longer).only(CREDENTIAL, row("content_size", &json!(1_928)))),
        ("content_mismatch", uri("ipfs://bafkreifpcu2nehx67tb3ukmgunkxac5n4h5aygqiym35xfwecatcdglmiy")),
        (
            "content_unavailable",
            Script::stored().only(&by_copy(), vec![Ok(empty(404))]).only(&by_cid(), vec![Ok(empty(404))]),
        ),
        // an error's page is longer than the content would be
        (
            "content_unavailable",
            Script::stored().only(&by_copy(), vec![Ok(empty(404))]).only(&by_cid(), vec![page(410)]),
        ),
        ("content_refused", Script::stored().only(&by_copy(), vec![page(403)])),
        ("content_missing", Script::stored().only(CREDENTIAL, row("content_uri", &json!(null)))),
        (
            "content_refused",
            Script::stored().only(&by_copy(), vec![Ok(answer(403, &json!({"code": "forbidden", "error": "no"})))]),
        ),
        ("unsupported_storage", uri("ukyc://9b1c/blobs/77")),
        ("unsupported_storage", uri("https://nodes.example.test/x")),
        ("unsupported_storage", uri("ipfs://../../rpc/v1")),
        ("unsupported_storage", uri("ipfs://")),
        (
            "box_not_base64",
            Script::stored().only(
                CREDENTIAL,
                vec![Ok(answer(
                    200,
                    &with_cell("rpc.call.get-credential-shared.response.inline", "content", Some(&json!("%%%"))),
                ))],
            ),
        ),
    ] {
        let (word, standing) = read(script).await;
        assert_eq!(word, expected);
        assert!(!matches!(standing, Standing::Approved | Standing::Rejected), "{expected}: {standing}");
    }
}

/// A content that is away for a moment takes no approval back, and gives none.
#[tokio::test]
async fn a_content_that_is_away_changes_no_status() {
    for away in [
        Script::stored().only(&by_copy(), vec![Ok(empty(404))]).only(&by_cid(), vec![Ok(empty(404))]),
        Script::stored().only(&by_copy(), vec![Ok(empty(403))]),
    ] {
        let bench = away.start();
        let snapshot = account().look(bench.reach(), &root()).await.unwrap();
        let assessed = account().assess(snapshot.parts());
        assert_eq!(assessed, Assessment::Unrecognised { resource: copy() });
    }
}

/// What is wrong with the gateway is none of the content's.
#[tokio::test]
async fn a_gateway_that_does_not_answer_fails_the_look() {
    for (fault, expected) in [
        (Ok(empty(429)), ProviderError::Busy { retry_after: None }),
        (Ok(empty(503)), ProviderError::Unavailable("its own fault")),
        (page(502), ProviderError::Unavailable("its own fault")),
        (Err(HttpError::TimedOut), ProviderError::Unavailable("not done by the deadline")),
        (Err(HttpError::Broken), ProviderError::Unavailable("the connection broke")),
    ] {
        let bench = Script::stored().only(&by_copy(), vec![fault]).start();
        assert_eq!(account().look(bench.reach(), &root()).await.map(drop), Err(expected));
    }
}

/// Megabytes, by either way, within the limits that are asked for.
#[tokio::test]
async fn large_contents_are_read() {
    let large = vec![b'a'; 600_000];
    let cid = "ipfs://bafybeiatdswo7vizqs3gpobeob6rph5tyeqpxs6bp5wmruk3kc5kcrsvba";
    let mut body = with_cell(ROW, "content_uri", Some(&json!(cid)));
    let at = body["result"]["query_result"]["column_names"]
        .as_array()
        .unwrap()
        .iter()
        .position(|name| name == "content_size");
    body["result"]["query_result"]["values"][0][at.unwrap()] = json!(600_000);
    let bench =
        Script::stored().only(CREDENTIAL, vec![Ok(answer(200, &body))]).only(&by_copy(), vec![bytes(large)]).start();
    let snapshot = account().look(bench.reach(), &root()).await.unwrap();
    assert_eq!(
        standing(&snapshot).map(|(word, _)| word.to_owned()).as_deref(),
        Some("box_unopenable"),
        "it came to the box"
    );
    assert_eq!(bench.call(&by_copy()).limit, 600_000);
    assert_eq!(bench.call(CREDENTIAL).limit, 28 * 1024 * 1024);
    assert_eq!(fixture(ROW)["result"]["query_result"]["values"][0][3], Value::Null);
}
