//! One trace goes from the collector to the commit, and a question is one trace with its
//! statements. For daemons built with the feature `otel`: `make test-otel`.

mod receiver;

use std::{collections::BTreeMap, path::Path, time::Duration};

use testkit::{Daemon, Program, Services, audit, free_port};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use self::receiver::{Receiver, Span};
use crate::harness::{LIMIT, QUIET, STOP};

const WRITING: &str = "0af7651916cd43dd8448eb211c80319c";
const ASKING: &str = "1bf7651916cd43dd8448eb211c80319d";
const UNWANTED: &str = "2cf7651916cd43dd8448eb211c80319e";
const CALLER: &str = "b7ad6b7169203331";

struct Traced {
    services: Services,
    daemons: BTreeMap<&'static str, Daemon>,
}

impl Traced {
    async fn start(receiver: &Receiver) -> Self {
        let services = Services::start().await;
        let mut variables = services.variables();
        variables.insert("OTLP_ENDPOINT".into(), receiver.url());
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("traces.log");
        let mut daemons = BTreeMap::new();
        for program in [Program::Consumer, Program::Ingestion, Program::Api] {
            let port = free_port().unwrap();
            let mut daemon = Daemon::spawn(program, port, &variables, &[], &log).unwrap();
            daemon.ready(LIMIT).await.unwrap();
            daemons.insert(program.name(), daemon);
        }
        Self { services, daemons }
    }

    /// Sends a request as a caller who is in this trace, and records it or not.
    async fn ask(&self, of: &str, request: &str, trace: &str, recorded: u8, body: &str) {
        let address = ("127.0.0.1", self.daemons[of].port);
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             traceparent: 00-{trace}-{CALLER}-{recorded:02x}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    }

    async fn stop(mut self) {
        for daemon in self.daemons.values_mut() {
            assert!(daemon.terminate(STOP).await.unwrap().success());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_goes_from_the_collector_to_the_commit() {
    let receiver = Receiver::start().await;
    let traced = Traced::start(&receiver).await;
    let event = r#"{"event_type": "login", "user_id": "somebody"}"#;
    let post = "POST /api/v1/events";
    traced.ask("ingestion", post, WRITING, 1, event).await;
    traced.ask("ingestion", post, UNWANTED, 0, event).await;
    audit::quiet(&traced.services, QUIET).await.unwrap();
    let question = "GET /api/v1/metrics/summary";
    traced.ask("api", question, ASKING, 1, "").await;
    traced.stop().await;

    let spans = receiver.spans().await;
    let of = |trace: &str| -> Vec<&Span> { spans.iter().filter(|s| s.trace == trace).collect() };
    let written = of(WRITING);
    let mut parent = CALLER.to_owned();
    for (service, name) in [
        ("tidemark-ingestion", post),
        ("tidemark-ingestion", "publish"),
        ("tidemark-consumer", "store batch"),
        ("tidemark-consumer", "commit"),
    ] {
        let is_next = |span: &&&Span| span.name == name && span.parent == parent;
        let next = written.iter().find(is_next);
        let next = next.unwrap_or_else(|| panic!("no {name} under {parent}: {written:#?}"));
        assert_eq!(next.service, service);
        parent.clone_from(&next.id);
    }
    assert_eq!(
        of(UNWANTED),
        Vec::<&Span>::new(),
        "its caller records it not"
    );
    let asked = of(ASKING);
    let request = asked.iter().find(|span| span.parent == CALLER).unwrap();
    assert_eq!(request.name, question);
    let statements = asked.iter().filter(|span| span.parent == request.id);
    assert!(statements.count() > 0, "{asked:#?}");
}

#[tokio::test]
async fn a_collector_that_is_away_harms_nobody() {
    let receiver = Receiver::start().await;
    let traced = Traced::start(&receiver).await;
    receiver.go_away();
    let event = r#"{"event_type": "login", "user_id": "somebody"}"#;
    let post = "POST /api/v1/events?wait=committed";
    traced.ask("ingestion", post, WRITING, 1, event).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    // Each ends with exit code 0, and in time.
    traced.stop().await;
}
