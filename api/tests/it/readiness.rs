//! Which databases make the api ready, and what it says of the others.

use std::time::Duration;

use testkit::Services;

use crate::support::Api;

/// Neither a question is answered, for this reason, nor is it ready.
async fn assert_unusable(api: &Api, code: &str) {
    let response = api.get("/api/v1/metrics/summary").await;
    assert_eq!(
        (response.status, response.json()["code"].as_str()),
        (503, Some(code))
    );
    assert_eq!(api.get("/health/ready").await.status, 503);
}

#[tokio::test]
async fn an_unmigrated_database_is_not_ready() {
    let api = Api::with(Services::without_schema().await, &[]).await;
    assert_unusable(&api, "not_migrated").await;
    api.stop().await;
}

#[tokio::test]
async fn a_database_that_denies_its_tables_is_not_ready() {
    let services = Services::start().await;
    let stranger = services.login("NOSUPERUSER").await;
    let url = [("POSTGRES_URL", &*stranger.postgres_url.0)];
    let api = Api::with(services, &url).await;
    assert_unusable(&api, "database_denied").await;
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
