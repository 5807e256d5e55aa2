//! A database is lost and restored from its dump, as docs/OPERATIONS.md says.

use std::{path::Path, process::Command, time::Duration};

use common::{clients, config::PostgresConfig};
use testkit::Services;
use tokio::time::sleep;
use tokio_postgres::{Client, error::SqlState};

use crate::harness::{Pipeline, STOP};

const RATE: f64 = 2_000.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_database_is_restored_and_the_stream_goes_on() {
    let mut pipeline = Pipeline::start(&["a"]).await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("{}_backup", pipeline.services.stream.stream_key));
    pipeline.generate_faulty(5, RATE).await;
    sleep(Duration::from_secs(2)).await;
    // The dump holds all that was acknowledged; what comes from now on waits in the stream.
    let mut consumer = pipeline.consumers.remove("a").unwrap();
    consumer.terminate(STOP).await.unwrap();
    backup(&pipeline.services, "save", &folder);
    sleep(Duration::from_secs(1)).await;
    let run = pipeline.generated().await;
    assert!(run.sent > 3_000, "{} events are hardly a backup", run.sent);

    pipeline.api.terminate(STOP).await.unwrap();
    pipeline.services.lose_database().await;
    backup(&pipeline.services, "restore", &folder);
    let again = backup_fails(&pipeline.services, "restore", &folder);
    assert!(again.contains("isn't empty"), "{again}");
    pipeline.start_consumer("a");
    pipeline.restart_api().await;
    pipeline.ready().await;
    pipeline.prove(&run, run.sent).await;
    std::fs::remove_dir_all(&folder).unwrap();
}

async fn login(services: &Services, attributes: &str) -> (PostgresConfig, Client) {
    let config = services
        .login(&format!("NOSUPERUSER NOCREATEDB NOCREATEROLE {attributes}"))
        .await;
    let client = clients::postgres::connect(&config, "tidemark-test").await;
    (config, client.unwrap())
}

/// What everybody could do if the dump's owners and rights were all there is.
async fn only_the_consumer_retains(services: &Services) {
    let drop = "SELECT drop_whole_days('events', '2020-01-02')";
    for group in ["tidemark_api", "tidemark_ingestion", "tidemark_admin"] {
        let (_, client) = login(services, &format!("IN ROLE {group}")).await;
        for sql in [drop, "SELECT compress_events(1)", "DELETE FROM events"] {
            let error = client.batch_execute(sql).await.expect_err(sql);
            let code = error.code();
            assert_eq!(code, Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{error:?}");
        }
        client.batch_execute("SELECT FROM api_keys").await.unwrap();
    }
    let (_, consumer) = login(services, "IN ROLE tidemark_consumer").await;
    consumer.batch_execute(drop).await.unwrap();
}

#[tokio::test]
async fn a_restore_gives_each_login_what_it_had_and_no_more() {
    let services = Services::start().await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("{}_rights", services.stream.stream_key));
    let stored = "INSERT INTO events (occurred_at, accepted_at, event_id, event_type, user_id)
                  SELECT day, now(), gen_random_uuid(), 'login', 'u'
                    FROM unnest('{2020-01-01,2020-02-01}'::timestamptz[]) AS day";
    services.db().await.batch_execute(stored).await.unwrap();
    backup(&services, "save", &folder);
    services.lose_database().await;
    let (owner, _) = login(&services, "").await;
    let name = owner.postgres_url.0.split([':', '/']).nth(3).unwrap();
    let database = owner.postgres_url.0.rsplit('/').next().unwrap();
    let give = format!("ALTER DATABASE {database} OWNER TO {name}");
    services.db().await.batch_execute(&give).await.unwrap();
    backup(&services, "restore", &folder);
    std::fs::remove_dir_all(&folder).unwrap();

    only_the_consumer_retains(&services).await;
    assert!(consumer::migrate::run(&owner).await.unwrap().is_empty());
    only_the_consumer_retains(&services).await;
    let db = services.db().await;
    let left = db.query_one("SELECT count(*) FROM events", &[]).await;
    assert_eq!(left.unwrap().get::<_, i64>(0), 1, "the owner's chunk went");
    let others = "SELECT count(*) FROM pg_class
                   WHERE relnamespace IN ('public'::regnamespace, '_timescaledb_internal'::regnamespace)
                     AND (relname ~ '^(_hyper|rollup|events)') AND pg_get_userbyid(relowner) <> $1";
    let others = db.query_one(others, &[&name]).await.unwrap();
    assert_eq!(
        others.get::<_, i64>(0),
        0,
        "chunks are their table's owner's"
    );
}

fn script(services: &Services, command: &str, folder: &Path) -> std::process::Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/backup.sh");
    let run = Command::new(script)
        .arg(command)
        .arg(folder)
        .env("POSTGRES_URL", &services.postgres.postgres_url.0)
        .output();
    run.unwrap()
}

fn backup(services: &Services, command: &str, folder: &Path) {
    let output = script(services, command, folder);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {said}");
    print!("{}", String::from_utf8_lossy(&output.stdout));
}

fn backup_fails(services: &Services, command: &str, folder: &Path) -> String {
    let output = script(services, command, folder);
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}
