//! Between the HTTP API's event and the ingress. Nothing is taken from Host or a forwarding header.

use std::net::IpAddr;

use idv_gateway::ingress::{Answer, Arrival, Ingress};
use lambda_http::http::Response;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Error, Request, RequestExt};

/// Answers one event.
pub(crate) async fn answer(ingress: &Ingress, request: Request) -> Result<Response<Body>, Error> {
    let answer = ingress.answer(&arrival(request)).await;
    Ok(response(answer)?)
}

fn arrival(request: Request) -> Arrival {
    let source = source(&request);
    let path = request.raw_http_path().to_owned();
    let (parts, body) = request.into_parts();
    Arrival {
        method: parts.method.as_str().to_owned(),
        path,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().as_bytes().to_vec(), value.as_bytes().to_vec()))
            .collect(),
        body: body.to_vec(),
        source,
    }
}

fn source(request: &Request) -> Option<IpAddr> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    }
}

fn response(answer: Answer) -> Result<Response<Body>, lambda_http::http::Error> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::Text(answer.body))
}
