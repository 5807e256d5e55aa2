//! Clients that don't keep to the protocol, or don't read.

use std::time::Duration;

use common::time::UnixMicros;
use testkit::wait_until;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::{
    rows::encoded,
    support::{Api, Sent, write},
};

/// A socket on which the test writes the frames itself.
struct Raw(TcpStream);

const FIN: u8 = 0x80;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const MASKED: u8 = 0x80;

impl Raw {
    /// After the handshake. What isn't read soon fills little of the client's side.
    async fn connect(api: &Api) -> Self {
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

    /// A frame of at most 125 bytes, masked with zeros.
    async fn send(&mut self, first: u8, payload: &[u8]) {
        let length = u8::try_from(payload.len()).unwrap();
        let frame = [&[first, MASKED | length, 0, 0, 0, 0], payload].concat();
        self.0.write_all(&frame).await.unwrap();
    }

    /// Reads frames up to the server's close: its code.
    async fn close_code(mut self) -> Option<u16> {
        let read = async {
            loop {
                let first = self.0.read_u8().await.ok()?;
                let length = match self.0.read_u8().await.ok()? {
                    126 => u64::from(self.0.read_u16().await.ok()?),
                    127 => self.0.read_u64().await.ok()?,
                    short => u64::from(short),
                };
                let mut payload = vec![0; usize::try_from(length).unwrap()];
                self.0.read_exact(&mut payload).await.ok()?;
                if first == FIN | CLOSE {
                    return Some(u16::from_be_bytes([payload[0], payload[1]]));
                }
            }
        };
        timeout(Duration::from_secs(10), read).await.unwrap()
    }
}

#[tokio::test]
async fn broken_frames_are_closed_with_their_code() {
    let api = Api::start().await.ready().await;
    let broken: [(&str, u8, &[u8], u16); 7] = [
        ("text that is not UTF-8", FIN | TEXT, b"\xff\xfe", 1007),
        ("half a character", FIN | TEXT, b"\xe2\x82", 1007),
        ("a reserved bit", FIN | 0x40 | TEXT, b"{}", 1002),
        ("a reserved opcode", FIN | 0x3, b"", 1002),
        ("a reserved control opcode", FIN | 0xb, b"", 1002),
        ("a fragmented ping", PING, b"", 1002),
        ("a continuation of nothing", FIN, b"{}", 1002),
    ];
    for (what, first, payload, code) in broken {
        let mut socket = Raw::connect(&api).await;
        socket.send(first, payload).await;
        assert_eq!(socket.close_code().await, Some(code), "{what}");
    }
    let mut socket = Raw::connect(&api).await;
    socket
        .0
        .write_all(&[FIN | TEXT, 2, b'{', b'}'])
        .await
        .unwrap();
    assert_eq!(
        socket.close_code().await,
        Some(1002),
        "a frame without a mask"
    );
    api.stop().await;
}

/// Of the api's own metrics.
async fn metric(api: &Api, name: &str) -> u32 {
    let metrics = api.get("/metrics").await.body;
    let mut values = metrics.lines().filter_map(|line| line.strip_prefix(name));
    let value = values.find_map(|rest| rest.strip_prefix(' '));
    value.map_or(0, |value| value.parse().unwrap())
}

/// Sockets ended so far with this code.
async fn closed(api: &Api, code: u16) -> u32 {
    let name = format!("tidemark_api_sockets_closed_total{{code=\"{code}\"}}");
    metric(api, &name).await
}

/// Commits events of 2 KB, fifty at a time, until a client that takes nothing of them is closed;
/// fewer than `most` times.
async fn commit_until_cut(api: &mut Api, most: i64) {
    let page: &'static str = Box::leak("x".repeat(2_000).into_boxed_str());
    let mut all = Vec::new();
    for seq in 1..most {
        let now = UnixMicros::now();
        let events = (0..50).map(|n| Sent {
            page: Some(page),
            ..Sent::at(UnixMicros(now.0 - n), 1)
        });
        let events: Vec<_> = events.collect();
        all.extend(events.iter().cloned());
        write(&mut api.db, &events, seq, &all).await;
        if closed(api, 4008).await > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// An event stream, not a byte of which has been read.
async fn unread(api: &Api) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(api.address).await.unwrap();
    let params = encoded(r#"{"rate":100}"#);
    let head = format!(
        "GET /api/v1/live?topic=events&params={params} HTTP/1.1\r\nHost: {}\r\n\r\n",
        api.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_stream_that_is_not_read_gives_its_place_back() {
    let socket = TcpSocket::new_v4().unwrap();
    // Accepted sockets have it too: little is on its way to who doesn't read.
    socket.set_send_buffer_size(4_096).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let changes = [("LIVE_SEND_TIMEOUT_MS", "500"), ("LIVE_MAX_SOCKETS", "1")];
    let services = testkit::Services::start().await;
    let api = Api::on(socket.listen(16).unwrap(), services, &changes).await;
    let mut api = api.ready().await;
    let _unread = unread(&api).await;
    let open = async || metric(&api, "tidemark_api_sockets").await == 1;
    wait_until("the place is taken", Duration::from_secs(5), open).await;
    assert_eq!(api.get("/api/v1/live?topic=pipeline").await.status, 503);
    commit_until_cut(&mut api, 100).await;
    assert_eq!(closed(&api, 4008).await, 1);
    let free = async || metric(&api, "tidemark_api_sockets").await == 0;
    wait_until("the place is free", Duration::from_secs(5), free).await;
    let mut next = unread(&api).await;
    let mut head = [0; 12];
    next.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    drop(next);
    api.stop().await;
}

#[tokio::test]
async fn who_reads_nothing_is_cut_off_and_the_others_are_served() {
    let changes = [("LIVE_SEND_TIMEOUT_MS", "500")];
    let services = testkit::Services::start().await;
    let mut api = Api::with(services, &changes).await.ready().await;
    let mut slow = Raw::connect(&api).await;
    let mut reading = Raw::connect(&api).await;
    for id in 0..16 {
        let subscribe = format!(
            r#"{{"type":"subscribe","id":"{id}","topic":"events","params":{{"rate":100}}}}"#
        );
        slow.send(FIN | TEXT, subscribe.as_bytes()).await;
        if id == 0 {
            reading.send(FIN | TEXT, subscribe.as_bytes()).await;
        }
    }
    let reading = tokio::spawn(reading.close_code());
    // About 1.5 MB for the slow one with each look at the database, until nothing more fits.
    commit_until_cut(&mut api, 150).await;
    assert_eq!(closed(&api, 4008).await, 1);
    assert!(!reading.is_finished(), "who reads goes on");
    api.stop().await;
    assert_eq!(reading.await.unwrap(), Some(1001));
}
