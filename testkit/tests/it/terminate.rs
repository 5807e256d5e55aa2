//! SIGTERM under load: each daemon ends within ten seconds with code 0 and leaves nothing
//! half done.

use std::{process::ExitStatus, time::Duration};

use redis::{AsyncCommands as _, streams::StreamPendingReply};
use testkit::{Daemon, audit, http, stream, wait_until};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::harness::{
    LIMIT, Pipeline, QUIET, STOP,
    client::{self, Sent},
    socket::Socket,
};

/// What a debug build carries on two busy cores.
const RATE: f64 = 10_000.0;

async fn terminate(daemon: &mut Daemon) {
    let ended = daemon.terminate(STOP).await;
    let ended = ended.unwrap_or_else(|error| panic!("{}: {error}", daemon.program.name()));
    assert_eq!(ended.code(), Some(0), "{} {ended}", daemon.program.name());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_consumer_leaves_nothing_pending() {
    let mut pipeline = Pipeline::start(&["a"]).await;
    pipeline.generate_faulty(21, RATE).await;
    for _ in 0..2 {
        sleep(Duration::from_secs(2)).await;
        terminate(pipeline.consumers.get_mut("a").unwrap()).await;
        let (keys, group) = (
            pipeline.services.keys(),
            &pipeline.services.stream.consumer_group,
        );
        let mut redis = pipeline.services.redis().await;
        let pending: StreamPendingReply = redis.xpending(&keys.stream, group).await.unwrap();
        assert_eq!(pending.count(), 0, "{pending:?}");
        assert!(!stream::is_quiet(&mut redis, &keys, group).await.unwrap());
        pipeline.start_consumer("a");
    }
    let run = pipeline.generated().await;
    pipeline.prove(&run, run.sent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_says_goodbye() {
    let mut pipeline = Pipeline::start(&["a"]).await;
    pipeline.generate_faulty(22, RATE).await;
    let mut sockets = Vec::new();
    for topic in ["metrics", "events", "pipeline"].repeat(10) {
        sockets.push(Socket::subscribe(&pipeline.api, topic).await.0);
    }
    let readers: Vec<_> = sockets
        .into_iter()
        .map(|socket| tokio::spawn(socket.close_code()))
        .collect();
    let port = pipeline.api.port;
    let askers: Vec<_> = (0..4)
        .map(|_| tokio::spawn(ask_until_it_stops(port)))
        .collect();
    sleep(Duration::from_secs(2)).await;
    terminate(&mut pipeline.api).await;
    for reader in readers {
        assert_eq!(timeout(LIMIT, reader).await.unwrap().unwrap(), Some(1001));
    }
    for asker in askers {
        let answered = timeout(LIMIT, asker).await.unwrap().unwrap();
        assert!(answered > 3, "{answered}");
    }
    pipeline.restart_api().await;
    let run = pipeline.generated().await;
    pipeline.prove(&run, run.sent).await;
}

/// Asks for a summary until the api is gone; how often it was answered.
async fn ask_until_it_stops(port: u16) -> usize {
    let url = format!("http://127.0.0.1:{port}/api/v1/metrics/summary");
    for answered in 0.. {
        match http::get(&url).await {
            Ok((status, body)) => assert_eq!(status, 200, "{body}"),
            Err(_) => return answered,
        }
    }
    unreachable!("nobody asks so often")
}

/// A request whose body is sent in two halves.
struct Halved(TcpStream, String);

impl Halved {
    async fn begin(port: u16, body: String) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let head = format!(
            "POST /api/v1/events HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        let (first, rest) = body.split_at(body.len() / 2);
        let begin = format!("{head}{first}");
        stream.write_all(begin.as_bytes()).await.unwrap();
        Self(stream, rest.to_owned())
    }

    /// The first line of the answer.
    async fn end(mut self) -> String {
        self.0.write_all(self.1.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = timeout(LIMIT, self.0.read_to_string(&mut answer)).await;
        read.unwrap().unwrap();
        answer.lines().next().unwrap_or_default().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ingestion_answers_what_it_took() {
    let mut pipeline = Pipeline::start(&["a"]).await;
    pipeline.generate_faulty(23, RATE).await;
    sleep(Duration::from_secs(1)).await;
    // The consumer stands still: who waits for its commit waits until ingestion stops.
    pipeline.consumers["a"].signal("STOP").await.unwrap();
    let url = format!("{}?wait=committed", pipeline.collector());
    let event = vec![Sent::new()];
    let waiting = tokio::spawn({
        let event = event.clone();
        async move { client::post(&url, &event).await }
    });
    let body = r#"{"event_type":"login","user_id":"halved"}"#.to_owned();
    let halved = Halved::begin(pipeline.ingestion.port, body).await;
    sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    let (ended, answer) = tokio::join!(pipeline.ingestion.terminate(STOP), async {
        sleep(Duration::from_millis(500)).await;
        halved.end().await
    });
    assert_eq!(ended.unwrap().code(), Some(0), "the exit code");
    assert_eq!(answer, "HTTP/1.1 202 Accepted");
    assert_eq!(timeout(LIMIT, waiting).await.unwrap().unwrap(), Some(202));
    pipeline.consumers["a"].signal("CONT").await.unwrap();
    audit::quiet(&pipeline.services, QUIET).await.unwrap();
    let db = pipeline.services.db().await;
    let sql = "SELECT count(*) FROM events WHERE event_id = $1 OR user_id = 'halved'";
    let count: i64 = db.query_one(sql, &[&event[0].id]).await.unwrap().get(0);
    assert_eq!(count, 2, "what was acknowledged is stored");
    let audit = pipeline.get("/audit?raw=true").await;
    assert_eq!(audit["verdict"], "balanced", "{audit}");
    assert_eq!(audit["total"]["in_flight"], 0);
}

/// All at once, as a machine that goes down does it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_at_once() {
    let mut pipeline = Pipeline::start(&["a"]).await;
    pipeline.generate_faulty(24, RATE).await;
    let stored =
        async || pipeline.get("/pipeline").await["totals"]["stored"].as_u64() > Some(1_000);
    wait_until("events are stored", LIMIT, stored).await;
    let consumer = pipeline.consumers.get_mut("a").unwrap();
    let ends = tokio::join!(
        pipeline.ingestion.terminate(STOP),
        consumer.terminate(STOP),
        pipeline.api.terminate(STOP),
    );
    let code = |end: std::io::Result<ExitStatus>| end.unwrap().code();
    assert_eq!([ends.0, ends.1, ends.2].map(code), [Some(0); 3]);
}
