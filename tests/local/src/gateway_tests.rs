#![expect(clippy::unwrap_used, reason = "a test stops loudly")]

use std::net::Ipv4Addr;

use axum::http::Request;

use super::*;

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

fn parts(build: impl FnOnce(axum::http::request::Builder) -> axum::http::request::Builder) -> Parts {
    build(Request::builder().method("POST")).body(()).unwrap().into_parts().0
}

#[test]
fn repeated_headers_are_joined_and_cookies_are_apart() {
    let request = parts(|request| {
        request
            .uri("/v1/webhooks/acme/ondato?a=1&b=x%20y&a=2")
            .header("Authorization", "Basic a")
            .header("authorization", "Basic b")
            .header("Host", "evil.example")
            .header("X-Forwarded-For", "198.51.100.1")
            .header("Cookie", "s=1; t=2")
            .header("Content-Type", "application/json")
    });
    let route = route("POST", request.uri.path(), |_| false).unwrap();
    let event = event(&request, br#"{"id":"1"}"#, PEER, &route);
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "POST /v1/webhooks/{tenant}/{connection}");
    assert_eq!(event["pathParameters"], json!({"tenant": "acme", "connection": "ondato"}));
    assert_eq!(event["rawPath"], "/v1/webhooks/acme/ondato");
    assert_eq!(event["rawQueryString"], "a=1&b=x%20y&a=2");
    assert_eq!(event["queryStringParameters"], json!({"a": "1,2", "b": "x y"}));
    assert_eq!(event["headers"]["authorization"], "Basic a,Basic b");
    assert_eq!(event["headers"].get("cookie"), None);
    assert_eq!(event["cookies"], json!(["s=1", "t=2"]));
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "203.0.113.7", "never a forwarded address");
    assert_eq!(event["requestContext"]["http"]["method"], "POST");
    assert_eq!((&event["isBase64Encoded"], &event["body"]), (&json!(false), &json!(r#"{"id":"1"}"#)));
}

#[test]
fn a_body_is_text_only_when_its_type_says_so_and_it_is() {
    type Case = (&'static str, Option<&'static str>, &'static [u8], Value, Value);
    let corpus: [Case; 6] = [
        ("json", Some("application/json; charset=utf-8"), b"{}", json!(false), json!("{}")),
        ("text", Some("text/plain"), b"x", json!(false), json!("x")),
        ("form", Some("application/x-www-form-urlencoded"), b"a=b", json!(true), json!("YT1i")),
        ("no type", None, b"{}", json!(true), json!("e30=")),
        ("not UTF-8", Some("application/json"), b"\xff", json!(true), json!("/w==")),
        ("empty", Some("application/json"), b"", json!(false), Value::Null),
    ];
    for (name, kind, body, is_base64, expected) in corpus {
        let request = parts(|request| match kind {
            Some(kind) => request.uri("/v1/x").header("content-type", kind),
            None => request.uri("/v1/x"),
        });
        let event = event_of(&request, body, PEER, "$default");
        assert_eq!(event["isBase64Encoded"], is_base64, "{name}");
        assert_eq!(event.get("body").cloned().unwrap_or_default(), expected, "{name}");
    }
}

#[test]
fn only_the_routes_and_the_aliases_reach_the_function() {
    let key = |method: &str, path: &str| route(method, path, |path| path == "/dcs/notify/A").map(|route| route.key);
    let some = |key: &str| Some(key.to_owned());
    assert_eq!(key("POST", "/v1/webhooks/a/b"), some("POST /v1/webhooks/{tenant}/{connection}"));
    assert_eq!(key("POST", "/v1/webhooks/a/b/c"), some("POST /v1/webhooks/{tenant}/{connection}/{key}"));
    assert_eq!(key("GET", "/v1/go/a/b/t"), some("GET /v1/go/{tenant}/{connection}/{ticket}"));
    assert_eq!(key("GET", "/v1/webhooks/a/b"), some("$default"));
    assert_eq!(key("POST", "/v1/webhooks//b"), some("$default"), "an empty name is no parameter");
    assert_eq!(key("POST", "/dcs/notify/A"), some("POST /dcs/notify/A"));
    assert_eq!(key("POST", "/dcs/notify/B"), None);
    assert_eq!(key("GET", "/"), None);
}

#[test]
fn the_answer_becomes_the_response() {
    let answer = json!({"statusCode": 303, "headers": {"location": "https://x.example/", "cache-control": "no-store"},
        "cookies": ["a=1; Secure", "b=2"], "body": "aGk=", "isBase64Encoded": true});
    let response = response_of(Some(answer.to_string().as_bytes()));
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()["location"], "https://x.example/");
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);

    assert_eq!(response_of(Some(br#"{"hello":1}"#)).status(), StatusCode::OK);
    for broken in [Some(&b"no json"[..]), Some(br#"{"statusCode":"x"}"#), None] {
        assert_eq!(response_of(broken).status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}

#[test]
fn the_time_is_that_of_access_logs() {
    let moment = OffsetDateTime::from_unix_timestamp(1_795_161_600).unwrap();
    assert_eq!(logged(moment), "20/Nov/2026:08:00:00 +0000");
}
