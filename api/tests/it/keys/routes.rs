//! Every route of the router, with every method.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use api::{config::Config, live, state::ApiState};
use common::{
    admin::Health,
    auth::{Gate, Key, Settings},
    config::{Loader, sample_variables},
    shutdown::Shutdown,
};
use testkit::{Services, keys::METHODS};

use super::{bearer, code, guarded};
use crate::support::Api;

/// What is answered without a key; besides these, the page's own files.
const OPEN: [&str; 10] = [
    "/",
    "/index.html",
    "/assets/{*path}",
    "/config.json",
    "/docs",
    "/docs.css",
    "/openapi.json",
    "/health/live",
    "/health/ready",
    "/api/v1/session",
];

async fn routes(services: &Services) -> BTreeSet<String> {
    let mut variables = sample_variables();
    variables.extend(services.variables());
    let config = Arc::new(Config::load(Loader::from_variables(variables)).unwrap());
    let shutdown = Shutdown::new();
    let health = Health::new("api", "0", "test", &[], shutdown.clone());
    let settings = Settings {
        postgres: None,
        bind_address: config.bind.bind_address,
        origins: Default::default(),
    };
    let gate = Gate::start(settings, &health, &shutdown);
    let state = ApiState::start(config, health, &shutdown).unwrap();
    let hub = live::start(&state, &shutdown);
    let routes = testkit::keys::routes(&api::router(state, hub, gate));
    shutdown.stop();
    shutdown.finished(Duration::from_secs(10)).await.unwrap();
    routes
}

/// A file of the page's top folder, such as its icon.
fn is_of_page(route: &str) -> bool {
    route.matches('/').count() == 1 && route.contains('.') && !route.ends_with(".json")
}

#[tokio::test]
async fn every_route_but_the_open_ones_needs_a_key_of_the_right_scope() {
    let (api, reader) = guarded(&["read"], None, &[]).await;
    let routes = routes(&api.services).await;
    assert!(routes.contains("/ws") && routes.contains("/api/v1/query"));
    let writer = api.services.key(&["write", "control"], None).await;
    taken(&api, &writer).await;
    let wrong = Key::generate().unwrap();
    let mut closed = 0;
    for route in &routes {
        let path = route
            .replace("{session_id}", "s1")
            .replace("{*path}", "x.js");
        for method in METHODS {
            let ask = async |lines: &str| api.ask(method, &path, lines, "{}").await;
            let without = ask("").await;
            if OPEN.contains(&route.as_str()) || is_of_page(route) {
                let told = format!("{method} {route}: {}", without.body);
                assert!(method != "GET" || without.status != 401, "{told}");
                continue;
            }
            closed += 1;
            assert_eq!(without.status, 401, "{method} {route}: {}", without.body);
            assert_eq!(code(&without), "key_required");
            let head = &without.head;
            assert!(head.contains("www-authenticate: bearer"), "{head}");
            assert!(
                head.contains("content-type: application/problem+json"),
                "{head}"
            );
            let guessed = ask(&bearer(&wrong.text())).await;
            assert!(matches!(guessed.status, 401 | 429), "{method} {route}");
            let lacking = ask(&bearer(&writer.text())).await;
            assert_eq!(lacking.status, 403, "{method} {route}: {}", lacking.body);
            let problem = lacking.json();
            assert_eq!(problem["code"], "scope_required");
            assert_eq!(problem["scopes"], serde_json::json!(["write", "control"]));
        }
        if !OPEN.contains(&route.as_str()) && !is_of_page(route) && !path.contains("live") {
            let read = api.get_with(&path, &reader.text()).await;
            assert!(!matches!(read.status, 401 | 403), "{path}: {}", read.body);
        }
    }
    assert!(closed > 80, "{closed} are closed");
    api.stop().await;
}

#[tokio::test]
async fn the_document_says_which_routes_are_closed() {
    let (api, _) = guarded(&["read"], None, &[]).await;
    let document = api.get("/openapi.json").await.json();
    for (route, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let asks = operation["security"].as_array().unwrap();
            let path = route.replace("{session_id}", "s1");
            let method = method.to_uppercase();
            let refused = api.ask(&method, &path, "", "{}").await.status == 401;
            assert_eq!(refused, !asks.is_empty(), "{method} {route}");
            let scope = &asks.first().map(|ask| ask["key"][0].clone());
            assert!(
                !refused || scope.as_ref().is_some_and(|it| it == "read"),
                "{route}"
            );
        }
    }
    api.stop().await;
}

/// Waits until the api knows a key that was made after its start.
pub(super) async fn taken(api: &Api, key: &Key) {
    let known = async || api.get_with("/api/v1/session", &key.text()).await.status == 200;
    testkit::wait_until("the key is known", Duration::from_secs(6), known).await;
}
