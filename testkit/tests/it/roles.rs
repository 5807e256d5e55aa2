//! The whole pipeline under database roles of its own: nothing it needs is missing.

use common::config::PostgresConfig;
use serde_json::json;
use testkit::{Program, Services, wait_until};

use crate::harness::{LIMIT, Pipeline};

async fn count(services: &Services, sql: &str) -> i64 {
    let db = services.db().await;
    db.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pipeline_runs_under_roles_of_its_own() {
    let services = Services::start().await;
    let login = async |group: &str| -> PostgresConfig {
        let attributes = format!("NOSUPERUSER NOCREATEROLE IN ROLE tidemark_{group}");
        services.login(&attributes).await
    };
    let (api, consumer, ingestion) = (
        login("api").await,
        login("consumer").await,
        login("ingestion").await,
    );
    let more = |program: Program| {
        let config = match program {
            Program::Api => &api,
            Program::Consumer => &consumer,
            Program::Ingestion => &ingestion,
        };
        vec![
            ("POSTGRES_URL", config.postgres_url.0.clone()),
            ("MIGRATE_ON_START", "false".to_owned()),
            ("EVENTS_RETENTION_DAYS", "365".to_owned()),
            ("ROLLUPS_RETENTION_DAYS", "366".to_owned()),
            ("DEAD_LETTERS_RETENTION_DAYS", "365".to_owned()),
        ]
    };
    let mut pipeline = Pipeline::start_with(services, more).await;
    pipeline.generate_faulty(71, 2_000.0).await;
    let stored = async || pipeline.get("/pipeline").await["totals"]["stored"].as_u64();
    let many = async || stored().await > Some(5_000);
    wait_until("events are stored", LIMIT, many).await;
    let run = pipeline.generated().await;
    pipeline.prove(&run, run.sent).await;
    let audit = pipeline.get("/audit?raw=true").await;
    assert_eq!(audit["verdict"], json!("balanced"), "{audit}");

    let old = "INSERT INTO events (occurred_at, accepted_at, event_id, event_type, user_id)
               SELECT now() - INTERVAL '400 days', now(), gen_random_uuid(), 'old', 'u'";
    let db = pipeline.services.db().await;
    db.batch_execute(old).await.unwrap();
    let services = &pipeline.services;
    let gone = async || {
        count(
            services,
            "SELECT count(*) FROM events WHERE event_type = 'old'",
        )
        .await
            == 0
    };
    wait_until("retention drops old days", LIMIT, gone).await;
    assert_eq!(
        count(services, "SELECT sum(rows)::bigint FROM dropped").await,
        1
    );
    for daemon in pipeline.daemons() {
        daemon.ready(LIMIT).await.unwrap();
    }
}
