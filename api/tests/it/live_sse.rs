//! Server-sent events, the counterpart of `/ws`.

use std::time::Duration;

use common::time::UnixMicros;
use serde_json::{Value, json};
use testkit::Services;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};

use crate::{
    rows::encoded,
    support::{Api, Sent, write},
};

struct Stream(BufReader<TcpStream>);

#[derive(Debug, Default)]
struct Event {
    name: String,
    id: String,
    data: Value,
}

impl Stream {
    async fn open(api: &Api, query: &str, last: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(api.address).await.unwrap();
        let last = last.map(|last| format!("Last-Event-ID: {last}\r\n"));
        let head = format!(
            "GET /api/v1/live?{query} HTTP/1.1\r\nHost: {}\r\n{}\r\n",
            api.address,
            last.unwrap_or_default()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut this = Self(BufReader::new(stream));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head += &this.line().await.unwrap();
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(
            head.to_lowercase()
                .contains("content-type: text/event-stream"),
            "{head}"
        );
        this
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = timeout(Duration::from_secs(5), self.0.read_line(&mut line));
        let read = read.await.expect("in time").unwrap();
        (read > 0).then_some(line)
    }

    /// The next event but heartbeats; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        let mut event = Event::default();
        loop {
            let line = self.line().await?;
            // Sizes of chunks lie between.
            match line.trim_end().split_once(": ") {
                Some(("event", name)) => event.name = name.to_owned(),
                Some(("id", id)) => event.id = id.to_owned(),
                Some(("data", data)) if event.name != "heartbeat" => {
                    event.data = serde_json::from_str(data).unwrap();
                    return Some(event);
                }
                _ if line == "0\r\n" => return None,
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn a_stream_says_what_a_socket_says_and_goes_on_where_it_ended() {
    let mut api = Api::start().await.ready().await;
    let query = format!("topic=metrics&params={}", encoded(r#"{"minutes":10}"#));
    let mut stream = Stream::open(&api, &query, None).await;
    let first = stream.next().await.unwrap();
    assert_eq!(first.name, "subscribed");
    assert_eq!(
        (&first.data["type"], &first.data["topic"]),
        (&json!("subscribed"), &json!("metrics"))
    );
    assert_eq!(first.data["position"], first.id.as_str());
    assert_eq!(
        first.data["snapshot"]["minutes"].as_array().map(Vec::len),
        Some(10)
    );
    let all = vec![Sent::at(UnixMicros::now(), 1)];
    write(&mut api.db, &all, 1, &all).await;
    let next = stream.next().await.unwrap();
    assert_eq!(
        (next.name.as_str(), &next.data["data"]["totals"]["events"]),
        ("next", &json!(1))
    );
    drop(stream);
    let mut stream = Stream::open(&api, &query, Some(&first.id)).await;
    let back = stream.next().await.unwrap();
    assert_eq!(
        (back.name.as_str(), &back.data["recovered"]),
        ("subscribed", &json!(true))
    );
    assert_eq!(
        stream.next().await.unwrap().data["data"]["totals"]["events"],
        1
    );
    let mut anew = Stream::open(&api, &query, Some("nonsense")).await;
    let anew = anew.next().await.unwrap();
    assert_eq!(
        (
            &anew.data["recovered"],
            &anew.data["snapshot"]["totals"]["events"]
        ),
        (&json!(false), &json!(1))
    );
    let shutdown = api.shutdown.clone();
    shutdown.stop();
    assert!(stream.next().await.is_none());
    api.stop().await;
}

#[tokio::test]
async fn refusals_are_problems_and_places_are_those_of_sockets() {
    let limits = [("LIVE_MAX_SOCKETS", "1")];
    let api = Api::with(Services::start().await, &limits)
        .await
        .ready()
        .await;
    let refused = [
        ("", "invalid_parameter"),
        ("topic=metrics&money=1", "invalid_parameter"),
        ("topic=money", "unknown_topic"),
        ("topic=metrics&params=1", "invalid_parameter"),
        (
            "topic=metrics&params=%7B%22minutes%22%3A0%7D",
            "invalid_parameter",
        ),
    ];
    for (query, code) in refused {
        let response = api.get(&format!("/api/v1/live?{query}")).await;
        assert_eq!(
            (response.status, &response.json()["code"]),
            (422, &json!(code)),
            "{query}"
        );
    }
    let mut stream = Stream::open(&api, "topic=pipeline", None).await;
    assert_eq!(stream.next().await.unwrap().name, "subscribed");
    let response = api.get("/api/v1/live?topic=pipeline").await;
    assert_eq!(
        (response.status, &response.json()["code"]),
        (503, &json!("too_many_sockets"))
    );
    let foreign = format!(
        "GET /api/v1/live?topic=pipeline HTTP/1.1\r\nHost: {}\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n",
        api.address
    );
    assert_eq!(api.send(&foreign).await.status, 403);
    drop(stream);
    api.stop().await;
}
