//! The admin port, with keys asked for: nothing but whether it lives and is ready is open.

use std::time::Duration;

use common::{
    admin::Health,
    auth::{Gate, Settings},
    shutdown::Shutdown,
};
use testkit::{keys::METHODS, wait_until};

use crate::harness::World;

const OPEN: [&str; 2] = ["/health/live", "/health/ready"];

fn router() -> axum::Router {
    let shutdown = Shutdown::new();
    let health = Health::new("consumer", "0", "test", &[], shutdown.clone());
    let settings = Settings {
        postgres: None,
        bind_address: [127, 0, 0, 1].into(),
        origins: Default::default(),
    };
    let gate = Gate::start(settings, &health, &shutdown);
    consumer::router(health, &gate)
}

#[tokio::test]
async fn every_route_but_two_needs_a_key_that_may_read() {
    let world = World::new().await;
    let reader = world.services.key(&["read"], None).await;
    let writer = world.services.key(&["write", "control"], None).await;
    let consumer = world.consumer(&[("AUTH", "on")]).await;
    wait_until("it is ready", Duration::from_secs(10), || async {
        consumer.ask("GET", "/health/ready", "").await == 200
    })
    .await;
    let routes = testkit::keys::routes(&router());
    assert_eq!(routes.len(), 4, "{routes:?}");
    for route in &routes {
        for method in METHODS {
            let ask = async |key: &str| consumer.ask(method, route, key).await;
            if OPEN.contains(&route.as_str()) && method == "GET" {
                assert_eq!(ask("").await, 200, "{route}");
                continue;
            }
            assert_eq!(ask("").await, 401, "{method} {route}");
            assert_eq!(ask(&writer.text()).await, 403, "{method} {route}");
            let allowed = if method == "GET" { 200 } else { 403 };
            assert_eq!(ask(&reader.text()).await, allowed, "{method} {route}");
        }
    }
    let wrong = reader.text().replace("tmk_", "tmk_0");
    assert_eq!(consumer.ask("GET", "/metrics", &wrong).await, 401);
    consumer.stop().await;
}
