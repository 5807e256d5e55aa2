//! Who may send and control, with keys asked for.

use std::time::Duration;

use common::{
    admin::Health,
    auth::{Gate, Key, Settings},
    clients,
    shutdown::Shutdown,
    wire::StreamKeys,
};
use ingestion::{
    control::Controls,
    publish::{BatchPolicy, Pressure},
    routes,
    source::{
        Block,
        http::{Collector, CommitPoller, FirstSeen},
        synthetic::Status,
    },
};
use testkit::{Services, keys::METHODS};
use tokio::sync::{mpsc, watch};

use crate::{
    daemon::{Daemon, config},
    http::{Answer, send},
};

const EVENT: &[u8] = b"{\"event_type\":\"signup\",\"user_id\":\"u\"}";
/// Longer than it takes to read the keys again.
const EFFECTIVE: Duration = Duration::from_secs(8);

async fn guarded(services: &Services) -> Daemon {
    let url = &services.postgres.postgres_url.0;
    Daemon::start(&[("AUTH", "on"), ("POSTGRES_URL", url)]).await
}

impl Daemon {
    async fn ask(&self, method: &str, path: &str, key: &str, body: &[u8]) -> Answer {
        let bearer = format!("Bearer {key}");
        let mut headers = vec![("Content-Type", "application/json")];
        if !key.is_empty() {
            headers.push(("Authorization", &bearer));
        }
        send(self.address, method, path, &headers, body).await
    }

    async fn track(&self, key: &Key, events: usize) -> Answer {
        let body = [EVENT, b"\n"].concat().repeat(events);
        self.ask("POST", "/api/v1/events", &key.text(), &body).await
    }
}

/// One whose collector hands its events to `blocks`, each by itself.
pub(crate) fn router(blocks: mpsc::Sender<Block>, pressure: Pressure) -> axum::Router {
    let (config, shutdown) = (config(&[]), Shutdown::new());
    let keys = StreamKeys::new(&config.stream.stream_key);
    let redis = clients::redis::pool(&config.redis).unwrap();
    let health = Health::new("ingestion", "0", "test", &[], shutdown.clone());
    let group = config.stream.consumer_group.clone();
    let collector = Collector {
        limits: config.stream.limits(),
        policy: BatchPolicy {
            max_events: 1,
            max_bytes: 1,
            linger: Duration::ZERO,
        },
        blocks,
        pressure: watch::channel(pressure).1,
        first_seen: FirstSeen::new(redis.clone(), &keys, 1),
        commits: CommitPoller::new(config.redis, redis, keys, group).1,
        shutdown: shutdown.clone(),
    };
    let controls = Controls {
        settings: watch::channel(config.generator).0,
        status: watch::channel(Status::default()).1,
    };
    let settings = Settings {
        postgres: None,
        bind_address: config.bind.bind_address,
        origins: Default::default(),
    };
    let gate = Gate::start(settings, &health, &shutdown);
    routes::router(collector, controls, health, gate, &Default::default())
}

#[tokio::test]
async fn every_route_but_the_open_ones_needs_a_key_of_the_right_scope() {
    let services = Services::start().await;
    let scopes = ["write", "read", "control", "admin"];
    let mut keys = Vec::new();
    for scope in scopes {
        keys.push((scope, services.key(&[scope], None).await));
    }
    let daemon = guarded(&services).await;
    let open = ["/health/live", "/health/ready", "/api/v1/session"];
    let routes = testkit::keys::routes(&router(mpsc::channel(1).0, Pressure::default()));
    assert!(routes.contains("/api/v1/events") && routes.contains("/api/v1/generator"));
    for route in routes
        .iter()
        .filter(|route| !open.contains(&route.as_str()))
    {
        for method in METHODS {
            let without = daemon.ask(method, route, "", EVENT).await;
            assert_eq!(without.status, 401, "{method} {route}");
            assert_eq!(without.json()["code"], "key_required");
            assert!(
                without
                    .header("WWW-Authenticate")
                    .unwrap()
                    .starts_with("Bearer")
            );
            let needed = match (method, route.as_str()) {
                ("POST", "/api/v1/events") => "write",
                ("PUT" | "PATCH", "/api/v1/generator") => "control",
                ("GET", _) => "read",
                _ => "admin",
            };
            for (scope, key) in &keys {
                let answer = daemon.ask(method, route, &key.text(), EVENT).await;
                let may = [needed, "admin"].contains(scope);
                let told = String::from_utf8_lossy(&answer.body);
                assert_eq!(
                    answer.status == 403,
                    !may,
                    "{method} {route} {scope}: {told}"
                );
                assert_ne!(answer.status, 401, "{method} {route} {scope}");
            }
        }
    }
    let wrong = Key::generate().unwrap();
    let refused = daemon.track(&wrong, 1).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (401, &"key_invalid".into())
    );
    assert_eq!(daemon.get("/health/ready").await.status, 200);
    daemon.end().await;
}

/// A form of any page can send this without asking first.
#[tokio::test]
async fn without_keys_pages_of_others_change_nothing() {
    let daemon = Daemon::start(&[("AUTH", "off")]).await;
    let post = async |origin: &str| {
        let headers = [("Content-Type", "text/plain"), ("Origin", origin)];
        daemon.post_with(&headers, EVENT).await
    };
    let refused = post("https://evil.example").await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (403, &"foreign_origin".into())
    );
    assert_eq!(post("http://127.0.0.1:3001").await.status, 202);
    assert_eq!(daemon.post(EVENT).await.status, 202);
    assert_eq!(daemon.ledger("accepted:collector").await, 2);
    daemon.end().await;
}

#[tokio::test]
async fn a_rate_counts_events() {
    let services = Services::start().await;
    let key = services.key(&["write"], Some(10)).await;
    let daemon = guarded(&services).await;
    let all = daemon.track(&key, 60).await;
    assert_eq!(all.status, 202);
    assert_eq!(all.header("RateLimit-Policy"), Some("\"key\";q=100;w=10"));
    assert_eq!(all.header("RateLimit"), Some("\"key\";r=40;t=6"));
    assert_eq!(all.header("RateLimit-Remaining"), Some("40"));
    let refused = daemon.track(&key, 60).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (429, &"rate_exceeded".into())
    );
    let wait: u64 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=3).contains(&wait), "{wait}");
    let never = daemon.track(&key, 101).await;
    assert_eq!(
        (never.status, &never.json()["max_events"]),
        (413, &100.into())
    );
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(daemon.track(&key, 60).await.status, 202);
    assert_eq!(daemon.ledger("accepted:collector").await, 120);
    daemon.end().await;
}

#[tokio::test]
async fn events_are_taken_while_the_database_is_away() {
    let services = Services::start().await;
    let key = services.key(&["write"], None).await;
    let daemon = guarded(&services).await;
    services.shut().await;
    tokio::time::sleep(EFFECTIVE).await;
    assert_eq!(daemon.track(&key, 1).await.status, 202);
    assert_eq!(daemon.get("/health/ready").await.status, 200);
    daemon.end().await;
}

#[tokio::test]
async fn without_keys_to_go_by_nothing_is_taken() {
    let services = Services::without_schema().await;
    let url = &services.postgres.postgres_url.0;
    let daemon = Daemon::start_unready(config(&[("AUTH", "on"), ("POSTGRES_URL", url)])).await;
    let refused = daemon.track(&Key::generate().unwrap(), 1).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (503, &"keys_unavailable".into())
    );
    assert!(refused.header("Retry-After").is_some());
    assert_eq!(daemon.get("/health/ready").await.status, 503);
    daemon.end().await;
}

#[tokio::test]
async fn a_page_drives_the_generator_with_the_session_of_the_api() {
    let services = Services::start().await;
    let key = services.key(&["control"], None).await;
    let daemon = guarded(&services).await;
    let cookie = format!("tidemark_key={}", key.text());
    let put = async |origin: &str, site: &str| {
        let headers = [
            ("Cookie", cookie.as_str()),
            ("Origin", origin),
            ("Sec-Fetch-Site", site),
        ];
        send(daemon.address, "PUT", "/api/v1/generator", &headers, b"{}").await
    };
    let ours = put("http://127.0.0.1:3001", "same-site").await;
    assert_eq!(ours.status, 200);
    let allowed = ours.header("Access-Control-Allow-Credentials");
    assert_eq!(allowed, Some("true"));
    let foreign = put("https://evil.example", "cross-site").await;
    assert_eq!(
        (foreign.status, &foreign.json()["code"]),
        (403, &"foreign_origin".into())
    );
    daemon.end().await;
}
