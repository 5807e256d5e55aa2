//! How long a client may take nothing of what it is sent.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

/// An extension of every request, for answers without an end: a client that never reads would
/// keep its connection, and whatever the answer holds, for ever.
#[derive(Debug, Clone, Default)]
pub struct Sending(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// 0 is for ever.
    most_ms: AtomicU64,
    was_cut: AtomicBool,
}

impl Sending {
    /// When nothing can be sent for `most`, in whole milliseconds, the connection ends. Holds
    /// until the next request comes by it.
    pub fn bound(&self, most: Duration) {
        let most_ms = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        self.0.most_ms.store(most_ms, Ordering::Relaxed);
    }

    pub(super) fn unbind(&self) {
        self.0.most_ms.store(0, Ordering::Relaxed);
    }

    /// Whether the connection has ended so.
    #[must_use]
    pub fn was_cut(&self) -> bool {
        self.0.was_cut.load(Ordering::Relaxed)
    }

    fn most(&self) -> Option<Duration> {
        let most_ms = self.0.most_ms.load(Ordering::Relaxed);
        (most_ms > 0).then(|| Duration::from_millis(most_ms))
    }
}

/// A connection that keeps to what its [`Sending`] says.
pub(super) struct Bounded {
    stream: TcpStream,
    sending: Sending,
    /// Ends the wait for room, where there is one.
    wait: Option<Pin<Box<Sleep>>>,
}

impl Bounded {
    pub(super) fn new(stream: TcpStream, sending: Sending) -> Self {
        Self {
            stream,
            sending,
            wait: None,
        }
    }

    fn bounded(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match self.sending.most() {
            Some(most) if written.is_pending() => {
                let wait = self.wait.get_or_insert_with(|| Box::pin(sleep(most)));
                ready!(wait.as_mut().poll(cx));
                self.sending.0.was_cut.store(true, Ordering::Relaxed);
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            _ => {
                self.wait = None;
                written
            }
        }
    }
}

impl AsyncRead for Bounded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.bounded(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.bounded(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
        time::timeout,
    };

    use super::*;

    const MOST: Duration = Duration::from_millis(500);

    async fn connected() -> (Bounded, Sending, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, server) = tokio::join!(client, listener.accept());
        let sending = Sending::default();
        let server = Bounded::new(server.unwrap().0, sending.clone());
        (server, sending, client.unwrap())
    }

    async fn send(server: &mut Bounded, times: usize) -> io::Result<()> {
        for _ in 0..times {
            server.write_all(&[0; 65_536]).await?;
        }
        Ok(())
    }

    #[tokio::test]
    async fn who_takes_nothing_is_cut_off_where_that_is_bounded() {
        let (mut server, sending, _client) = connected().await;
        let unbounded = timeout(2 * MOST, send(&mut server, usize::MAX)).await;
        assert!(unbounded.is_err() && !sending.was_cut());
        sending.bound(MOST);
        let error = send(&mut server, 1).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(sending.was_cut());
    }

    #[tokio::test]
    async fn who_takes_little_by_little_is_not() {
        let (mut server, sending, mut client) = connected().await;
        sending.bound(MOST);
        let reading = tokio::spawn(async move {
            let mut bytes = vec![0; 1 << 20];
            for _ in 0..12 {
                tokio::time::sleep(MOST / 5).await;
                client.read_exact(&mut bytes).await.unwrap();
            }
        });
        send(&mut server, 12 << 4).await.unwrap();
        reading.await.unwrap();
        assert!(!sending.was_cut());
    }
}
