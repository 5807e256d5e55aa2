//! How long a client may stop reading its response, and how long its request is still drained at
//! the end.

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
    time::{Instant, Sleep, sleep},
};

/// What a client may leave an ordinary answer waiting for, in all.
const PATIENCE: Duration = Duration::from_secs(30);
/// It earns more by reading: a byte a millisecond keeps it going.
const EARNED_BY_A_BYTE: Duration = Duration::from_millis(1);

/// For how long the rest of what a client sends is thrown away at the end: a connection that is
/// closed with bytes unread is reset, and a reset overtakes the answer that says what was wrong.
const LINGER: Duration = Duration::from_secs(1);
/// How much of it is read at once.
const THROWN_AWAY: usize = 16 * 1024;

/// An extension of every request: a client that never reads would keep its connection, and
/// whatever the answer holds, for ever. Ordinary answers end after 30 seconds of waiting for the
/// client, and a second more for each 1,000 bytes it takes.
#[derive(Debug, Clone, Default)]
pub struct Sending(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// 0 is for ever.
    most_ms: AtomicU64,
    /// Any byte taken restores all of it, as for an answer without an end.
    is_endless: AtomicBool,
    /// Asks to restart with the full time.
    is_new: AtomicBool,
    was_cut: AtomicBool,
}

impl Sending {
    /// When nothing can be sent for `most`, in whole milliseconds, the connection ends. Holds
    /// until the next request comes by it.
    pub fn bound(&self, most: Duration) {
        self.set(most, true);
    }

    /// For an ordinary answer.
    pub(super) fn begin(&self) {
        self.set(PATIENCE, false);
    }

    /// For connections that have been upgraded from HTTP.
    pub(super) fn unbind(&self) {
        self.0.most_ms.store(0, Ordering::Relaxed);
    }

    fn set(&self, most: Duration, is_endless: bool) {
        let most_ms = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        self.0.most_ms.store(most_ms, Ordering::Relaxed);
        self.0.is_endless.store(is_endless, Ordering::Relaxed);
        self.0.is_new.store(true, Ordering::Relaxed);
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

/// A connection with the limits of its [`Sending`].
pub(super) struct Bounded {
    stream: TcpStream,
    sending: Sending,
    /// How long the client may still leave us waiting.
    left: Duration,
    wait: Option<Wait>,
    /// Until when it is listened to, once all is said.
    linger: Option<Pin<Box<Sleep>>>,
}

/// For room to send more.
struct Wait {
    since: Instant,
    end: Pin<Box<Sleep>>,
}

impl Bounded {
    pub(super) fn new(stream: TcpStream, sending: Sending) -> Self {
        Self {
            stream,
            sending,
            left: Duration::MAX,
            wait: None,
            linger: None,
        }
    }

    fn bounded(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let Some(most) = self.sending.most() else {
            self.wait = None;
            return written;
        };
        let state = &self.sending.0;
        if state.is_new.swap(false, Ordering::Relaxed) {
            (self.left, self.wait) = (most, None);
        }
        if let Poll::Ready(outcome) = written {
            let waited = self.wait.take().map(|wait| wait.since.elapsed());
            let bytes = u32::try_from(*outcome.as_ref().unwrap_or(&0)).unwrap_or(u32::MAX);
            let earned = match state.is_endless.load(Ordering::Relaxed) {
                true => most,
                false => EARNED_BY_A_BYTE * bytes,
            };
            self.left = self.left.saturating_sub(waited.unwrap_or_default());
            self.left = self.left.saturating_add(earned).min(most);
            return Poll::Ready(outcome);
        }
        let wait = self.wait.get_or_insert_with(|| Wait {
            since: Instant::now(),
            end: Box::pin(sleep(self.left)),
        });
        ready!(wait.end.as_mut().poll(cx));
        state.was_cut.store(true, Ordering::Relaxed);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
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
        let this = &mut *self;
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        }
        let end = this.linger.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        let mut unread = [0; THROWN_AWAY];
        while end.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut unread);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
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
    async fn an_ordinary_answer_waits_for_a_while_in_all() {
        let (mut server, sending, mut client) = connected().await;
        sending.set(MOST, false);
        let began = Instant::now();
        let reading = tokio::spawn(async move {
            // A byte every 100 ms earns nothing to speak of.
            while client.read_u8().await.is_ok() {
                tokio::time::sleep(MOST / 5).await;
            }
        });
        let error = send(&mut server, usize::MAX).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(sending.was_cut() && began.elapsed() < 3 * MOST);
        drop(server);
        reading.abort();
    }

    #[tokio::test]
    async fn an_answer_outlives_what_its_client_still_sends() {
        let (mut server, _, mut client) = connected().await;
        let told = tokio::spawn(async move {
            client.write_all(&[0; 4 << 20]).await.unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            answer
        });
        server.write_all(b"too large").await.unwrap();
        server.shutdown().await.unwrap();
        drop(server);
        assert_eq!(told.await.unwrap(), "too large");
    }

    #[tokio::test]
    async fn who_sends_without_end_is_not_listened_to_for_ever() {
        let (mut server, _, mut client) = connected().await;
        let sending =
            tokio::spawn(async move { while client.write_all(&[0; 65_536]).await.is_ok() {} });
        let began = Instant::now();
        server.shutdown().await.unwrap();
        assert!((LINGER..2 * LINGER).contains(&began.elapsed()));
        drop(server);
        sending.await.unwrap();
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
