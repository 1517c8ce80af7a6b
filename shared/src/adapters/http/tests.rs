use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::PoisonError;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use url::Url;

use super::*;
use crate::adapters::scripted::{Act, Server};
use crate::memory::http::{ScriptedHttp, empty};
use crate::memory::world::ManualClock;
use crate::secret::Secret;

type Outcome = Result<(), Box<dyn Error>>;

/// Names and what they resolve to.
#[derive(Default)]
struct Names {
    known: Mutex<BTreeMap<String, Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    fn set(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().filter_map(|address| address.parse().ok()).collect();
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), addresses);
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Lookup for Names {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let found = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(name);
        std::future::ready(found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))).boxed()
    }
}

fn http(allow_local: bool, names: &Arc<Names>) -> Result<ReqwestHttp, NoClient> {
    let limits = HttpLimits { connect: Duration::from_millis(300), longest: Duration::from_secs(5) };
    let names: Arc<dyn Lookup> = Arc::<Names>::clone(names);
    ReqwestHttp::with_lookup(allow_local, limits, Arc::new(ManualClock::default()), names)
}

fn request(audience: Audience, url: &str, millis: u64) -> Result<Request, url::ParseError> {
    let mut request = Request::to_provider(Method::Get, Url::parse(url)?);
    request.audience = audience;
    request.limit = 64;
    request.deadline = Duration::from_millis(millis);
    Ok(request)
}

/// What comes of a call to a server that acts so.
async fn outcome(act: Act, millis: u64) -> Result<Result<Response, HttpError>, Box<dyn Error>> {
    let server = Server::start(move |_| act.clone()).await;
    let http = http(true, &Arc::default())?;
    Ok(http.send(request(Audience::Provider, &server.origin(), millis)?).await)
}

#[tokio::test]
async fn a_server_that_does_not_come_to_an_end_is_left_at_the_deadline() -> Outcome {
    let unfinished = "HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\nbegun";
    let acts = [
        Act::Silence,
        Act::Answer(unfinished.to_owned()),
        Act::Drip("HTTP/1.1 200 OK\r\nx: ".to_owned()),
        Act::Drip("HTTP/1.1 200 OK\r\ncontent-length: 64\r\n\r\n".to_owned()),
    ];
    for (number, act) in acts.into_iter().enumerate() {
        let left = tokio::time::timeout(Duration::from_secs(2), outcome(act, 100)).await??;
        assert_eq!(left.err(), Some(HttpError::TimedOut), "act {number}");
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_limit() -> Outcome {
    let announced = format!("HTTP/1.1 200 OK\r\ncontent-length: 65\r\n\r\n{}", "x".repeat(65));
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
    let until_close = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(65));
    for act in [Act::Answer(announced), Act::Flood(endless), Act::Close(until_close)] {
        assert_eq!(outcome(act, 4000).await?.err(), Some(HttpError::TooLong));
    }
    let whole = outcome(Act::answer(200, "text/plain", &"x".repeat(64)), 4000).await??;
    assert_eq!(whole.body.len(), 64);
    Ok(())
}

#[tokio::test]
async fn of_a_tenants_answer_the_status_counts_however_long_it_is() -> Outcome {
    let flood = Server::start(|_| Act::Flood("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned())).await;
    let names: Arc<Names> = Arc::default();
    let answer = http(true, &names)?.send(request(Audience::Tenant, &flood.origin(), 4000)?).await?;
    assert_eq!(answer.status, 200);
    assert!(answer.body.len() <= 64);
    Ok(())
}

#[tokio::test]
async fn a_tenants_status_counts_though_its_body_never_ends() -> Outcome {
    let names: Arc<Names> = Arc::default();
    for act in [
        Act::Drip("HTTP/1.1 200 OK\r\ncontent-length: 64\r\n\r\n".to_owned()),
        Act::Answer("HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\nbegun".to_owned()),
        Act::Close("HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\nbegun".to_owned()),
    ] {
        let server = Server::start(move |_| act.clone()).await;
        let sent = http(true, &names)?.send(request(Audience::Tenant, &server.origin(), 300)?).await?;
        assert_eq!((sent.status, sent.body.is_empty()), (200, true));
    }
    let mute = Server::start(|_| Act::Drip("HTTP/1.1 200 OK\r\nx: ".to_owned())).await;
    let unsaid = http(true, &names)?.send(request(Audience::Tenant, &mute.origin(), 100)?).await;
    assert_eq!(unsaid.err(), Some(HttpError::TimedOut));
    Ok(())
}

#[tokio::test]
async fn a_broken_connection_is_told_from_none() -> Outcome {
    for act in [
        Act::Close(String::new()),
        Act::Close("HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\nbegun".to_owned()),
        Act::Close("what is this\r\n\r\n".to_owned()),
        Act::Close(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1024 * 1024))),
    ] {
        assert_eq!(outcome(act, 4000).await?.err(), Some(HttpError::Broken));
    }
    let gone = Server::start(|_| Act::Silence).await;
    let names: Arc<Names> = Arc::default();
    let http = http(true, &names)?;
    let plain_where_tls_is_expected = gone.origin().replace("http:", "https:");
    let closed_port = "http://127.0.0.1:1/";
    for url in [closed_port, "http://nobody.example/"] {
        let error = http.send(request(Audience::Provider, url, 4000)?).await.err();
        assert_eq!(error, Some(HttpError::Unreachable), "{url}");
    }
    let error = http.send(request(Audience::Provider, &plain_where_tls_is_expected, 4000)?).await.err();
    assert!(matches!(error, Some(HttpError::Unreachable)), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() -> Outcome {
    let metadata = "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest\r\ncontent-length: 0\r\n\r\n";
    let answer = outcome(Act::Answer(metadata.to_owned()), 4000).await??;
    assert_eq!(answer.status, 302);
    Ok(())
}

/// What every implementation of the port promises, told by what the other side says.
async fn promises(http: &dyn Http, origin: &str) -> Outcome {
    let table = [("/short", Ok((200, 2))), ("/moved", Ok((302, 0))), ("/long", Err(HttpError::TooLong))];
    for (path, expected) in table {
        let answer = http.send(request(Audience::Provider, &format!("{origin}{path}"), 4000)?).await;
        assert_eq!(answer.map(|answer| (answer.status, answer.body.len())), expected, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn the_real_one_and_its_twin_promise_the_same() -> Outcome {
    let said = |path: &str| match path {
        "/short" => (200, "ok".to_owned()),
        "/moved" => (302, String::new()),
        _ => (200, "x".repeat(65)),
    };
    let server = Server::start(move |came| {
        let (status, body) = said(came.head.split(' ').nth(1).unwrap_or_default());
        Act::answer(status, "text/plain", &body)
    })
    .await;
    promises(&http(true, &Arc::default())?, &server.origin()).await?;
    let twin = ScriptedHttp::new(move |call| {
        let (status, body) = said(call.url.path());
        Ok(Response { body: body.into_bytes(), ..empty(status) })
    });
    promises(&twin, "https://twin.example.com").await?;
    assert_eq!((twin.count(), server.count()), (3, 3));
    Ok(())
}

#[tokio::test]
async fn the_parts_of_an_answer_that_are_used() -> Outcome {
    let busy = "HTTP/1.1 429 Busy\r\nretry-after: Fri, 20 Nov 2026 08:00:09 GMT\r\nset-cookie: a=1; Path=/\r\n\
                set-cookie: b=2\r\ncontent-length: 2\r\n\r\nno";
    let answer = outcome(Act::Answer(busy.to_owned()), 4000).await??;
    assert_eq!((answer.status, answer.retry_after), (429, Some(Duration::from_secs(9))));
    assert_eq!(answer.cookies, ["a=1; Path=/", "b=2"]);
    assert_eq!(answer.body, b"no");
    Ok(())
}

#[tokio::test]
async fn a_request_goes_out_as_it_was_made() -> Outcome {
    let server = Server::start(|_| Act::answer(200, "text/plain", "")).await;
    let http = http(true, &Arc::default())?;
    let mut sent = request(Audience::Provider, &format!("{}/a?b=c", server.origin()), 4000)?;
    sent.method = Method::Post;
    let sent = sent.json(&serde_json::json!({"k": 1})).authorized(Secret::from("Bearer t".to_owned()));
    http.send(sent).await?;
    let came = server.requests();
    let [one] = came.as_slice() else { unreachable!("one request") };
    let head = one.head.to_ascii_lowercase();
    assert!(head.starts_with("post /a?b=c http/1.1"), "{head}");
    for line in ["authorization: bearer t", "content-type: application/json", "user-agent: idv-gateway/"] {
        assert!(head.contains(line), "{line}: {head}");
    }
    assert_eq!(one.body, r#"{"k":1}"#);
    let mut smuggled = request(Audience::Provider, &server.origin(), 4000)?;
    smuggled.headers.push(("x-id", "a\r\nx-evil: 1".to_owned()));
    assert_eq!(http.send(smuggled).await.err(), Some(HttpError::Forbidden("header")));
    assert_eq!(server.count(), 1);
    Ok(())
}

#[tokio::test]
async fn a_tenants_address_is_vetted_as_parsed_and_as_resolved() -> Outcome {
    let names: Arc<Names> = Arc::default();
    names.set("metadata.example.com", &["169.254.169.254"]);
    names.set("mixed.example.com", &["93.184.216.34", "10.0.0.1"]);
    names.set("mapped.example.com", &["::ffff:127.0.0.1"]);
    let http = http(false, &names)?;
    for url in [
        "http://app.example.com/",
        "https://127.0.0.1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://[::1]/",
        "https://localhost/",
        "https://app.example.com:22/",
        "https://user@app.example.com/",
    ] {
        let error = http.send(request(Audience::Tenant, url, 1000)?).await.err();
        assert!(matches!(error, Some(HttpError::Forbidden(_))), "{url}: {error:?}");
    }
    assert_eq!(names.asked(), 0, "refused before anybody was asked");
    for name in ["metadata", "mixed", "mapped"] {
        let url = format!("https://{name}.example.com/");
        let error = http.send(request(Audience::Tenant, &url, 1000)?).await.err();
        assert!(matches!(error, Some(HttpError::Forbidden(_))), "{url}: {error:?}");
    }
    assert_eq!(names.asked(), 3);
    let plain = http.send(request(Audience::Provider, "http://app.example.com/", 1000)?).await.err();
    assert_eq!(plain, Some(HttpError::Forbidden("scheme_not_allowed")));
    Ok(())
}

#[tokio::test]
async fn a_tenant_never_gets_a_connection_of_a_provider() -> Outcome {
    let server = Server::start(|_| Act::answer(200, "text/plain", "")).await;
    let names: Arc<Names> = Arc::default();
    names.set("shared.example.com", &["127.0.0.1"]);
    let http = http(true, &names)?;
    let url = format!("http://shared.example.com:{}/", server.port());
    http.send(request(Audience::Provider, &url, 4000)?).await?;
    // The name now leads inwards: a connection kept from before would hide that.
    names.set("shared.example.com", &["10.0.0.1"]);
    let error = http.send(request(Audience::Tenant, &url, 4000)?).await.err();
    assert!(matches!(error, Some(HttpError::Forbidden(_))), "{error:?}");
    names.set("shared.example.com", &["127.0.0.1"]);
    http.send(request(Audience::Tenant, &url, 4000)?).await?;
    assert_eq!((server.count(), names.asked()), (2, 3), "each connection asked once and went where the answer led");
    Ok(())
}
