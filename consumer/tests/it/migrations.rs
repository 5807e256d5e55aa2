//! The schema, and the statements that are written for it.

use testkit::Services;

/// Migrations there are.
fn numbered() -> usize {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
    let files = std::fs::read_dir(folder).unwrap();
    files
        .filter(|file| {
            file.as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .starts_with('V')
        })
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_apply_once_however_many_start_them() {
    let services = Services::without_schema().await;
    let migrate = || {
        let postgres = services.postgres.clone();
        tokio::spawn(async move { consumer::migrate::run(&postgres).await })
    };
    let all = [migrate(), migrate(), migrate(), migrate()];
    let mut applied = 0;
    for one in all {
        applied += one.await.unwrap().unwrap().len();
    }
    assert_eq!(applied, numbered());
    assert!(
        consumer::migrate::run(&services.postgres)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_version_starts_on_the_schema_of_the_next_one() {
    let services = Services::start().await;
    let db = services.db().await;
    let next = "INSERT INTO refinery_schema_history
                SELECT version + 1, 'next', applied_on, checksum FROM refinery_schema_history
                 ORDER BY version DESC LIMIT 1";
    db.batch_execute(next).await.unwrap();
    let again = consumer::migrate::run(&services.postgres).await.unwrap();
    assert!(again.is_empty());
    // With a gap in what we know it is nobody's.
    let gap = "DELETE FROM refinery_schema_history WHERE name = 'visits'";
    assert_eq!(db.execute(gap, &[]).await.unwrap(), 1);
    assert!(consumer::migrate::run(&services.postgres).await.is_err());
}

#[tokio::test]
async fn every_statement_of_the_write_path_prepares() {
    let services = Services::start().await;
    let client = services.db().await;
    consumer::write::Statements::prepare(&client).await.unwrap();
    // And once more on the same connection.
    consumer::write::Statements::prepare(&client).await.unwrap();
}

#[tokio::test]
async fn the_migrate_command_says_what_it_did() {
    let services = Services::without_schema().await;
    let (output, _) = crate::harness::run_to_end(services.variables(), &["migrate"]);
    assert!(output.status.success(), "{output:?}");
    assert!(
        consumer::migrate::run(&services.postgres)
            .await
            .unwrap()
            .is_empty()
    );
}
