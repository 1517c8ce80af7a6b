//! Ondato's hosts: each is an origin of its own here too, because KYC and KYB share their paths (§7, 3).

use std::net::SocketAddr;

use serde::Serialize;
use tokio::net::TcpListener;

use crate::server;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    Identity,
    Idv,
    Kyc,
    Kyb,
    Forms,
    App,
}

impl Host {
    pub(crate) const ALL: [Self; 6] = [Self::Identity, Self::Idv, Self::Kyc, Self::Kyb, Self::Forms, Self::App];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Idv => "idv",
            Self::Kyc => "kyc",
            Self::Kyb => "kyb",
            Self::Forms => "forms",
            Self::App => "app",
        }
    }
}

/// Origins, with the member names of the gateway's configuration.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BaseUrls {
    pub identity: String,
    pub idv: String,
    pub kyc: String,
    pub kyb: String,
    pub forms: String,
    pub app: String,
}

impl BaseUrls {
    pub(crate) fn set(&mut self, host: Host, address: SocketAddr) {
        let member = match host {
            Host::Identity => &mut self.identity,
            Host::Idv => &mut self.idv,
            Host::Kyc => &mut self.kyc,
            Host::Kyb => &mut self.kyb,
            Host::Forms => &mut self.forms,
            Host::App => &mut self.app,
        };
        *member = format!("http://{address}");
    }
}

/// Six listeners: on free ports, or on consecutive ones from `first`.
pub(crate) async fn bind_all(first: u16) -> std::io::Result<Vec<(Host, TcpListener)>> {
    let mut listeners = Vec::new();
    for (host, step) in Host::ALL.into_iter().zip(0_u16..) {
        let port = if first == 0 { 0 } else { first.saturating_add(step) };
        listeners.push((host, server::bind(port).await?));
    }
    Ok(listeners)
}
