//! Every statement of the write path, prepared once per connection.

use tokio_postgres::{Client, Error, Statement};

use crate::{decode::COLUMNS, rollup_rows::insert_sql};

pub struct Statements {
    pub(super) share_rebuild_lock: Statement,
    pub(super) generation: Statement,
    pub(super) copy_events: Statement,
    pub(super) copy_staged: Statement,
    pub(super) insert_staged: Statement,
    pub(super) count_stored: Statement,
    pub(super) insert_dead_letters: Statement,
    pub(super) upsert_rollups: Statement,
    pub(super) add_to_ledger: Statement,
    pub(super) mark_dirty: Statement,
    pub(super) insert_commit: Statement,
    pub(super) handled_entries: Statement,
    pub(super) upsert_stream: Statement,
    pub(super) open_writer: Statement,
}

/// Rows wait here when some of them may be duplicates; empty after each transaction.
const STAGED_EVENTS: &str =
    "CREATE TEMPORARY TABLE IF NOT EXISTS staged_events (LIKE events) ON COMMIT DELETE ROWS";

fn upsert_rollups() -> String {
    insert_sql("rollup_1m") + include_str!("sql/replace_rollups.sql")
}

impl Statements {
    /// # Errors
    /// The schema isn't there, or another one than this version's.
    pub async fn prepare(client: &Client) -> Result<Self, Error> {
        client.batch_execute(STAGED_EVENTS).await?;
        let copy = |table: &str| format!("COPY {table} ({COLUMNS}) FROM STDIN (FORMAT binary)");
        let prepare = |sql: &'static str| client.prepare(sql);
        Ok(Self {
            share_rebuild_lock: prepare("SELECT pg_advisory_xact_lock_shared($1)").await?,
            generation: prepare("SELECT generation FROM rollup_generation").await?,
            copy_events: client.prepare(&copy("events")).await?,
            copy_staged: client.prepare(&copy("staged_events")).await?,
            insert_staged: prepare(include_str!("sql/insert_staged.sql")).await?,
            count_stored: prepare(include_str!("sql/count_stored.sql")).await?,
            insert_dead_letters: prepare(include_str!("sql/insert_dead_letters.sql")).await?,
            upsert_rollups: client.prepare(&upsert_rollups()).await?,
            add_to_ledger: prepare(include_str!("sql/add_to_ledger.sql")).await?,
            mark_dirty: prepare(
                "INSERT INTO rollup_dirty (bucket) SELECT unnest($1::timestamptz[])",
            )
            .await?,
            insert_commit: prepare(include_str!("sql/insert_commit.sql")).await?,
            handled_entries: prepare(include_str!("sql/handled_entries.sql")).await?,
            upsert_stream: prepare(include_str!("sql/upsert_stream.sql")).await?,
            open_writer: prepare(include_str!("sql/open_writer.sql")).await?,
        })
    }
}
