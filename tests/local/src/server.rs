//! The two ports: the API with Lambda's Invoke API, and AWS.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::request::Parts;
use axum::http::{Method, Request, Response, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::emulators::Emulators;
use crate::function::{Function, Outcome};
use crate::names::FunctionName;
use crate::stack::Running;
use crate::{drop_in, gateway, invoke_api};

/// Serves the API on a listener.
pub(crate) fn serve_api(listener: TcpListener, running: Arc<Running>) -> JoinHandle<std::io::Result<()>> {
    let router = Router::new().fallback(api).with_state(running);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, service).into_future())
}

/// Serves AWS on a listener.
pub(crate) fn serve_aws(listener: TcpListener, emulators: Arc<Emulators>) -> JoinHandle<std::io::Result<()>> {
    let handler =
        |State(emulators): State<Arc<Emulators>>, request: Request<Body>| async move { emulators.serve(request).await };
    let router = Router::new().fallback(handler).with_state(emulators);
    tokio::spawn(axum::serve(listener, router).into_future())
}

async fn api(
    State(running): State<Arc<Running>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let invoked = path.strip_prefix("/2015-03-31/functions/").and_then(|rest| rest.strip_suffix("/invocations"));
    if let Some(name) = invoked {
        if parts.method != Method::POST {
            return gateway::message(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
        }
        let Ok(event) = to_bytes(body, invoke_api::MAX_EVENT).await else {
            let text = "the event is above 6 MB";
            return invoke_api::refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", text);
        };
        return invoke_api::invoke(&running, name, parts.uri.query().unwrap_or_default(), &parts.headers, event).await;
    }
    if let Some(key) = drop_in::route(parts.method.as_str(), path) {
        let Some(authorizer) = drop_in::authorizer(&parts.headers) else {
            return gateway::message(StatusCode::FORBIDDEN, "Forbidden");
        };
        let route = gateway::Route::of(key);
        let initiator = running.function(FunctionName::OnboardingInitiator);
        let authorized = Authorized { authorizer, qualifier: drop_in::QUALIFIER };
        return handed_on(&initiator, &parts, body, peer.ip(), &route, Some(authorized)).await;
    }
    let Some(route) = gateway::route(parts.method.as_str(), path, |path| running.is_alias(path)) else {
        return gateway::message(StatusCode::NOT_FOUND, "Not Found");
    };
    let ingress = running.function(FunctionName::WebhookIngress);
    handed_on(&ingress, &parts, body, peer.ip(), &route, None).await
}

/// Whom an authoriser has let in, and the alias that such requests go to.
struct Authorized {
    authorizer: Value,
    qualifier: &'static str,
}

async fn handed_on(
    function: &Arc<Function>,
    parts: &Parts,
    body: Body,
    peer: IpAddr,
    route: &gateway::Route,
    authorized: Option<Authorized>,
) -> Response<Body> {
    let Ok(body) = to_bytes(body, gateway::MAX_BODY).await else {
        return gateway::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let mut event = gateway::event(parts, &body, peer, route);
    let qualifier = authorized.map(|authorized| {
        event["requestContext"]["authorizer"] = authorized.authorizer;
        authorized.qualifier
    });
    let event = event.to_string();
    if !gateway::fits(&event) {
        return gateway::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    }
    match function.invoke(Bytes::from(event), qualifier).await {
        Outcome::Returned(bytes) => gateway::response_of(Some(&bytes)),
        Outcome::Failed(_) => gateway::response_of(None),
    }
}
