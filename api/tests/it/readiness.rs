//! Which databases make the api ready, and what it says of the others.

use std::time::Duration;

use testkit::Services;

use crate::support::Api;

#[tokio::test]
async fn an_unmigrated_database_is_not_ready() {
    let api = Api::with(Services::without_schema().await, &[]).await;
    let response = api.get("/api/v1/metrics/summary").await;
    assert_eq!(
        (response.status, response.json()["code"].as_str()),
        (503, Some("not_migrated"))
    );
    assert_eq!(api.get("/health/ready").await.status, 503);
    api.stop().await;
}

#[tokio::test]
async fn a_database_that_denies_its_tables_is_not_ready() {
    let services = Services::start().await;
    let stranger = services.login("NOSUPERUSER").await;
    let url = [("POSTGRES_URL", &*stranger.postgres_url.0)];
    let api = Api::with(services, &url).await;
    let response = api.get("/api/v1/metrics/summary").await;
    assert_eq!(
        (response.status, response.json()["code"].as_str()),
        (503, Some("database_denied"))
    );
    assert_eq!(api.get("/health/ready").await.status, 503);
    api.stop().await;
}

#[tokio::test]
async fn a_database_that_lacks_a_table_is_not_ready() {
    let api = Api::start().await.ready().await;
    let lose = "ALTER TABLE events RENAME TO elsewhere";
    api.db.batch_execute(lose).await.unwrap();
    let unready = async || api.get("/health/ready").await.status == 503;
    testkit::wait_until("it is seen", Duration::from_secs(10), unready).await;
    let health = api.body("/health").await;
    assert_eq!(
        health["dependencies"]["postgres"]["error"],
        "tables are missing: restore events from a backup"
    );
    api.stop().await;
}
