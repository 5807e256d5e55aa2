//! Many WebSocket clients that cost little: frames are counted and cut, not parsed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use common::time::UnixMicros;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

/// Sockets that are opened at the same time.
const AT_ONCE: usize = 100;
const LIMIT: Duration = Duration::from_secs(20);
/// Longest piece that one read takes.
const READ: usize = 16 * 1024;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// What all sockets together got.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub(super) frames: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) closed: AtomicU64,
    stop: AtomicBool,
}

/// A frame with its position, as one socket got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) position: String,
    pub(super) at: UnixMicros,
}

pub(super) struct Clients {
    pub(super) received: Arc<Received>,
    readers: JoinSet<Vec<Arrival>>,
}

impl Clients {
    /// Opens `count` sockets, each of which says `subscribe`. With `noting` each notes when it
    /// got which position.
    pub(super) async fn open(
        port: u16,
        count: usize,
        subscribe: Vec<String>,
        noting: bool,
    ) -> anyhow::Result<Self> {
        let received = Arc::new(Received::default());
        let mut readers = JoinSet::new();
        for first in (0..count).step_by(AT_ONCE) {
            let opening = (first..count.min(first + AT_ONCE)).map(|_| open(port, &subscribe));
            for stream in futures_util::future::try_join_all(opening).await? {
                readers.spawn(read(stream, received.clone(), noting));
            }
        }
        Ok(Self { received, readers })
    }

    /// What each socket noted. The sockets are cut.
    pub(super) async fn close(mut self) -> anyhow::Result<Vec<Vec<Arrival>>> {
        self.received.stop.store(true, Relaxed);
        let mut all = Vec::new();
        while let Some(noted) = self.readers.join_next().await {
            all.push(noted?);
        }
        Ok(all)
    }
}

async fn open(port: u16, subscribe: &[String]) -> anyhow::Result<TcpStream> {
    let opening = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        ensure!(head.starts_with("HTTP/1.1 101"), "no upgrade: {head}");
        for text in subscribe {
            stream.write_all(&masked(TEXT, text.as_bytes())).await?;
        }
        Ok(stream)
    };
    tokio::time::timeout(LIMIT, opening)
        .await
        .context("no upgrade in time")?
}

/// A frame of a client, its mask all zeros.
fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(long as u16).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

async fn read(mut stream: TcpStream, received: Arc<Received>, noting: bool) -> Vec<Arrival> {
    let (mut noted, mut buffer) = (Vec::new(), Vec::new());
    // The wait is bounded, so that a socket on which nothing comes notices the end as well.
    const LOOK: Duration = Duration::from_millis(500);
    while !received.stop.load(Relaxed) {
        buffer.reserve(READ);
        let length = match tokio::time::timeout(LOOK, stream.read_buf(&mut buffer)).await {
            Err(_) => continue,
            Ok(Ok(length)) if length > 0 => length,
            Ok(_) => {
                received.closed.fetch_add(1, Relaxed);
                return noted;
            }
        };
        received.bytes.fetch_add(length as u64, Relaxed);
        let mut at = 0;
        while let Ok(Some(frame)) = Frame::at(&buffer[at..]) {
            if frame.opcode == PING {
                let pong = masked(PONG, frame.payload);
                if stream.write_all(&pong).await.is_err() {
                    return noted;
                }
            }
            if frame.opcode == TEXT {
                received.frames.fetch_add(1, Relaxed);
                noted.extend(noting.then(|| arrival(frame.payload)).flatten());
            }
            at += frame.length;
        }
        buffer.drain(..at);
    }
    noted
}

fn arrival(payload: &[u8]) -> Option<Arrival> {
    let text = std::str::from_utf8(payload.get(..payload.len().min(4_096))?).ok()?;
    let next = text.strip_prefix(r#"{"type":"next""#)?;
    let (_, rest) = next.split_once(r#""position":""#)?;
    let (position, _) = rest.split_once('"')?;
    Some(Arrival {
        position: position.to_owned(),
        at: UnixMicros::now(),
    })
}

struct Frame<'b> {
    opcode: u8,
    payload: &'b [u8],
    length: usize,
}

impl<'b> Frame<'b> {
    /// The frame that begins here; `None` where its end hasn't come yet.
    fn at(bytes: &'b [u8]) -> anyhow::Result<Option<Self>> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        let opcode = first & 0x0f;
        if opcode == CLOSE {
            bail!("closed");
        }
        let (head, length) = match second & 0x7f {
            126 => match rest {
                [a, b, ..] => (4, usize::from(u16::from_be_bytes([*a, *b]))),
                _ => return Ok(None),
            },
            127 => match rest.first_chunk::<8>() {
                Some(length) => (10, u64::from_be_bytes(*length) as usize),
                None => return Ok(None),
            },
            short => (2, usize::from(short)),
        };
        Ok(bytes.get(head..head + length).map(|payload| Self {
            opcode,
            payload,
            length: head + length,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_cut_and_their_positions_found() {
        let text = br#"{"type":"next","id":"m","position":"3:7,12:1","data":{}}"#;
        let mut bytes = vec![0x81, text.len() as u8];
        bytes.extend_from_slice(text);
        assert!(Frame::at(&bytes[..bytes.len() - 1]).unwrap().is_none());
        let frame = Frame::at(&bytes).unwrap().unwrap();
        assert_eq!((frame.opcode, frame.length), (TEXT, bytes.len()));
        assert_eq!(arrival(frame.payload).unwrap().position, "3:7,12:1");
    }
}
