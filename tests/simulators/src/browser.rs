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
