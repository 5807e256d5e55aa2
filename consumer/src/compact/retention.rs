//! Drops data older than its retention, and accounts for it.

use common::time::UnixMicros;
use tokio_postgres::{Client, Error};

use crate::write::REBUILD_LOCK;

/// Days to keep; 0 is for ever.
#[derive(Debug, Clone, Copy, Default)]
pub struct Retention {
    pub events_days: u32,
    pub rollups_days: u32,
    pub dead_letters_days: u32,
    /// Days after which raw chunks are compressed, where the edition can.
    pub compress_after_days: u32,
}

pub(super) async fn apply(client: &Client, retention: &Retention) -> Result<u64, Error> {
    let mut dropped = drop_days(client, EVENTS, retention.events_days).await?;
    dropped += drop_days(client, ROLLUPS, retention.rollups_days).await?;
    if retention.dead_letters_days > 0 {
        dropped += drop_dead_letters(client, retention.dead_letters_days).await?;
    }
    if retention.compress_after_days > 0 {
        compress(client, retention.compress_after_days).await?;
    }
    Ok(dropped)
}

const EVENTS: &str = "events";
const ROLLUPS: &str = "rollup_1m";

/// A chunk that is older than configured: a day, aligned to UTC.
#[derive(Debug, Clone, Copy)]
struct Expired {
    from: UnixMicros,
    until: UnixMicros,
}

/// The oldest first.
const EXPIRED: &str = "-- expired_days
SELECT range_start, range_end FROM timescaledb_information.chunks
 WHERE hypertable_name = $1
   AND range_end <= date_trunc('day', now() - make_interval(days => $2))
 ORDER BY range_start";

/// Events that the rollups of a time count. Every event is in dimension 0.
const FOLDED: &str = "-- folded_events
SELECT coalesce(sum(events), 0)::bigint FROM rollup_1m
 WHERE dimension = 0 AND bucket >= $1 AND bucket < $2";

/// In one snapshot with what the rollups count.
const STORED: &str = "-- stored_events
SELECT (SELECT count(*) FROM events WHERE occurred_at >= $1 AND occurred_at < $2),
       (SELECT coalesce(sum(events), 0)::bigint FROM rollup_1m
         WHERE dimension = 0 AND bucket >= $1 AND bucket < $2)";

const IS_OLDEST: &str = "-- is_oldest_chunk
SELECT min(range_start) = $2 FROM timescaledb_information.chunks WHERE hypertable_name = $1";

const RECORD: &str = "-- record_dropped
INSERT INTO dropped (relation, older_than, rows) VALUES ($1, $2, $3)";

/// The coarse tiers go with their minutes: a query must not find a day whose hours are gone.
/// A lane may remember a dropped minute: the new generation makes it forget.
const DELETE_COARSE: &str = "
    DELETE FROM rollup_15m WHERE bucket < edge;
    DELETE FROM rollup_1h WHERE bucket < edge;
    DELETE FROM rollup_1d WHERE bucket < edge;
    DELETE FROM rollup_built WHERE bucket < edge;
    DELETE FROM rollup_dirty WHERE bucket < edge;
    UPDATE rollup_generation SET generation = generation + 1;";

/// While commits wait for a drop, it waits for nobody longer than this.
const BEGIN: &str = "BEGIN; SET LOCAL lock_timeout = '2s'";

/// Drops the days before the edge, each in a transaction of its own that records how many
/// events it stood for. Where a pass is cut off, the next one goes on.
async fn drop_days(client: &Client, table: &str, days: u32) -> Result<u64, Error> {
    if days == 0 {
        return Ok(0);
    }
    let mut dropped = 0;
    for row in &client.query(EXPIRED, &[&table, &(days as i32)]).await? {
        let day = Expired {
            from: row.get(0),
            until: row.get(1),
        };
        // The rows of a day may take minutes to count: commits go on meanwhile.
        let counted = match table {
            EVENTS => Some(count(client, day).await?),
            _ => None,
        };
        if !drop_day(client, table, day, counted).await? {
            break;
        }
        dropped += 1;
    }
    Ok(dropped)
}

/// Rows of `events` on a day, and the events that its rollups count.
#[derive(Debug, Clone, Copy)]
struct Counted {
    rows: i64,
    folded: i64,
}

async fn count(client: &Client, day: Expired) -> Result<Counted, Error> {
    let row = client.query_one(STORED, &[&day.from, &day.until]).await?;
    Ok(Counted {
        rows: row.get(0),
        folded: row.get(1),
    })
}

/// False where the day isn't as it was counted: it is left to the next pass.
async fn drop_day(
    client: &Client,
    table: &str,
    day: Expired,
    counted: Option<Counted>,
) -> Result<bool, Error> {
    client.batch_execute(BEGIN).await?;
    let outcome = drop_unchanged(client, table, day, counted).await;
    let end = match outcome {
        Ok(true) => "COMMIT",
        _ => "ROLLBACK",
    };
    client.batch_execute(end).await?;
    outcome
}

/// No commit comes between the check and the drop. What adds a row to a day adds to its
/// rollups, and nothing takes from them: where they count the same, the rows are the same.
async fn drop_unchanged(
    client: &Client,
    table: &str,
    day: Expired,
    counted: Option<Counted>,
) -> Result<bool, Error> {
    let lock = "SELECT pg_advisory_xact_lock($1)";
    client.execute(lock, &[&REBUILD_LOCK]).await?;
    let row = client.query_one(IS_OLDEST, &[&table, &day.from]).await?;
    if row.get::<_, Option<bool>>(0) != Some(true) {
        return Ok(false);
    }
    let row = client.query_one(FOLDED, &[&day.from, &day.until]).await?;
    let folded: i64 = row.get(0);
    let rows = counted.map_or(folded, |counted| counted.rows);
    if counted.is_some_and(|counted| counted.folded != folded) {
        return Ok(false);
    }
    client.execute(RECORD, &[&table, &day.until, &rows]).await?;
    let drop = "SELECT drop_whole_days($1, $2)";
    client.execute(drop, &[&table, &day.until]).await?;
    if table == ROLLUPS {
        let edge = format!("'{}'::timestamptz", day.until.to_rfc3339());
        client
            .batch_execute(&DELETE_COARSE.replace("edge", &edge))
            .await?;
    }
    Ok(true)
}

async fn drop_dead_letters(client: &Client, days: u32) -> Result<u64, Error> {
    let sql = "WITH gone AS (
                   DELETE FROM dead_letters
                    WHERE received_at < now() - make_interval(days => $1) RETURNING 1)
               INSERT INTO dropped (relation, older_than, rows)
               SELECT 'dead_letters', now() - make_interval(days => $1), count(*) FROM gone
               HAVING count(*) > 0";
    client.execute(sql, &[&(days as i32)]).await
}

/// Switches compression on once; its policy then runs inside the database.
async fn compress(client: &Client, after_days: u32) -> Result<(), Error> {
    let sql = "SELECT current_setting('timescaledb.license', true) = 'timescale'
                  AND NOT EXISTS (SELECT FROM timescaledb_information.jobs
                                   WHERE hypertable_name = 'events'
                                     AND proc_name IN ('policy_compression', 'policy_columnstore'))";
    let wanted: Option<bool> = client.query_one(sql, &[]).await?.get(0);
    if wanted != Some(true) {
        return Ok(());
    }
    let switch_on = format!("SELECT compress_events({after_days})");
    client.batch_execute(&switch_on).await?;
    tracing::info!(after_days, "compression of raw events is switched on");
    Ok(())
}

#[cfg(test)]
mod tests {
    use testkit::Services;

    use super::*;

    const DAY: Expired = Expired {
        from: UnixMicros(1_763_596_800_000_000),
        until: UnixMicros(1_763_683_200_000_000),
    };

    /// As a commit of one event at this second of the day.
    async fn add(client: &Client, second: i64) {
        let at = UnixMicros(DAY.from.0 + second * 1_000_000);
        let event = "INSERT INTO events (occurred_at, accepted_at, event_id, event_type, user_id)
                     VALUES ($1, $1, gen_random_uuid(), 'login', 'u')";
        client.execute(event, &[&at]).await.unwrap();
        let fold =
            "INSERT INTO rollup_1m VALUES (date_trunc('minute', $1::timestamptz), 0, '', 1, 1,
                                                  1, 0, 0, 0, '', '', '')
                    ON CONFLICT (dimension, bucket, value, writer_id)
                    DO UPDATE SET events = rollup_1m.events + 1";
        client.execute(fold, &[&at]).await.unwrap();
    }

    async fn rows(client: &Client, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        client.query_one(&sql, &[]).await.unwrap().get(0)
    }

    #[tokio::test]
    async fn a_day_that_changed_while_it_was_counted_is_left() {
        let services = Services::start().await;
        let client = services.db().await;
        add(&client, 10).await;
        let counted = count(&client, DAY).await.unwrap();
        add(&client, 11).await;
        let dropped = drop_day(&client, EVENTS, DAY, Some(counted)).await.unwrap();
        assert!(!dropped);
        // So is one behind a day that wasn't there.
        let counted = count(&client, DAY).await.unwrap();
        add(&client, -10).await;
        let dropped = drop_day(&client, EVENTS, DAY, Some(counted)).await.unwrap();
        assert!(!dropped);
        assert_eq!(
            (
                rows(&client, "events").await,
                rows(&client, "dropped").await
            ),
            (3, 0)
        );
        assert_eq!(drop_days(&client, EVENTS, 1).await.unwrap(), 2);
        let recorded = "SELECT older_than, rows FROM dropped ORDER BY older_than";
        let recorded: Vec<(UnixMicros, i64)> = client
            .query(recorded, &[])
            .await
            .unwrap()
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect();
        assert_eq!(recorded, [(DAY.from, 1), (DAY.until, 2)]);
        assert_eq!(rows(&client, "events").await, 0);
    }
}
