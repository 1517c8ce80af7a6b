//! An HTTP server whose connections can be cut: by a handler (the caller sees a closed connection and no
//! answer) or all at once when the server stops, kept-alive ones included.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    Router,
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// A running server; dropping it cuts everything.
pub(crate) struct Server {
    address: SocketAddr,
    stopped: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Serves on the loopback interface; port 0 takes a free one.
    pub(crate) async fn start(listener: TcpListener, router: Router) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (stopped, news) = watch::channel(false);
        let listener = CuttableListener { inner: listener, stopped: news };
        let service = router.into_make_service_with_connect_info::<Cord>();
        let accepting = tokio::spawn(async move {
            // it ends only by being aborted
            let _ended = axum::serve(listener, service).await;
        });
        Ok(Self { address, stopped, accepting })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, cuts what is open. The port is free once this has returned.
    pub(crate) async fn stop(&mut self) {
        self.cut();
        let _ended = (&mut self.accepting).await;
    }

    fn cut(&self) {
        self.stopped.send_replace(true);
        self.accepting.abort();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.cut();
    }
}

pub(crate) async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// An API and its hosted pages: on free ports, or on `port` and the next one.
pub(crate) async fn bind_pair(port: u16) -> io::Result<(TcpListener, TcpListener)> {
    let next = if port == 0 { 0 } else { port.saturating_add(1) };
    Ok((bind(port).await?, bind(next).await?))
}

pub(crate) fn origin(listener: &TcpListener) -> io::Result<String> {
    Ok(format!("http://{}", listener.local_addr()?))
}

/// A handler's hold on the connection that brought the request.
#[derive(Debug, Clone)]
pub(crate) struct Cord {
    cut: Arc<AtomicBool>,
    stopped: watch::Receiver<bool>,
}

impl Cord {
    fn new(stopped: &watch::Receiver<bool>) -> Self {
        Self { cut: Arc::new(AtomicBool::new(false)), stopped: stopped.clone() }
    }

    /// Says nothing until the caller leaves or the server stops.
    pub(crate) async fn silence(mut self) {
        let _stopped = self.stopped.wait_for(|stopped| *stopped).await;
    }

    /// The answer that the handler gives next never reaches the caller: the connection is closed instead.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Cord {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.remote_addr().clone()
    }
}

struct CuttableListener {
    inner: TcpListener,
    stopped: watch::Receiver<bool>,
}

impl Listener for CuttableListener {
    type Io = Cuttable;
    type Addr = Cord;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, _) = Listener::accept(&mut self.inner).await;
        let cord = Cord::new(&self.stopped);
        (Cuttable { stream, cord: cord.clone() }, cord)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(Cord::new(&self.stopped))
    }
}

struct Cuttable {
    stream: TcpStream,
    cord: Cord,
}

impl Cuttable {
    fn check(&self) -> io::Result<()> {
        if self.cord.cut.load(Ordering::SeqCst) || *self.cord.stopped.borrow() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
