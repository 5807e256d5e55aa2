//! Rate limits: of a key, and of clients without one.

use std::time::Duration;

use api::config::Config;
use axum::http::{HeaderMap, header::AUTHORIZATION};
use common::{
    admin::Health,
    auth::{Gate, Key, Settings},
    config::{Loader, Origins, sample_variables},
    shutdown::Shutdown,
};
use serde_json::json;
use testkit::Services;

use super::{bearer, code, connect_with, guarded};
use crate::{
    live_client::{hear, say},
    support::{Api, Response},
};

const PATH: &str = "/api/v1/metadata";

fn header(response: &Response, name: &str) -> String {
    let prefix = format!("{name}: ");
    let line = response
        .head
        .lines()
        .find_map(|line| line.strip_prefix(&prefix));
    line.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_key_has_its_rate_and_is_told_of_it() {
    let (api, key) = guarded(&["read"], Some(1), &[]).await;
    let first = api.get_with(PATH, &key.text()).await;
    assert_eq!(first.status, 200);
    assert_eq!(header(&first, "ratelimit-policy"), "\"key\";q=10;w=10");
    assert_eq!(header(&first, "ratelimit"), "\"key\";r=9;t=1");
    let older = ["limit", "remaining", "reset"];
    let older = older.map(|part| header(&first, &format!("ratelimit-{part}")));
    assert_eq!(older, ["10", "9", "1"]);
    let mut refused = None;
    for _ in 0..20 {
        let response = api.get_with(PATH, &key.text()).await;
        if response.status != 200 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("twenty are more than ten");
    assert_eq!((refused.status, &*code(&refused)), (429, "rate_exceeded"));
    assert_eq!(header(&refused, "retry-after"), "1");
    assert_eq!(header(&refused, "ratelimit"), "\"key\";r=0;t=10");
    // Others are not concerned.
    let other = api.services.key(&["read"], None).await;
    super::routes::taken(&api, &other).await;
    let unlimited = api.get_with(PATH, &other.text()).await;
    assert_eq!(
        (unlimited.status, &*header(&unlimited, "ratelimit")),
        (200, "")
    );
    api.stop().await;
}

#[tokio::test]
async fn a_subscription_counts_as_a_request() {
    let (api, key) = guarded(&["read"], Some(1), &[]).await;
    let mut socket = connect_with(&api, &key.text()).await;
    for id in 0..15 {
        let message = json!({"type": "subscribe", "id": id.to_string(), "topic": "realtime"});
        say(&mut socket, message).await;
    }
    let refused = async {
        loop {
            let heard = hear(&mut socket).await;
            if heard["type"] == "error" {
                return heard["code"].clone();
            }
        }
    };
    let refused = tokio::time::timeout(Duration::from_secs(10), refused).await;
    assert_eq!(refused.expect("fifteen are more than ten"), "rate_exceeded");
    say(&mut socket, json!({"type": "ping"})).await;
    while hear(&mut socket).await["type"] != "pong" {}
    api.stop().await;
}

#[tokio::test]
async fn wrong_keys_are_heard_ten_times_and_right_ones_always() {
    let (api, key) = guarded(&["read"], None, &[]).await;
    let wrong = key.text().replace("tmk_", "tmk_0");
    for attempt in 0..12 {
        let response = api.get_with(PATH, &wrong).await;
        let expected = if attempt < 10 {
            (401, "key_invalid")
        } else {
            (429, "too_many_failures")
        };
        assert_eq!((response.status, &*code(&response)), expected, "{attempt}");
        assert!(attempt < 10 || !header(&response, "retry-after").is_empty());
    }
    let guess = format!("{{\"key\":\"{wrong}\"}}");
    let session = api.ask("POST", "/api/v1/session", "", &guess).await;
    assert_eq!(session.status, 429, "by the other way in, too");
    assert_eq!(api.get(PATH).await.status, 401, "nothing was guessed");
    assert_eq!(api.get_with(PATH, &key.text()).await.status, 200);
    api.stop().await;
}

#[tokio::test]
async fn a_gate_tells_strangers_without_counting_them() {
    let (api, key) = guarded(&["read"], Some(1), &[]).await;
    let mut variables = sample_variables();
    variables.extend(api.services.variables());
    let config = Config::load(Loader::from_variables(variables)).unwrap();
    let shutdown = Shutdown::new();
    let settings = Settings {
        postgres: Some(config.postgres),
        bind_address: config.bind.bind_address,
        origins: Origins::default(),
    };
    let health = Health::new("api", "0", "test", &[], shutdown.clone());
    let gate = Gate::start(settings, &health, &shutdown);
    let knows = |key: &str| {
        let value = format!("Bearer {key}").parse().unwrap();
        gate.knows(&HeaderMap::from_iter([(AUTHORIZATION, value)]))
    };
    let read = async || knows(&key.text());
    testkit::wait_until("the keys are read", Duration::from_secs(5), read).await;
    let wrong = Key::generate().unwrap().text();
    for _ in 0..20 {
        assert!(knows(&key.text()), "it costs nothing of the rate");
        assert!(!knows(&wrong) && !knows("tmk_") && !gate.knows(&HeaderMap::new()));
    }
    shutdown.stop();
    shutdown.finished(Duration::from_secs(10)).await.unwrap();
    api.stop().await;
}

#[tokio::test]
async fn before_keys_were_read_nobody_is_let_in() {
    let api = Api::with(Services::without_schema().await, &[("AUTH", "on")]).await;
    let key = common::auth::Key::generate().unwrap().text();
    for lines in [String::new(), bearer(&key)] {
        let response = api.ask("GET", PATH, &lines, "").await;
        assert_eq!(
            (response.status, &*code(&response)),
            (503, "keys_unavailable")
        );
        assert!(!header(&response, "retry-after").is_empty());
    }
    let ready = api.get("/health/ready").await;
    assert_eq!(
        (ready.status, &*ready.body),
        (503, "{\"status\":\"not_ready\"}")
    );
    api.stop().await;
}
