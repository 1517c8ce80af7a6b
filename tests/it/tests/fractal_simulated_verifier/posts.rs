//! Where webhooks come to: they are kept as they came.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A webhook as it came.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Takes whatever is posted and answers 200.
pub(crate) struct Posts {
    url: String,
    came: Arc<Mutex<Vec<Post>>>,
}

impl Posts {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let came = Arc::new(Mutex::default());
        let seen = Arc::clone(&came);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, Arc::clone(&seen)));
            }
        });
        Self { url, came }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn all(&self) -> Vec<Post> {
        self.came.lock().unwrap().clone()
    }
}

/// One request to a connection.
async fn take(mut stream: TcpStream, seen: Arc<Mutex<Vec<Post>>>) -> Option<()> {
    let mut read = Vec::new();
    let head = loop {
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        (stream.read_buf(&mut read).await.ok()? > 0).then_some(())?;
    };
    let text = String::from_utf8(read[..head].to_vec()).ok()?;
    let pairs = text.lines().skip(1).filter_map(|line| line.split_once(':'));
    let headers: Vec<(String, String)> =
        pairs.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?.1.parse().ok()?;
    let mut body = read.split_off(head + 4);
    while body.len() < length {
        (stream.read_buf(&mut body).await.ok()? > 0).then_some(())?;
    }
    seen.lock().unwrap().push(Post { headers, body });
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.ok()
}
