//! A server for tests that behaves as it is told: one request, one act.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the server does when a request has come.
#[derive(Clone)]
pub(crate) enum Act {
    /// These bytes, and on with the same connection.
    Answer(String),
    /// These bytes, and an end.
    Close(String),
    /// Nothing, for ever.
    Silence,
    /// These bytes, then one more every few milliseconds, for ever.
    Drip(String),
    /// These bytes, then as much as the other side takes.
    Flood(String),
}

impl Act {
    /// A whole answer.
    pub(crate) fn answer(status: u16, kind: &str, body: &str) -> Self {
        Self::Answer(format!(
            "HTTP/1.1 {status} Scripted\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
    }
}

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Came {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

type Script = Arc<dyn Fn(&Came) -> Act + Send + Sync>;

/// Runs until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    came: Arc<Mutex<Vec<Came>>>,
    accepting: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Server {
    pub(crate) async fn start(script: impl Fn(&Came) -> Act + Send + Sync + 'static) -> Self {
        let script: Script = Arc::new(script);
        let came = Arc::new(Mutex::new(Vec::new()));
        let Ok(listener) = TcpListener::bind("127.0.0.1:0").await else { unreachable!("loopback has a free port") };
        let Ok(address) = listener.local_addr() else { unreachable!("it is bound") };
        let seen = Arc::clone(&came);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&seen)));
            }
        });
        Self { address, came, accepting }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) const fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn requests(&self) -> Vec<Came> {
        self.came.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.requests().len()
    }
}

async fn serve(mut stream: TcpStream, script: Script, came: Arc<Mutex<Vec<Came>>>) {
    while let Some(request) = read(&mut stream).await {
        let act = script(&request);
        came.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let go_on = match act {
            Act::Answer(bytes) => stream.write_all(bytes.as_bytes()).await.is_ok(),
            Act::Close(bytes) => {
                let _sent = stream.write_all(bytes.as_bytes()).await;
                false
            }
            Act::Silence => std::future::pending().await,
            Act::Drip(bytes) => drip(&mut stream, &bytes).await,
            Act::Flood(bytes) => flood(&mut stream, &bytes).await,
        };
        if !go_on {
            return;
        }
    }
}

async fn drip(stream: &mut TcpStream, beginning: &str) -> bool {
    let mut beat = tokio::time::interval(Duration::from_millis(5));
    let mut sent = stream.write_all(beginning.as_bytes()).await;
    while sent.is_ok() {
        beat.tick().await;
        sent = stream.write_all(b"x").await;
    }
    false
}

async fn flood(stream: &mut TcpStream, beginning: &str) -> bool {
    let mut sent = stream.write_all(beginning.as_bytes()).await;
    while sent.is_ok() {
        sent = stream.write_all(b"400\r\n").await;
        if sent.is_ok() {
            sent = stream.write_all(&[b'x'; 1024]).await;
        }
        if sent.is_ok() {
            sent = stream.write_all(b"\r\n").await;
        }
    }
    false
}

async fn read(stream: &mut TcpStream) -> Option<Came> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() >= length_of(head)
        {
            return Some(Came { head: head.to_owned(), body: body.to_owned() });
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn length_of(head: &str) -> usize {
    let lengths = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = lengths.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}
