//! A year of events: three days through the pipeline, the whole one of the last two copied to all
//! days before.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use testkit::Services;
use tokio_postgres::Client;

use crate::{
    drain::MIB,
    pipeline::{History, Pipeline, stop},
};

/// Events of a day; in a year they are fifty million.
const EVENTS_PER_DAY: u64 = 137_000;
/// Days that the copied one is moved back by, at most.
pub(crate) const DAYS: i32 = 364;
/// Copies in one statement: the chunks of quarter hours hold as many days.
const DAYS_AT_ONCE: i32 = 14;
const LOADERS: i32 = 2;
/// Whose minutes are copied as well: the ends of the ranges that are asked for lie in them.
const WITH_MINUTES: [i32; 4] = [6, 29, 89, DAYS];
/// For rows, rollups, their indexes and the write-ahead log.
pub(crate) const BYTES_NEEDED: u64 = 40_000 * MIB as u64;
/// What comes through the pipeline, with every tier.
const HISTORY: History = History {
    events: 3 * EVENTS_PER_DAY,
    seconds: 3 * 86_400,
    built: "SELECT EXISTS (SELECT FROM rollup_built WHERE tier = 86400
              AND bucket = date_trunc('day', now(), 'UTC') - interval '1 day')",
    limit: Duration::from_secs(240),
};

/// What stands in each table for the day that is copied, and its column of time.
const COPIED: [(&str, &str); 5] = [
    ("events", "occurred_at"),
    ("rollup_15m", "bucket"),
    ("rollup_1h", "bucket"),
    ("rollup_1d", "bucket"),
    ("rollup_built", "bucket"),
];

/// Fills the database. The consumer has ended then: nothing changes any more.
pub(crate) async fn fill(pipeline: &mut Pipeline) -> anyhow::Result<u64> {
    let started = Instant::now();
    last_days(pipeline).await?;
    stop(&mut pipeline.consumer).await?;
    let db = pipeline.services.db().await;
    for (table, column) in COPIED {
        let keep = format!(
            "CREATE UNLOGGED TABLE day_of_{table} AS SELECT * FROM {table}
              WHERE {column} >= date_trunc('day', now(), 'UTC') - interval '1 day'
                AND {column} < date_trunc('day', now(), 'UTC')"
        );
        db.batch_execute(&keep).await.context("a day to copy")?;
    }
    // A quarter of an hour that is built takes its hour and its day off the built ones.
    db.batch_execute("ALTER TABLE rollup_built DISABLE TRIGGER rollup_quarter_was_built")
        .await?;
    copy_all(&pipeline.services).await?;
    copy_minutes(&db).await?;
    db.batch_execute("VACUUM (ANALYZE)").await?;
    let row = db.query_one("SELECT count(*) FROM events", &[]).await?;
    let stored = row.get::<_, i64>(0).unsigned_abs();
    println!("  {stored} events of a year in {:?}", started.elapsed());
    Ok(stored)
}

/// Yesterday and today as far as it is; yesterday is whole because the day before it comes through
/// the pipeline too.
async fn last_days(pipeline: &Pipeline) -> anyhow::Result<()> {
    pipeline.history(&HISTORY).await?;
    let db = pipeline.services.db().await;
    // The days before it are copies as well.
    for (table, column) in COPIED.into_iter().chain([("rollup_1m", "bucket")]) {
        let clear = format!(
            "DELETE FROM {table}
              WHERE {column} < date_trunc('day', now(), 'UTC') - interval '1 day'"
        );
        db.batch_execute(&clear).await?;
    }
    Ok(())
}

async fn copy_all(services: &Services) -> anyhow::Result<()> {
    let loaders = (0..LOADERS).map(async |loader| -> anyhow::Result<()> {
        let db = services.db().await;
        db.batch_execute("SET synchronous_commit = off").await?;
        for first in (1..=DAYS).step_by(DAYS_AT_ONCE as usize) {
            if first / DAYS_AT_ONCE % LOADERS != loader {
                continue;
            }
            let last = (first + DAYS_AT_ONCE - 1).min(DAYS);
            for (table, column) in COPIED {
                let copy = copy_of(&db, table, &format!("day_of_{table}"), column).await?;
                let days = format!("generate_series({first}, {last})");
                db.batch_execute(&copy.replace("$days", &days)).await?;
            }
        }
        Ok(())
    });
    futures_util::future::try_join_all(loaders).await?;
    Ok(())
}

async fn copy_minutes(db: &Client) -> anyhow::Result<()> {
    let minutes = "(SELECT * FROM rollup_1m
                     WHERE bucket >= date_trunc('day', now(), 'UTC') - interval '1 day'
                       AND bucket < date_trunc('day', now(), 'UTC'))";
    let copy = copy_of(db, "rollup_1m", minutes, "bucket").await?;
    let days = format!("unnest(ARRAY{WITH_MINUTES:?})");
    Ok(db.batch_execute(&copy.replace("$days", &days)).await?)
}

/// Inserts the rows of `source` into `table`, moved back by each of `$days`.
async fn copy_of(db: &Client, table: &str, source: &str, time: &str) -> anyhow::Result<String> {
    let sql = "SELECT quote_ident(column_name) FROM information_schema.columns
                WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position";
    let rows = db.query(sql, &[&table]).await?;
    let columns: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let values = columns.iter().map(|column| {
        if column == time {
            format!("{column} - make_interval(days => days)")
        } else {
            column.clone()
        }
    });
    Ok(format!(
        "INSERT INTO {table} ({}) SELECT {} FROM {source} AS day, $days AS days",
        columns.join(", "),
        values.collect::<Vec<_>>().join(", "),
    ))
}
