//! How many connections an address may have, and whose address counts.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

use crate::daemon::Daemon;

const SOON: Duration = Duration::from_secs(5);

async fn connect(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

/// The head and the body of one answer; what was asked says that it is the last.
async fn ask(mut stream: TcpStream, request: &str) -> (String, String) {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = timeout(SOON, stream.read_to_string(&mut answer)).await;
    read.unwrap().unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

const LIVE: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

fn refused(answer: &(String, String)) -> bool {
    let (head, body) = answer;
    if !head.starts_with("http/1.1 429 ") {
        return false;
    }
    assert!(head.contains("retry-after: ") && head.contains("application/problem+json"));
    let problem: Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["code"], "too_many_connections", "{problem}");
    true
}

async fn refusals(daemon: &Daemon) -> u32 {
    let series = "tidemark_ingestion_refused_connections_total";
    daemon.metric(series).await as u32
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_others_theirs() {
    let daemon = Daemon::start(&[("HTTP_MAX_CONNECTIONS_PER_ADDRESS", "3")]).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(connect("127.0.0.5", daemon.address).await);
    }
    sleep(Duration::from_millis(100)).await;
    let before = refusals(&daemon).await;
    for _ in 0..2 {
        assert!(refused(
            &ask(connect("127.0.0.5", daemon.address).await, LIVE).await
        ));
    }
    assert_eq!(refusals(&daemon).await, before + 2);
    let other = ask(connect("127.0.0.6", daemon.address).await, LIVE).await;
    assert!(other.0.starts_with("http/1.1 200 "), "{}", other.0);
    drop(held.pop());
    sleep(Duration::from_millis(100)).await;
    let next = ask(connect("127.0.0.5", daemon.address).await, LIVE).await;
    assert!(next.0.starts_with("http/1.1 200 "), "{}", next.0);
    // What somebody says of itself changes nothing.
    held.push(connect("127.0.0.5", daemon.address).await);
    sleep(Duration::from_millis(100)).await;
    let claims = LIVE.replace("Host: x", "Host: x\r\nX-Forwarded-For: 192.0.2.1");
    assert!(refused(
        &ask(connect("127.0.0.5", daemon.address).await, &claims).await
    ));
    drop(held);
    daemon.end().await;
}

/// A request by way of a proxy, whose body isn't there yet.
async fn begin(daemon: &Daemon, client: &str) -> TcpStream {
    let mut stream = connect("127.0.0.7", daemon.address).await;
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.9.9.9, {client}\r\n\
         Content-Length: 9\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_share() {
    let daemon = Daemon::start(&[
        ("HTTP_MAX_CONNECTIONS_PER_ADDRESS", "2"),
        ("TRUSTED_PROXIES", "127.0.0.7/32, 10.0.0.0/8"),
    ])
    .await;
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(begin(&daemon, "192.0.2.1").await);
    }
    sleep(Duration::from_millis(100)).await;
    let asks = |client: &str| {
        let claims = format!("Host: x\r\nX-Forwarded-For: {client}");
        LIVE.replace("Host: x", &claims)
    };
    let proxy = async || connect("127.0.0.7", daemon.address).await;
    assert!(refused(&ask(proxy().await, &asks("192.0.2.1")).await));
    // The last hop counts, not what the client has put before it; and the proxy's own are skipped.
    for same in [
        "8.8.8.8, 192.0.2.1",
        "192.0.2.1, 10.1.2.3",
        "192.0.2.1:4711",
    ] {
        assert!(refused(&ask(proxy().await, &asks(same)).await), "{same}");
    }
    for other in ["192.0.2.2", "192.0.2.1, 192.0.2.2", "2001:db8::1"] {
        let answer = ask(proxy().await, &asks(other)).await;
        assert!(
            answer.0.starts_with("http/1.1 200 "),
            "{other}: {}",
            answer.0
        );
    }
    let mut one = held.pop().unwrap();
    one.write_all(b"not JSON!").await.unwrap();
    let mut answer = [0; 12];
    one.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 422");
    sleep(Duration::from_millis(100)).await;
    // The connection is still there; its request isn't.
    let next = ask(proxy().await, &asks("192.0.2.1")).await;
    assert!(next.0.starts_with("http/1.1 200 "), "{}", next.0);
    drop((held, one));
    daemon.end().await;
}
