//! Clients that read nothing.

use std::time::Duration;

use common::time::UnixMicros;
use testkit::wait_until;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use super::{
    metric,
    raw::{FIN, Raw, TEXT, frame},
};
use crate::{
    rows::encoded,
    support::{Api, Sent, write},
};

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
        let subscribe = frame(FIN | TEXT, subscribe.as_bytes());
        slow.send(&subscribe).await;
        if id == 0 {
            reading.send(&subscribe).await;
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
