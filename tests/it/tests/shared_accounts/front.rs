//! The front door on a real port: what arrives is put before the ingress, byte for byte, doubled headers included.

use std::net::SocketAddr;
use std::sync::Arc;

use idv_gateway::ingress::{Arrival, Ingress};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Dropping it closes the door.
pub(crate) struct Front {
    address: SocketAddr,
    open: JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.open.abort();
    }
}

impl Front {
    pub(crate) async fn before(ingress: Ingress) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, ingress) = (listener.local_addr().unwrap(), Arc::new(ingress));
        let open = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&ingress)));
            }
        });
        Self { address, open }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// One request, one answer, one connection. A caller that breaks off is left alone.
async fn serve(mut stream: TcpStream, ingress: Arc<Ingress>) {
    let Some(arrival) = arrived(&mut stream).await else { return };
    let answer = ingress.answer(&arrival).await;
    let headers: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let (status, length, body) = (answer.status, answer.body.len(), answer.body);
    let text = format!("HTTP/1.1 {status} -\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn arrived(stream: &mut TcpStream) -> Option<Arrival> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        more(stream, &mut bytes).await?;
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, &str)> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value)).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let end = head + 4 + length.unwrap_or(0);
    while bytes.len() < end {
        more(stream, &mut bytes).await?;
    }
    Some(Arrival {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.iter().map(|(name, value)| (name.clone().into_bytes(), value.as_bytes().to_vec())).collect(),
        body: bytes[head + 4..end].to_vec(),
        source: None,
    })
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 4096];
    let read = stream.read(&mut chunk).await.ok().filter(|&read| read > 0)?;
    bytes.extend_from_slice(&chunk[..read]);
    Some(())
}
