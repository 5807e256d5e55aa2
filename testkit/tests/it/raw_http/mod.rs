//! Raw requests to all three daemons, byte by byte: what isn't HTTP is refused, and nothing
//! smuggled behind a request is taken for one.

mod corpus;
mod slow;

use std::time::Duration;

use futures_util::future::join_all;
use testkit::http;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::harness::Pipeline;

/// Within which a connection has ended: a head may take ten seconds.
const LIMIT: Duration = Duration::from_secs(15);

/// Sends all bytes and reads until the server closes.
async fn exchange(port: u16, bytes: &[u8]) -> String {
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        // The other side may answer and close before it has read everything.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    timeout(LIMIT, exchange).await.expect("the connection ends")
}

/// Of all answers that came, in order.
fn statuses(answer: &str) -> Vec<u16> {
    let answers = answer.split("HTTP/1.").skip(1);
    let statuses = answers.map(|answer| answer.get(2..5).and_then(|status| status.parse().ok()));
    statuses.map(Option::unwrap_or_default).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_http_is_refused_and_nothing_is_smuggled() {
    let mut pipeline = Pipeline::start(&["a"]).await;
    let ingestion = pipeline.ingestion.port;
    let everywhere: Vec<_> = pipeline.daemons().map(|daemon| daemon.port).collect();
    let mut tried = Vec::new();
    for (what, bytes, allowed) in corpus::cases() {
        for port in &everywhere {
            tried.push((what, *port, bytes.clone(), allowed));
        }
    }
    for (what, bytes, allowed) in corpus::bodies() {
        tried.push((what, ingestion, bytes, allowed));
    }
    assert!(tried.len() >= 200, "{}", tried.len());
    println!("{} cases", tried.len());
    let wrong = tried
        .into_iter()
        .map(|(what, port, bytes, allowed)| async move {
            let answer = exchange(port, &bytes).await;
            let got = statuses(&answer);
            (!allowed.contains(&got.as_slice())).then(|| format!("{what}: {got:?} of {allowed:?}"))
        });
    let wrong: Vec<_> = join_all(wrong).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for port in everywhere {
        let url = format!("http://127.0.0.1:{port}/health/ready");
        assert_eq!(http::get(&url).await.unwrap().0, 200);
    }
    assert_eq!(pipeline.accepted().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_has_an_id() {
    let mut pipeline = Pipeline::start(&["a"]).await;
    for port in pipeline.daemons().map(|daemon| daemon.port) {
        for (request, id) in [
            (
                "GET /health/live HTTP/1.1\r\nHost: x\r\nX-Request-Id: night-1\r\n",
                "night-1",
            ),
            (
                "GET /nowhere HTTP/1.1\r\nHost: x\r\nX-Request-Id: a b\r\n",
                "0",
            ),
            ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n", "0"),
        ] {
            let request = format!("{request}Connection: close\r\n\r\n");
            let answer = exchange(port, request.as_bytes()).await;
            let wanted = format!("\r\nx-request-id: {id}");
            assert!(answer.contains(&wanted), "{request}{answer}");
        }
    }
}
