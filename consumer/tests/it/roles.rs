//! What each daemon's database role may do, and what not.

use testkit::Services;
use tokio_postgres::{Client, error::SqlState};

async fn as_role(services: &Services, role: &str) -> Client {
    let attributes = format!("NOSUPERUSER NOCREATEDB NOCREATEROLE IN ROLE {role}");
    let config = services.login(&attributes).await;
    common::clients::postgres::connect(&config, "tidemark-test")
        .await
        .unwrap()
}

const NOBODY: [&str; 9] = [
    "DROP TABLE events",
    "DROP TABLE rollup_1m CASCADE",
    "TRUNCATE events",
    "ALTER TABLE events ADD COLUMN stolen text",
    "CREATE TABLE stolen (id integer)",
    "CREATE SCHEMA stolen",
    "SELECT drop_chunks('events', older_than => now())",
    "UPDATE events SET page = '/'",
    "DELETE FROM events",
];

const NOT_THE_API: [&str; 8] = [
    "INSERT INTO events (occurred_at, accepted_at, event_id, event_type, user_id)
     VALUES (now(), now(), gen_random_uuid(), 'login', 'u')",
    "DELETE FROM dead_letters",
    "UPDATE rollup_1m SET events = 0",
    "UPDATE rollup_generation SET generation = generation + 1",
    "INSERT INTO writers (consumer) VALUES ('api')",
    "DELETE FROM commits",
    "SELECT drop_whole_days('events', '2020-01-01')",
    "SELECT compress_events(1)",
];

const NOT_THE_CONSUMER: [&str; 5] = [
    "UPDATE commits SET stored = 0",
    "DELETE FROM dropped",
    "DELETE FROM streams",
    "SELECT drop_whole_days('events', now())",
    "SELECT drop_whole_days('commits', '2020-01-01')",
];

const NOT_INGESTION: [&str; 4] = [
    "SELECT FROM events",
    "SELECT FROM dead_letters",
    "SELECT FROM refinery_schema_history",
    "INSERT INTO writers (consumer) VALUES ('ingestion')",
];

async fn refused(client: &Client, statements: &[&str]) {
    for sql in statements {
        let error = client.batch_execute(sql).await.expect_err(sql);
        assert_eq!(
            error.code(),
            Some(&SqlState::INSUFFICIENT_PRIVILEGE),
            "{sql}: {error:?}"
        );
    }
}

#[tokio::test]
async fn each_role_does_its_own_work_and_no_more() {
    let services = Services::start().await;
    let owner = services.db().await;
    let stored = "INSERT INTO events (occurred_at, accepted_at, event_id, event_type, user_id)
                  VALUES ('2020-01-01', now(), gen_random_uuid(), 'login', 'u')";
    owner.batch_execute(stored).await.unwrap();

    let api = as_role(&services, "tidemark_api").await;
    refused(&api, &NOBODY).await;
    refused(&api, &NOT_THE_API).await;
    api.batch_execute("SELECT FROM events, rollup_1d, dead_letters")
        .await
        .unwrap();

    let consumer = as_role(&services, "tidemark_consumer").await;
    refused(&consumer, &NOBODY).await;
    refused(&consumer, &NOT_THE_CONSUMER).await;
    // What it puts in its temporary schema doesn't stand for the real one.
    consumer
        .batch_execute(
            "CREATE TEMPORARY TABLE events (LIKE events);
             SELECT drop_whole_days('events', '2020-06-01')",
        )
        .await
        .unwrap();
    let left = owner.query_one("SELECT count(*) FROM events", &[]).await;
    assert_eq!(left.unwrap().get::<_, i64>(0), 0, "retention works");

    for role in ["tidemark_ingestion", "tidemark_admin"] {
        let client = as_role(&services, role).await;
        refused(&client, &NOBODY).await;
        refused(&client, &NOT_INGESTION).await;
    }
}

#[tokio::test]
async fn a_login_that_may_create_no_roles_migrates_all_the_same() {
    let services = Services::without_schema().await;
    let config = services.login("NOSUPERUSER NOCREATEROLE").await;
    let owner = config.postgres_url.0.split([':', '/']).nth(3).unwrap();
    let server = services.db().await;
    let database = server
        .query_one("SELECT current_database()::text", &[])
        .await;
    let database: String = database.unwrap().get(0);
    let give = format!("ALTER DATABASE {database} OWNER TO {owner}");
    server.batch_execute(&give).await.unwrap();
    assert!(!consumer::migrate::run(&config).await.unwrap().is_empty());

    // The roles are there already, made by other tests; so once more with names that aren't.
    let client = common::clients::postgres::connect(&config, "tidemark-test")
        .await
        .unwrap();
    let absent = include_str!("../../../migrations/roles.sql").replace("tidemark_", "absent_");
    client.batch_execute(&absent).await.unwrap();
    let made = "SELECT count(*) FROM pg_roles WHERE starts_with(rolname, 'absent_')";
    let made = client.query_one(made, &[]).await.unwrap();
    assert_eq!(made.get::<_, i64>(0), 0);
}

#[tokio::test]
async fn autovacuum_looks_after_what_the_consumer_can_not() {
    let services = Services::start().await;
    let db = services.db().await;
    let row = r#"INSERT INTO rollup_1m VALUES
        (now(), 0, '', 0, 1, 1, 0, 0, 0, '', '', '', NULL)"#;
    db.batch_execute(row).await.unwrap();
    let chunks = "SELECT count(*) FROM pg_class
                   WHERE relnamespace = '_timescaledb_internal'::regnamespace
                     AND 'autovacuum_vacuum_threshold=50000' = ANY(reloptions)";
    let chunks = db.query_one(chunks, &[]).await.unwrap();
    assert_eq!(chunks.get::<_, i64>(0), 1);
}
