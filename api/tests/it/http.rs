use std::time::{Duration, Instant};

use testkit::Services;

use crate::support::{Api, Response};

/// Code, then path below `/api/v1` and what the detail says.
const REFUSED: &[(&str, &[(&str, &str)])] = &[
    (
        "unknown_parameter",
        &[
            (
                "metrics/summary?frm=now",
                "allowed are: from, to, tz, filter, metrics, compare",
            ),
            ("pipeline?x=1", "x"),
        ],
    ),
    (
        "invalid_parameter",
        &[
            ("metrics/summary?from=now&from=now", "twice"),
            ("metrics/summary?from=now&to=now-1h", "before"),
            ("metrics/summary?from=yesterday", "RFC 3339"),
            ("metrics/summary?tz=Mars/Base", "IANA"),
            ("metrics/summary?tz=%00", "NUL"),
            ("metrics/timeseries?interval=1d&from=now-40000d", "now-"),
            ("metrics/timeseries?interval=2m", "auto"),
            ("metrics/timeseries?metrics=money", "sessions"),
            ("metrics/timeseries?fill=one", "zero"),
            ("metrics/breakdown", "not a field"),
            ("metrics/breakdown?dimension=page&limit=0", "1000"),
            ("metrics/summary?metrics=events,money", "events_per_session"),
            ("metrics/summary?compare=last", "previous"),
            ("metrics/timeseries?limit=3", "group_by"),
            ("metrics/timeseries?group_by=color", "not a field"),
            ("metrics/timeseries?group_by=page&limit=51", "50"),
            (
                "metrics/breakdown?dimension=properties..a",
                "path of properties",
            ),
            (
                "metrics/breakdown?dimension=page&order=money:desc",
                "not a metric",
            ),
            ("metrics/breakdown?dimension=page&order=events:up", "desc"),
        ],
    ),
    (
        "invalid_filter",
        &[
            ("metrics/summary?filter=planet:earth", "country"),
            ("metrics/summary?filter=country", "country:DE"),
            ("metrics/summary?filter=page:matches:(", "unclosed group"),
            ("metrics/summary?filter=page:matches:a%7B256%7D", "255"),
            (
                "metrics/summary?filter=%5B%22is%22%2C%22page%22%5D",
                "a filter is",
            ),
        ],
    ),
    (
        "too_many_buckets",
        &[
            ("metrics/timeseries?interval=1m&from=now-30d", "is 5m"),
            (
                "metrics/timeseries?interval=1d&from=0&to=2000000000",
                "is 1w",
            ),
        ],
    ),
    (
        "range_too_long",
        &[(
            "metrics/summary?filter=user_id:u1&from=now-500d",
            "400 days",
        )],
    ),
    (
        "unsupported_filter",
        &[(
            "metrics/summary?filter=page:(other)&filter=country:DE",
            "(other)",
        )],
    ),
    (
        "invalid_cursor",
        &[("metrics/breakdown?dimension=page&cursor=x", "next_cursor")],
    ),
];

#[tokio::test]
async fn what_is_wrong_is_a_problem_that_names_it() {
    let api = Api::start().await.ready().await;
    for (code, cases) in REFUSED {
        for (path, detail) in *cases {
            let path = format!("/api/v1/{path}");
            assert_problem(&api.get(&path).await, (422, code), detail, &path);
        }
    }
    for (path, status, code, detail) in [
        ("/nothing", 404, "not_found", "/nothing"),
        ("/assets/nothing.js", 404, "not_found", "file"),
        ("/ws", 400, "bad_request", ""),
    ] {
        assert_problem(&api.get(path).await, (status, code), detail, path);
    }
    let posted = api.send("POST /api/v1/pipeline HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
    assert_problem(&posted, (405, "method_not_allowed"), "", "POST");
    api.stop().await;
}

fn assert_problem(response: &Response, want: (u16, &str), detail: &str, path: &str) {
    let problem = response.json();
    let said = (response.status, problem["code"].as_str().unwrap());
    assert_eq!(said, want, "{path}: {problem}");
    let names = problem["detail"].as_str().unwrap().contains(detail);
    assert!(names, "{path}: {problem}");
    for header in ["content-type: application/problem+json", "x-request-id: "] {
        assert!(response.head.contains(header), "{path}: {}", response.head);
    }
}

#[tokio::test]
async fn request_ids_are_kept_if_plain() {
    let api = Api::start().await.ready().await;
    let ask = async |id: &str| {
        let request = format!(
            "GET /health/live HTTP/1.1\r\nHost: x\r\nX-Request-Id: {id}\r\nConnection: close\r\n\r\n"
        );
        api.send(&request).await.head
    };
    assert!(ask("abc-1").await.contains("x-request-id: abc-1"));
    assert!(!ask("a b{}").await.contains("x-request-id: a b"));
    api.stop().await;
}

#[tokio::test]
async fn pages_of_listed_origins_may_ask_and_read() {
    let listed = [("CORS_ORIGINS", "https://good.example")];
    let api = Api::with(Services::start().await, &listed).await;
    let send = async |request: &str, wanted: &str, origin: &str| {
        let request = format!(
            "{request} HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\n\
             Access-Control-Request-Method: {wanted}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        api.send(&request).await
    };
    let ask = async |method: &str, origin: &str| {
        send(&format!("{method} /api/v1/query"), "POST", origin).await
    };
    let end = send("OPTIONS /api/v1/session", "DELETE", "https://good.example").await;
    for asked in [ask("OPTIONS", "https://good.example").await, end] {
        assert_eq!(asked.status, 204);
        for header in [
            "access-control-allow-origin: https://good.example",
            "access-control-allow-methods: delete, get, head, post",
            "access-control-allow-headers: authorization, cache-control, content-type, \
             if-none-match, last-event-id, x-request-id",
        ] {
            assert!(asked.head.contains(header), "{}", asked.head);
        }
    }
    let answered = ask("POST", "https://good.example").await;
    assert!(
        answered
            .head
            .contains("access-control-expose-headers: etag")
    );
    for method in ["OPTIONS", "POST"] {
        let other = ask(method, "https://evil.example").await;
        assert!(!other.head.contains("access-control"), "{}", other.head);
        assert!(other.head.contains("vary: origin"));
    }
    api.stop().await;
}

#[tokio::test]
async fn the_page_is_served_with_a_strict_policy() {
    let api = Api::start().await.ready().await;
    let page = api.get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.head.contains(
        "content-security-policy: default-src 'self'; connect-src 'self' http://127.0.0.1:3002;"
    ));
    assert!(page.head.contains("content-type: text/html"));
    assert_eq!(
        api.get("/config.json").await.json()["ingestion_url"],
        "http://127.0.0.1:3002"
    );
    api.stop().await;
}

#[tokio::test]
async fn without_a_database_there_is_a_quick_503() {
    let services = Services::start().await;
    let nowhere = [("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing")];
    let api = Api::with(services, &nowhere).await;
    for path in [
        "/api/v1/metrics/summary",
        "/api/v1/audit",
        "/api/v1/dead-letters",
    ] {
        let started = Instant::now();
        let response = api.get(path).await;
        assert_eq!(
            (response.status, response.json()["code"].as_str()),
            (503, Some("database_unavailable"))
        );
        assert!(response.head.contains("retry-after: "));
        assert!(started.elapsed() < Duration::from_secs(2));
    }
    assert_eq!(api.get("/health/ready").await.status, 503);
    assert_eq!(api.get("/health/live").await.status, 200);
    assert!(api.data("/api/v1/pipeline").await["totals"].is_null());
    api.stop().await;
}

#[tokio::test]
async fn queries_have_places_and_are_cancelled_when_the_client_leaves() {
    let limits = [
        ("QUERY_CONCURRENCY", "1"),
        ("QUERY_WAIT_MS", "100"),
        ("QUERY_TIMEOUT_MS", "20000"),
    ];
    let mut api = Api::with(Services::start().await, &limits)
        .await
        .ready()
        .await;
    let locked = api.services.db().await;
    locked
        .batch_execute("BEGIN; LOCK TABLE dead_letters IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let mut waiting = tokio::net::TcpStream::connect(api.address).await.unwrap();
    let request = "GET /api/v1/dead-letters HTTP/1.1\r\nHost: x\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut waiting, request.as_bytes())
        .await
        .unwrap();
    assert_eq!(blocked(&mut api, 1).await, 1);
    let refused = api.get("/api/v1/metrics/summary").await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (429, Some("busy"))
    );
    drop(waiting);
    assert_eq!(blocked(&mut api, 0).await, 0, "cancelled");
    assert_eq!(api.get("/api/v1/metrics/summary").await.status, 200);
    locked.batch_execute("ROLLBACK").await.unwrap();
    api.stop().await;
}

/// Statements of the api that wait for a lock, once there are `want` or two seconds passed.
async fn blocked(api: &mut Api, want: i64) -> i64 {
    let mut count = -1;
    for _ in 0..100 {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND wait_event_type = 'Lock' AND query LIKE '-- dead_letters%'";
        count = api.db.query_one(sql, &[]).await.unwrap().get(0);
        if count == want {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    count
}
