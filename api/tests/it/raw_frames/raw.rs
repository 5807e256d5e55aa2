//! A socket on which the test writes the frames itself.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::support::Api;

pub(super) const LIMIT: Duration = Duration::from_secs(20);

pub(super) const FIN: u8 = 0x80;
pub(super) const TEXT: u8 = 0x1;
pub(super) const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xa;
pub(super) const MASKED: u8 = 0x80;

/// What a client gets for what it sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Want {
    /// A close with this code.
    Close(u16),
    /// One without.
    BareClose,
    /// A text that holds this.
    Says(&'static str),
    Pong(Vec<u8>),
    /// Nothing: the connection ends.
    End,
}

/// What to call it, what is sent, what should come of it.
pub(super) type Case = (&'static str, Vec<u8>, Want);

pub(super) struct Raw(TcpStream);

impl Raw {
    /// After the handshake. What isn't read soon fills little of the client's side.
    pub(super) async fn connect(api: &Api) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut stream = socket.connect(api.address).await.unwrap();
        let head = format!(
            "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            api.address
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"));
        Self(stream)
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// The next frame: its first byte and its payload.
    async fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.0.read_u8().await.ok()?;
        let length = match self.0.read_u8().await.ok()? {
            126 => u64::from(self.0.read_u16().await.ok()?),
            127 => self.0.read_u64().await.ok()?,
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).await.ok()?;
        Some((first, payload))
    }

    /// Reads frames up to the server's close: its code.
    pub(super) async fn close_code(mut self) -> Option<u16> {
        let read = async {
            loop {
                let (first, payload) = self.next().await?;
                if first == FIN | CLOSE {
                    return Some(u16::from_be_bytes([payload[0], payload[1]]));
                }
            }
        };
        timeout(LIMIT, read).await.unwrap()
    }

    /// Sends `bytes` and reads up to what is wanted, or to the end. After a close, and where the
    /// end is wanted, it closes its own side and the server must follow.
    pub(super) async fn answer(mut self, bytes: &[u8], want: &Want) -> Want {
        let exchange = async {
            // The server may have closed before it has taken all.
            let _ = self.0.write_all(bytes).await;
            if *want == Want::End {
                let _ = self.0.shutdown().await;
            }
            while let Some((first, payload)) = self.next().await {
                let got = match (first & 0xf, payload.as_slice()) {
                    (CLOSE, [high, low, ..]) => Want::Close(u16::from_be_bytes([*high, *low])),
                    (CLOSE, _) => Want::BareClose,
                    (PONG, _) => Want::Pong(payload),
                    (TEXT, text) => match want {
                        Want::Says(part) if contains(text, part) => return want.clone(),
                        _ => continue,
                    },
                    _ => panic!("an unexpected frame: {first:#x} {payload:?}"),
                };
                if matches!(got, Want::Close(_) | Want::BareClose) {
                    // A pong may be on its way; data may not (RFC 6455, 5.5.1).
                    while let Some((first, payload)) = self.next().await {
                        assert_eq!(first, FIN | PONG, "after a close: {payload:?}");
                    }
                    return got;
                }
                if got == *want {
                    return got;
                }
            }
            Want::End
        };
        timeout(LIMIT, exchange).await.expect("an answer in time")
    }
}

fn contains(text: &[u8], part: &str) -> bool {
    String::from_utf8_lossy(text).contains(part)
}

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A masked frame, its length written as short as may be.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let mut frame = vec![first];
    if let Ok(short) = u8::try_from(length)
        && short < 126
    {
        frame.push(MASKED | short);
    } else if let Ok(middle) = u16::try_from(length) {
        frame.push(MASKED | 126);
        frame.extend(middle.to_be_bytes());
    } else {
        frame.push(MASKED | 127);
        frame.extend((length as u64).to_be_bytes());
    }
    finish(frame, payload)
}

/// The same with a head of the test's own.
pub(super) fn finish(mut head: Vec<u8>, payload: &[u8]) -> Vec<u8> {
    head.extend(MASK);
    let masked = payload.iter().zip(MASK.iter().cycle());
    head.extend(masked.map(|(byte, mask)| byte ^ mask));
    head
}
