//! A revoked key opens nothing, and what it had opened is closed; keys stay in force while the
//! database is away.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;

use super::{bearer, connect_with, guarded};
use crate::{
    export::{self, Download},
    live_client::{Socket, hear, say},
    support::Api,
};

const PATH: &str = "/api/v1/metadata";
/// Five seconds, and what a busy machine needs.
const EFFECTIVE: Duration = Duration::from_secs(8);

async fn is_refused(api: &Api, key: &str) -> bool {
    api.get_with(PATH, key).await.status == 401
}

#[tokio::test]
async fn requests_sockets_and_streams_end() {
    let (api, key) = guarded(&["read"], None, &[]).await;
    let text = key.text();
    let mut socket = connect_with(&api, &text).await;
    say(
        &mut socket,
        json!({"type": "subscribe", "id": "a", "topic": "realtime"}),
    )
    .await;
    assert_eq!(hear(&mut socket).await["type"], "subscribed");
    let mut stream = tokio::net::TcpStream::connect(api.address).await.unwrap();
    let asked = format!(
        "GET /api/v1/live?topic=realtime HTTP/1.1\r\nHost: x\r\n{}\r\n",
        bearer(&text)
    );
    stream.write_all(asked.as_bytes()).await.unwrap();

    let metrics = api.get_with("/metrics", &text).await.body;
    let known = "tidemark_api_sockets_closed_total{code=\"4001\"}";
    assert!(metrics.contains(known), "before the first of them");
    let started = Instant::now();
    api.services.revoke(&key).await;
    let refused = async || is_refused(&api, &text).await;
    testkit::wait_until("the key is refused", EFFECTIVE, refused).await;
    assert_eq!(close_code_of(&mut socket).await, Some(4001));
    assert!(started.elapsed() < 2 * EFFECTIVE);
    let mut streamed = Vec::new();
    let end = async {
        let mut bytes = [0; 4096];
        while !String::from_utf8_lossy(&streamed).contains("key_revoked") {
            let count = stream.read(&mut bytes).await.unwrap();
            assert!(count > 0, "{}", String::from_utf8_lossy(&streamed));
            streamed.extend_from_slice(&bytes[..count]);
        }
    };
    timeout(EFFECTIVE, end).await.unwrap();
    api.stop().await;
}

async fn close_code_of(socket: &mut Socket) -> Option<u16> {
    while let Ok(Some(Ok(message))) = timeout(EFFECTIVE, socket.next()).await {
        if let Message::Close(frame) = message {
            return frame.map(|frame| frame.code.into());
        }
    }
    None
}

#[tokio::test]
async fn while_the_database_is_away_keys_stay() {
    let (api, key) = guarded(&["read"], None, &[]).await;
    api.services.shut().await;
    let unread = async || {
        let metrics = api.get_with("/metrics", &key.text()).await;
        metrics.metric("tidemark_auth_keys_age_seconds") > 0.0
    };
    testkit::wait_until("keys can't be read", 2 * EFFECTIVE, unread).await;
    let response = api.get_with("/api/v1/pipeline", &key.text()).await;
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(api.get("/api/v1/pipeline").await.status, 401);
    api.stop().await;
}

#[tokio::test]
async fn an_export_breaks_off() {
    let (api, key) = guarded(&["read"], None, &[]).await;
    export::crowd(&api).await;
    let download = Download::begin(&api, export::DAY, &bearer(&key.text())).await;
    assert_eq!(download.status(), 200);
    api.services.revoke(&key).await;
    let refused = async || is_refused(&api, &key.text()).await;
    testkit::wait_until("the key is refused", EFFECTIVE, refused).await;
    let (body, is_whole) = download.finish().await;
    assert!(!is_whole && body.len() < 8 << 20, "{} bytes", body.len());
    api.stop().await;
}

#[tokio::test]
async fn the_last_use_is_noted() {
    let (api, key) = guarded(&["read"], None, &[]).await;
    assert_eq!(api.get_with(PATH, &key.text()).await.status, 200);
    let noted = async || {
        let sql = "SELECT last_used_at IS NOT NULL FROM api_keys";
        api.db.query_one(sql, &[]).await.unwrap().get(0)
    };
    testkit::wait_until("it is noted", EFFECTIVE, noted).await;
    api.stop().await;
}
