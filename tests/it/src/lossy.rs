//! A proxy before a server of AWS's JSON protocol that passes every request on and may lose the answer of one: what was
//! asked is done, and the client does not learn it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How an answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The connection is closed without a word.
    Dropped,
    /// The service says that it failed.
    Failed,
}

impl Loss {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Dropped, Self::Failed];
}

/// The proxy's controls.
#[derive(Clone, Default)]
pub struct Lossy {
    armed: Arc<Mutex<Option<Armed>>>,
    losses: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
struct Armed {
    /// So many writes keep their answers before.
    spared: usize,
    loss: Loss,
}

impl Lossy {
    /// Listens before the server at `upstream` (`http://address:port`); answers with its own URL.
    pub async fn start(upstream: &str) -> (Self, String) {
        let controls = Self::default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let upstream = upstream.strip_prefix("http://").unwrap().to_owned();
        let own = controls.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(own.clone().serve(client, upstream.clone()));
            }
        });
        (controls, url)
    }

    /// Loses the answer of one write, after so many that keep theirs.
    pub fn lose(&self, spared: usize, loss: Loss) {
        *self.armed.lock().unwrap() = Some(Armed { spared, loss });
    }

    /// Disarms; true if an answer was lost since it was armed.
    pub fn has_lost(&self) -> bool {
        *self.armed.lock().unwrap() = None;
        self.losses.swap(0, Ordering::SeqCst) > 0
    }

    /// One request per connection: nothing is left over that could be lost by accident.
    async fn serve(self, mut client: TcpStream, upstream: String) -> Option<()> {
        let request = read_request(&mut client).await?;
        let loss = self.take(&request);
        let mut server = TcpStream::connect(upstream).await.ok()?;
        server.write_all(&request).await.ok()?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).await.ok()?;
        match loss {
            None => client.write_all(&answer).await.ok()?,
            Some(Loss::Dropped) => {}
            Some(Loss::Failed) => client.write_all(failure().as_bytes()).await.ok()?,
        }
        client.shutdown().await.ok()
    }

    fn take(&self, request: &[u8]) -> Option<Loss> {
        let head = String::from_utf8_lossy(request).to_ascii_lowercase();
        let is_write = [".putitem", ".updateitem", ".deleteitem"].iter().any(|operation| head.contains(operation));
        let mut armed = self.armed.lock().unwrap();
        let now = (*armed).filter(|_| is_write)?;
        if now.spared > 0 {
            *armed = Some(Armed { spared: now.spared - 1, ..now });
            return None;
        }
        *armed = None;
        self.losses.fetch_add(1, Ordering::SeqCst);
        Some(now.loss)
    }
}

/// The whole request; the server is told to close after it, so that its answer has an end.
async fn read_request(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if client.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes.get(..end)?.to_vec()).ok()?;
    let length: usize = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    })?;
    while bytes.len() < end + 4 + length {
        if client.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let mut request = head.into_bytes();
    request.extend_from_slice(b"\r\nconnection: close");
    request.extend_from_slice(bytes.get(end..)?);
    Some(request)
}

fn failure() -> String {
    let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"lost"}"#;
    let length = body.len();
    format!(
        "HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/x-amz-json-1.0\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}
