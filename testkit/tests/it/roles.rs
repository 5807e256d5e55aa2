//! The whole pipeline under database roles of its own: nothing it needs is missing.

use std::process::Command;

use common::config::PostgresConfig;
use serde_json::json;
use testkit::{Program, Services, http, wait_until};

use crate::harness::{LIMIT, Pipeline};

async fn count(services: &Services, sql: &str) -> i64 {
    let db = services.db().await;
    db.query_one(sql, &[]).await.unwrap().get(0)
}

async fn login(services: &Services, group: &str) -> PostgresConfig {
    let attributes = format!("NOSUPERUSER NOCREATEROLE IN ROLE tidemark_{group}");
    services.login(&attributes).await
}

/// Each daemon with a login in its own group, and these variables.
async fn start(services: Services, more: &[(&'static str, &str)]) -> Pipeline {
    let (api, consumer, ingestion) = (
        login(&services, "api").await,
        login(&services, "consumer").await,
        login(&services, "ingestion").await,
    );
    let variables = |program: Program| {
        let config = match program {
            Program::Api => &api,
            Program::Consumer => &consumer,
            Program::Ingestion => &ingestion,
        };
        let more = more
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        more.chain([
            ("POSTGRES_URL", config.postgres_url.0.clone()),
            ("MIGRATE_ON_START", "false".to_owned()),
        ])
        .collect()
    };
    Pipeline::start_with(services, variables).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pipeline_runs_under_roles_of_its_own() {
    let retention = [
        ("EVENTS_RETENTION_DAYS", "366"),
        ("ROLLUPS_RETENTION_DAYS", "366"),
        ("DEAD_LETTERS_RETENTION_DAYS", "365"),
    ];
    let mut pipeline = start(Services::start().await, &retention).await;
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

/// `api keys …` under the operator's login; what it prints.
fn keys(services: &Services, operator: &PostgresConfig, arguments: &[&str]) -> String {
    let output = Command::new(Program::Api.path().unwrap())
        .arg("keys")
        .args(arguments)
        .env_clear()
        .envs(services.variables())
        .env("POSTGRES_URL", &operator.postgres_url.0)
        .current_dir("/")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_makes_keys_and_every_daemon_goes_by_them() {
    // Daemons are ready once they have read the keys, which none of them may do but by its group.
    let mut pipeline = start(Services::start().await, &[("AUTH", "on")]).await;
    let ports: Vec<_> = pipeline.daemons().map(|daemon| daemon.port).collect();
    let services = &pipeline.services;
    let operator = login(services, "admin").await;
    let create = ["create", "--name", "of a test", "--scope", "read"];
    let key = keys(services, &operator, &create);
    let bearer = format!("Bearer {key}");
    let all_answer = async |status: u16| {
        for port in &ports {
            let health = format!("http://127.0.0.1:{port}/health");
            let answer = http::get_with(&health, ("authorization", &bearer)).await;
            if !matches!(answer, Ok((answered, _)) if answered == status) {
                return false;
            }
        }
        true
    };
    wait_until("the key opens", LIMIT, async || all_answer(200).await).await;
    let id = key.split('_').nth(1).unwrap();
    keys(services, &operator, &["revoke", id]);
    wait_until("it opens nothing", LIMIT, async || all_answer(401).await).await;
    assert!(keys(services, &operator, &["list"]).contains(id));
}
