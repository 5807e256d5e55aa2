//! Clients that take their time, and one that doesn't.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use testkit::http;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::statuses;
use crate::harness::Pipeline;

const SECOND: Duration = Duration::from_secs(1);
/// What a head may take, and a small body.
const HEAD: Duration = Duration::from_secs(10);
/// What the body of a batch may take.
const BODY: Duration = Duration::from_secs(30);
/// For a busy machine.
const MARGIN: Duration = Duration::from_secs(5);

/// Sends `first`, then a byte of `rest` each second, until the server closes: what it has said, and
/// how long that took.
async fn trickle(port: u16, first: &str, rest: &'static str) -> (Vec<u16>, Duration) {
    let began = Instant::now();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    write.write_all(first.as_bytes()).await.unwrap();
    let sending = tokio::spawn(async move {
        for byte in rest.bytes().cycle() {
            sleep(SECOND).await;
            if write.write_all(&[byte]).await.is_err() {
                break;
            }
        }
    });
    let mut answer = Vec::new();
    let _ = timeout(BODY + 3 * MARGIN, read.read_to_end(&mut answer)).await;
    let took = began.elapsed();
    sending.abort();
    (statuses(&String::from_utf8_lossy(&answer)), took)
}

/// Asks the api and sends ingestion an event, at most ten times a second, until it is aborted or
/// isn't answered rightly; and how often it was.
fn honest(api: u16, ingestion: u16) -> (JoinHandle<()>, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let question = format!("http://127.0.0.1:{api}/api/v1/metrics/summary?from=now-1h");
    let events = format!("http://127.0.0.1:{ingestion}/api/v1/events");
    let working = tokio::spawn(async move {
        loop {
            let event = r#"{"event_type":"login","user_id":"honest"}"#.into();
            let (answer, taken) = tokio::join!(
                http::get_fresh(&question),
                http::post(&events, "application/json", event),
            );
            assert_eq!((answer.unwrap().0, taken.unwrap().0), (200, 202));
            count.fetch_add(1, Ordering::Relaxed);
            sleep(SECOND / 10).await;
        }
    });
    (working, asked)
}

fn within(what: &str, took: Duration, limit: Duration) {
    println!("{what}: {took:?}");
    assert!(
        took > limit - SECOND && took < limit + MARGIN,
        "{what}: {took:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_waited_for_for_ever() {
    let pipeline = Pipeline::start(&["a"]).await;
    let (api, ingestion) = (pipeline.api.port, pipeline.ingestion.port);
    let consumer = pipeline.consumers["a"].port;
    let begun = |method: &str, path: &str| {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             Content-Length: 10000\r\n\r\n{{"
        )
    };
    let silent = async |port: u16| {
        let began = Instant::now();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let mut nothing = Vec::new();
        let _ = timeout(HEAD + MARGIN, stream.read_to_end(&mut nothing)).await;
        within("a silent connection", began.elapsed(), HEAD);
    };
    let head = async |port: u16| {
        let begun = "GET /health/live HTTP/1.1\r\nHost: x\r\nA: ";
        let (answers, took) = trickle(port, begun, "b").await;
        within("a head", took, HEAD);
        assert!(answers.is_empty() || answers == [408], "{answers:?}");
    };
    let idle = async |port: u16| {
        let began = Instant::now();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let ask = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
        stream.write_all(ask).await.unwrap();
        let mut answer = Vec::new();
        let _ = timeout(HEAD + MARGIN, stream.read_to_end(&mut answer)).await;
        within("a kept connection", began.elapsed(), HEAD);
        assert_eq!(statuses(&String::from_utf8_lossy(&answer)), [200]);
    };
    let body = async |port: u16, method: &str, path: &str, limit: Duration| {
        let (answers, took) = trickle(port, &begun(method, path), " ").await;
        within(path, took, limit);
        assert_eq!(answers, [408], "{path}");
    };
    let (working, asked) = honest(api, ingestion);
    tokio::join!(
        silent(api),
        silent(ingestion),
        silent(consumer),
        head(api),
        head(ingestion),
        head(consumer),
        idle(api),
        idle(ingestion),
        idle(consumer),
        body(api, "POST", "/api/v1/query", HEAD),
        body(ingestion, "PUT", "/api/v1/generator", HEAD),
        body(ingestion, "POST", "/api/v1/events", BODY),
    );
    assert!(
        !working.is_finished(),
        "an honest client is always answered"
    );
    working.abort();
    let asked = asked.load(Ordering::Relaxed);
    assert!(asked > 50, "{asked} were asked meanwhile");
}
