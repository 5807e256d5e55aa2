//! Names chosen by strangers create no metric series and no log lines, and a body that expands a
//! thousandfold takes little memory.

use std::{collections::BTreeSet, time::Duration};

use async_compression::tokio::bufread::GzipEncoder;
use bytes::Bytes;
use common::time::UnixMicros;
use redis::AsyncCommands as _;
use serde_json::{Value, json};
use testkit::{Daemon, Program, Services, http, wait_until};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{LIMIT, Pipeline};

/// Of each kind.
const NAMES: usize = 100;
/// What the first use of a route or an outcome may add, however often it is used.
const FIRST_USES: usize = 25;

const BOMBS: usize = 20;
/// However many bombs: eight bodies of 8 MiB are decompressed at once, each thread of the daemon keeps for a
/// moment what it did.
const KEPT: u64 = 64 << 20;

/// The series of all three daemons, without their values.
async fn series(pipeline: &mut Pipeline) -> BTreeSet<String> {
    let mut series = BTreeSet::new();
    let ports: Vec<_> = pipeline.daemons().map(|daemon| daemon.port).collect();
    for port in ports {
        let answer = send(port, "GET", "/metrics", "").await;
        let lines = answer.lines().filter(|line| line.starts_with("tidemark_"));
        series.extend(lines.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned())));
    }
    assert!(series.len() > 50, "{series:?}");
    series
}

async fn send(port: u16, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: evil {path}\r\n\
         User-Agent: evil\r\nOrigin: http://evil.example\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Everything that takes a name takes one that nobody has used: letters and digits, or worse.
async fn attack(pipeline: &Pipeline, name: impl Fn(usize) -> String) {
    let (api, ingestion) = (pipeline.api.port, pipeline.ingestion.port);
    let mut redis = pipeline.services.redis().await;
    let stream = pipeline.services.keys().stream;
    for n in 0..NAMES {
        let name = name(n);
        let plain = format!("evil.n{n}{}", name.len());
        let events = json!([
            {"event_type": plain, "user_id": name, "session_id": name, "page": name,
             "referrer": name, "browser": name, "os": name, "properties": {"a": {"b": name}}},
            {"event_type": name, "user_id": "u"},
            {"event_type": "login", "user_id": "u", "occurred_at": name},
            {"event_type": "login", "user_id": "u", "properties": {name.as_str(): 1}, name.as_str(): 1},
        ]);
        let url = format!("http://127.0.0.1:{ingestion}/api/v1/events");
        let posted = http::post(&url, "application/json", events.to_string().into()).await;
        assert!([202, 422].contains(&posted.unwrap().0));
        let fields = [("event", events[0].to_string()), ("source", name.clone())];
        let _: String = redis.xadd(&stream, "*", &fields).await.unwrap();
        let fields = [(name.as_str(), name.as_str())];
        let _: String = redis.xadd(&stream, "*", &fields).await.unwrap();
        let encoded: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let method = format!("EVIL{n}");
        for (port, method, path) in [
            (api, "GET", format!("/{plain}")),
            (api, method.as_str(), format!("/{encoded}")),
            (api, "GET", format!("/api/v1/sessions/{encoded}")),
            (
                api,
                "GET",
                format!("/api/v1/events?filter=page:{encoded}&from=now-1h"),
            ),
            (
                api,
                "GET",
                format!("/api/v1/metrics/summary?filter=page:matches:({encoded}&tz={encoded}"),
            ),
            (
                api,
                "GET",
                format!("/api/v1/metrics/breakdown?dimension=properties.{encoded}"),
            ),
            (
                api,
                "GET",
                format!("/api/v1/live?topic={encoded}&position={encoded}"),
            ),
            (ingestion, method.as_str(), format!("/{encoded}")),
            (ingestion, "POST", format!("/api/v1/events?wait={encoded}")),
            (ingestion, "PUT", "/api/v1/generator".to_owned()),
        ] {
            send(
                port,
                method,
                &path,
                &json!({name.as_str(): name}).to_string(),
            )
            .await;
        }
    }
}

/// What was accepted is written, so that the consumer has seen it all.
async fn written(pipeline: &Pipeline) {
    let in_flight = async || pipeline.get("/audit").await["total"]["in_flight"] == 0;
    wait_until("nothing is in flight", LIMIT, in_flight).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_makes_a_series() {
    let mut pipeline = Pipeline::start(&["a"]).await;
    attack(&pipeline, |n| format!("evil-first-{n}")).await;
    written(&pipeline).await;
    let first = series(&mut pipeline).await;
    attack(&pipeline, |n| format!("evil-second-{n}")).await;
    written(&pipeline).await;
    let second = series(&mut pipeline).await;
    let new: Vec<_> = second.difference(&first).collect();
    assert!(new.len() <= FIRST_USES, "{new:#?}");
    let named: Vec<_> = second
        .iter()
        .filter(|one| one.to_lowercase().contains("evil"))
        .collect();
    assert!(named.is_empty(), "{named:#?}");
}

/// A line end and a line of one's own; what terminals obey, in both ways to write it.
fn forged(n: usize) -> String {
    format!(
        "evil{n}\r\n{{\"level\":\"ERROR\",\"message\":\"forged\"}}\n\u{1b}[2J\u{9b}31m\u{202e}\u{7}"
    )
}

/// What the daemons print at the finest level while strangers choose names.
async fn log_of(format: &'static str) -> Vec<String> {
    let more = |_: Program| {
        let level = "debug,hyper=trace,tungstenite=trace,tokio_postgres=debug";
        vec![
            ("LOG_FORMAT", format.to_owned()),
            ("LOG_LEVEL", level.to_owned()),
        ]
    };
    let pipeline = Pipeline::start_with(Services::start().await, more).await;
    attack(&pipeline, forged).await;
    written(&pipeline).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let lines = pipeline.printed();
    assert!(lines.len() > 10);
    for line in &lines {
        let unsafe_ = |c: &char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(c);
        assert!(!line.chars().any(|c| unsafe_(&c)), "{line:?}");
    }
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_makes_a_line_of_a_json_log() {
    for line in log_of("json").await {
        let parsed: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        assert_ne!(parsed["message"], "forged", "{line}");
        assert!(parsed["service"].is_string(), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_makes_a_line_of_a_plain_log() {
    for line in log_of("pretty").await {
        let time = line.split_whitespace().next().unwrap_or_default();
        let is_time = UnixMicros::parse_rfc3339(time).is_some();
        assert!(is_time, "a line begins with its time: {line}");
    }
}

const MIB: u64 = 1 << 20;

/// Its peak begins anew where it stands now (proc(5), `clear_refs`); returned is how much that is.
fn forget_peak(daemon: &Daemon) -> u64 {
    std::fs::write(format!("/proc/{}/clear_refs", daemon.pid()), "5").unwrap();
    daemon.peak_memory().unwrap()
}

#[tokio::test]
async fn bombs_take_little_memory() {
    let mut bomb = Vec::new();
    let zeros = vec![0; 100 * MIB as usize];
    let mut encoder = GzipEncoder::new(zeros.as_slice());
    encoder.read_to_end(&mut bomb).await.unwrap();
    let bomb = Bytes::from(bomb);
    let pipeline = Pipeline::start(&[]).await;
    let ingestion = &pipeline.ingestion;
    let first = ingestion.peak_memory().unwrap();
    for number in 1..=BOMBS {
        let before = forget_peak(ingestion);
        let encoding = ("content-encoding", "gzip");
        let sent = http::post_with(&pipeline.collector(), encoding, bomb.clone()).await;
        let (status, problem) = sent.unwrap();
        assert_eq!(status, 413, "{problem}");
        assert_eq!(problem["code"], "decoded_too_large");
        let most = ingestion.peak_memory().unwrap();
        let taken = most.saturating_sub(before);
        println!(
            "bomb {number}: {} KiB, {} in all",
            taken >> 10,
            most.saturating_sub(first) >> 10
        );
        assert!(taken <= 16 * MIB, "bomb {number}: {taken}");
        assert!(
            most.saturating_sub(first) <= KEPT,
            "after {number}: {most}, {first} at first"
        );
    }
}
