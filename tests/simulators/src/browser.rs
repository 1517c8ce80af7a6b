//! A person's browser on its way through the gateway's links: it goes where it is told, keeps cookies, runs nothing.
//!
//! What the person presses on a provider's page is the provider's own matter, for example `Fractal::visit`.

use std::{collections::BTreeMap, io};

use reqwest::header::{LOCATION, SET_COOKIE};
use url::Url;

use crate::client::http_client;

/// One person's, with the cookies of each origin.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub status: u16,
    /// Where it sends the browser; it is not gone there.
    pub location: Option<String>,
    pub text: String,
}

impl Browser {
    /// Nobody knows it yet.
    pub fn new() -> io::Result<Self> {
        Ok(Self { http: http_client().map_err(io::Error::other)?, cookies: BTreeMap::new() })
    }

    /// Goes to an address, once.
    pub async fn goes(&mut self, url: &str) -> io::Result<Page> {
        let origin = Url::parse(url).map_err(io::Error::other)?.origin().ascii_serialization();
        let known = self.cookies.entry(origin).or_default();
        let mut request = self.http.get(url);
        if !known.is_empty() {
            let pairs: Vec<String> = known.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        let answer = request.send().await.map_err(io::Error::other)?;
        let texts = |name| answer.headers().get_all(name).iter().filter_map(|value| value.to_str().ok());
        for pair in texts(SET_COOKIE).filter_map(|line| line.split(';').next()?.split_once('=')) {
            known.insert(pair.0.trim().to_owned(), pair.1.trim().to_owned());
        }
        let (status, location) = (answer.status().as_u16(), texts(LOCATION).next().map(str::to_owned));
        let text = answer.text().await.map_err(io::Error::other)?;
        Ok(Page { status, location, text })
    }

    /// The same, to where it is sent from there.
    pub async fn follows(&mut self, url: &str) -> io::Result<String> {
        let page = self.goes(url).await?;
        page.location.ok_or_else(|| io::Error::other(format!("no way on, but {}: {}", page.status, page.text)))
    }

    /// Another device, another person: no cookie is left.
    pub fn forget(&mut self) {
        self.cookies.clear();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use axum::{Router, http::HeaderMap, http::header, response::IntoResponse, response::Redirect, routing::get};

    use super::*;

    async fn told(headers: HeaderMap) -> String {
        headers.get(header::COOKIE).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn it_keeps_cookies_for_their_origin_and_goes_nowhere_by_itself() {
        let set = || async {
            let cookie = "__Host-a=b=c; Path=/; Secure; HttpOnly; SameSite=Lax";
            ([(header::SET_COOKIE, cookie)], Redirect::to("/told")).into_response()
        };
        let serve = || async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let origin = format!("http://{}", listener.local_addr().unwrap());
            let router = Router::new().route("/set", get(set)).route("/told", get(told));
            let server = tokio::spawn(async { axum::serve(listener, router).await });
            (origin, server)
        };
        let ((own, one), (other, two)) = (serve().await, serve().await);
        let mut browser = Browser::new().unwrap();
        assert_eq!(browser.follows(&format!("{own}/set")).await.unwrap(), "/told");
        assert_eq!(browser.goes(&format!("{own}/told")).await.unwrap().text, "__Host-a=b=c");
        let page = browser.goes(&format!("{other}/told")).await.unwrap();
        assert_eq!(page, Page { status: 200, location: None, text: String::new() });
        assert!(browser.follows(&format!("{own}/told")).await.is_err(), "it leads nowhere");
        browser.forget();
        assert_eq!(browser.goes(&format!("{own}/told")).await.unwrap().text, "");
        one.abort();
        two.abort();
    }
}
