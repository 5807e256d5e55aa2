//! A database is lost and restored from its dump, as docs/OPERATIONS.md says.

use std::{path::Path, process::Command, time::Duration};

use tokio::time::sleep;

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
    backup(&pipeline, "save", &folder);
    sleep(Duration::from_secs(1)).await;
    let run = pipeline.generated().await;
    assert!(run.sent > 3_000, "{} events are hardly a backup", run.sent);

    pipeline.api.terminate(STOP).await.unwrap();
    pipeline.services.lose_database().await;
    backup(&pipeline, "restore", &folder);
    let again = backup_fails(&pipeline, "restore", &folder);
    assert!(again.contains("isn't empty"), "{again}");
    pipeline.start_consumer("a");
    pipeline.restart_api().await;
    pipeline.ready().await;
    pipeline.prove(&run, run.sent).await;
    std::fs::remove_dir_all(&folder).unwrap();
}

fn script(pipeline: &Pipeline, command: &str, folder: &Path) -> std::process::Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/backup.sh");
    let run = Command::new(script)
        .arg(command)
        .arg(folder)
        .env("POSTGRES_URL", &pipeline.services.postgres.postgres_url.0)
        .output();
    run.unwrap()
}

fn backup(pipeline: &Pipeline, command: &str, folder: &Path) {
    let output = script(pipeline, command, folder);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {said}");
    print!("{}", String::from_utf8_lossy(&output.stdout));
}

fn backup_fails(pipeline: &Pipeline, command: &str, folder: &Path) -> String {
    let output = script(pipeline, command, folder);
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}
