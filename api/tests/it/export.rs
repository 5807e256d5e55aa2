use std::{io::Read as _, time::Duration};

use serde_json::{Value, json};
use testkit::{Services, memory_of, wait_until};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

use crate::{
    rows::{Event, at, insert, plus},
    support::Api,
};

pub(crate) const DAY: &str = "from=2026-03-08T00:00:00Z&to=2026-03-09T00:00:00Z";

/// Another client than [`Download::begin`]'s.
const OTHER: &str = "127.0.0.2:0";

/// An export whose client takes as much as it wants to.
pub(crate) struct Download {
    stream: TcpStream,
    head: String,
    rest: Vec<u8>,
}

impl Download {
    pub(crate) async fn begin(api: &Api, query: &str, headers: &str) -> Self {
        Self::begin_from("127.0.0.1:0", api, query, headers).await
    }

    async fn begin_from(client: &str, api: &Api, query: &str, headers: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(client.parse().unwrap()).unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        let mut stream = socket.connect(api.address).await.unwrap();
        let request = format!(
            "GET /api/v1/events/export?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let end = loop {
            let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
            if let Some(end) = end {
                break end;
            }
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "no head");
        };
        Self {
            stream,
            head: String::from_utf8(bytes[..end].to_vec())
                .unwrap()
                .to_lowercase(),
            rest: bytes.split_off(end + 4),
        }
    }

    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Of an answer that has a length.
    async fn rest_of_body(mut self) -> String {
        self.stream.read_to_end(&mut self.rest).await.unwrap();
        String::from_utf8(self.rest).unwrap()
    }

    /// All that comes, and whether the body was whole.
    pub(crate) async fn finish(mut self) -> (Vec<u8>, bool) {
        let _ = timeout(
            Duration::from_secs(60),
            self.stream.read_to_end(&mut self.rest),
        )
        .await
        .unwrap();
        let mut body = Vec::new();
        let mut left = self.rest.as_slice();
        while let Some(line) = left.windows(2).position(|window| window == b"\r\n") {
            let size = std::str::from_utf8(&left[..line]).unwrap();
            let size = usize::from_str_radix(size, 16).unwrap();
            if size == 0 {
                return (body, true);
            }
            let end = (line + 2 + size).min(left.len());
            body.extend_from_slice(&left[line + 2..end]);
            left = left.get(end + 2..).unwrap_or_default();
        }
        (body, false)
    }
}

async fn whole(api: &Api, query: &str) -> String {
    let download = Download::begin(api, query, "").await;
    assert_eq!(download.status(), 200, "{}", download.head);
    let (body, is_whole) = download.finish().await;
    assert!(is_whole);
    String::from_utf8(body).unwrap()
}

/// With one place for exports.
async fn alone() -> Api {
    let services = Services::start().await;
    let api = Api::with(services, &[("EXPORT_CONCURRENCY", "1")]).await;
    api.ready().await
}

#[tokio::test]
async fn an_export_is_csv_or_json_lines_and_packed_on_request() {
    let api = alone().await;
    let start = at("2026-03-08T06:59:00Z");
    let first = Event {
        value_micros: Some(-1_500_000),
        properties: Some(r#"{"n":1}"#.into()),
        ..Event::new(start, "click", "=cmd()").in_session("a,\"b\"", "")
    };
    let second = Event::new(plus(start, 1), "click", "u2");
    insert(&api.db, &[second.clone(), first.clone()]).await;
    let names = "event_id,event_type,occurred_at,accepted_at,user_id,session_id,page,referrer,country,device,\
                 browser,os,value,duration_ms,properties";
    let csv = format!(
        "{names}\r\n\
         {},click,2026-03-08T06:59:00Z,2026-03-08T06:59:01Z,\"'=cmd()\",\"a,\"\"b\"\"\",\"\",,,,,,-1.5,,\"{{\"\"n\"\": 1}}\"\r\n\
         {},click,2026-03-08T06:59:01Z,2026-03-08T06:59:02Z,u2,,,,,,,,,,\r\n",
        first.id, second.id
    );
    let download = Download::begin(&api, DAY, "").await;
    for header in [
        "content-type: text/csv; charset=utf-8; header=present",
        "content-disposition: attachment; filename=\"events_20260308t000000z_20260309t000000z.csv\"",
        "vary: accept-encoding",
        "watermark: 20",
    ] {
        assert!(download.head.contains(header), "{}", download.head);
    }
    assert_eq!(String::from_utf8(download.finish().await.0).unwrap(), csv);

    let lines = whole(
        &api,
        &format!("{DAY}&format=ndjson&columns=user_id,value,properties,session_id"),
    )
    .await;
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        lines,
        [
            json!({"user_id": "=cmd()", "value": "-1.5", "properties": {"n": 1}, "session_id": "a,\"b\""}),
            json!({"user_id": "u2", "value": null, "properties": null, "session_id": null}),
        ]
    );
    let filtered = whole(&api, &format!("{DAY}&columns=user_id&filter=user_id:u2")).await;
    assert_eq!(filtered, "user_id\r\nu2\r\n");
    assert_eq!(
        whole(
            &api,
            "from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z&columns=page"
        )
        .await,
        "page\r\n"
    );

    let download = Download::begin(&api, DAY, "Accept-Encoding: br, gzip\r\n").await;
    assert!(
        download.head.contains("content-encoding: gzip"),
        "{}",
        download.head
    );
    let (packed, is_whole) = download.finish().await;
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    assert!(is_whole);
    assert_eq!(text, csv);
    api.stop().await;
}

const CROWD: u64 = 200_000;

/// Some 50 MB of events within an hour.
pub(crate) async fn crowd(api: &Api) {
    let sql = format!(
        "INSERT INTO events (occurred_at, accepted_at, event_id, event_type, user_id, page, properties) \
         SELECT '2026-03-08T01:00:00Z'::timestamptz + n * interval '10 ms', now(), gen_random_uuid(), 'click', 'u' || n % 1000, \
         '/' || repeat('x', 100), '{{\"text\": \"some more bytes\"}}' FROM generate_series(1, {CROWD}) n"
    );
    api.db.batch_execute(&sql).await.unwrap();
}

/// What the database says of exports that run: what each waits for.
async fn running(api: &Api) -> Vec<Option<String>> {
    let sql = "SELECT wait_event FROM pg_stat_activity \
               WHERE datname = current_database() AND query LIKE '-- export%' AND state = 'active'";
    let rows = api.db.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn resident_bytes() -> u64 {
    memory_of(std::process::id(), "VmRSS").unwrap()
}

#[tokio::test]
async fn whoever_sees_the_end_of_an_export_may_begin_the_next() {
    let api = alone().await;
    insert(
        &api.db,
        &[Event::new(at("2026-03-08T06:59:00Z"), "click", "u1")],
    )
    .await;
    for _ in 0..50 {
        whole(&api, &format!("{DAY}&columns=user_id")).await;
    }
    api.stop().await;
}

#[tokio::test]
async fn a_large_export_waits_for_its_client_and_leaves_nothing_behind() {
    let api = alone().await;
    crowd(&api).await;
    let before = resident_bytes();
    let slow = Download::begin(&api, DAY, "").await;
    let held = async || running(&api).await == [Some("ClientWrite".to_owned())];
    wait_until(
        "the database waits for the client",
        Duration::from_secs(10),
        held,
    )
    .await;
    sleep(Duration::from_millis(500)).await;
    assert!(held().await, "it still waits");
    let grown = resident_bytes().saturating_sub(before);
    assert!(
        grown < 16 << 20,
        "{grown} bytes are held for a client that takes nothing"
    );

    for (client, code) in [("127.0.0.1:0", "export_running"), (OTHER, "busy")] {
        let refused = Download::begin_from(client, &api, DAY, "").await;
        assert_eq!(refused.status(), 429);
        assert!(refused.head.contains("retry-after"), "{}", refused.head);
        let body = refused.rest_of_body().await;
        assert!(body.contains(&format!("\"code\":\"{code}\"")), "{body}");
    }

    let (body, is_whole) = slow.finish().await;
    assert!(is_whole);
    let lines = body.iter().filter(|byte| **byte == b'\n').count() as u64;
    assert_eq!(lines, CROWD + 1);
    drop(body);

    // A client that leaves gives its place and the database's work back.
    let left = Download::begin(&api, DAY, "").await;
    wait_until("it runs", Duration::from_secs(10), held).await;
    drop(left);
    let gone = async || running(&api).await.is_empty();
    wait_until("the database stops", Duration::from_secs(10), gone).await;
    let free = async || {
        Download::begin(&api, &format!("{DAY}&columns=page&filter=page:none"), "")
            .await
            .status()
            == 200
    };
    wait_until("the place is free", Duration::from_secs(10), free).await;
    api.stop().await;
}

#[tokio::test]
async fn an_export_that_breaks_off_does_not_look_whole() {
    let services = Services::start().await;
    let api = Api::with(services, &[("EXPORT_TIMEOUT_MS", "4000")])
        .await
        .ready()
        .await;
    crowd(&api).await;
    let broken = Download::begin(&api, DAY, "Accept-Encoding: gzip\r\n").await;
    let other = Download::begin_from(OTHER, &api, DAY, "").await;
    let held = async || running(&api).await.len() == 2;
    wait_until("both wait", Duration::from_secs(3), held).await;
    api.db
        .batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND query LIKE '-- export%'",
        )
        .await
        .unwrap();
    for download in [broken, other] {
        let (body, is_whole) = download.finish().await;
        assert!(!is_whole && !body.is_empty());
    }
    // Its time is over, though nothing is wrong but its client.
    let late = Download::begin(&api, DAY, "").await;
    let runs = async || running(&api).await.len() == 1;
    wait_until("it runs", Duration::from_secs(3), runs).await;
    let gone = async || running(&api).await.is_empty();
    wait_until("it is ended", Duration::from_secs(9), gone).await;
    assert!(!late.finish().await.1);
    api.stop().await;
}
