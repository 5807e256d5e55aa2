//! The coarser tiers: quarter hours made of minutes, days made of quarter hours.

use std::time::Duration;

use common::{rollup::Tier, time::UnixMicros};
use tokio_postgres::Client;

use super::{begin_shared, closed_writers::finish};
use crate::rollup_rows::{self, Merged, RollupError, STATE_COLUMNS};

/// How long after its end a bucket is built. A lane marks what it changes from five minutes
/// after the end of its quarter hour, so clocks may differ by a quarter of an hour.
const BUILD_AFTER: Duration = Duration::from_secs(20 * 60);
/// Buckets built in one pass, at most.
const BUCKETS_AT_ONCE: i64 = 400;

/// Builds what is due; returns the buckets built.
pub(super) async fn build(client: &Client, max_values: usize) -> Result<u64, RollupError> {
    let horizon = UnixMicros::now().saturating_sub(BUILD_AFTER);
    let mut built = 0;
    let quarters = Tier::QuarterHour.bucket(horizon);
    for row in client
        .query(DUE_QUARTERS, &[&quarters, &BUCKETS_AT_ONCE])
        .await?
    {
        build_quarter(client, row.get(0), max_values).await?;
        built += 1;
    }
    let days = Tier::Day.bucket(horizon.saturating_sub(BUILD_AFTER));
    for row in client.query(DUE_DAYS, &[&days, &BUCKETS_AT_ONCE]).await? {
        build_day(client, row.get(0), max_values).await?;
        built += 1;
    }
    Ok(built)
}

/// Marked quarter hours, and those with rows between the last one built and the horizon. A
/// quarter hour before the last one built is only ever changed by an event that marks it.
const DUE_QUARTERS: &str = "-- due_quarters
SELECT bucket FROM (
    SELECT DISTINCT time_bucket('15 minutes', bucket) AS bucket FROM rollup_dirty
    UNION
    SELECT DISTINCT time_bucket('15 minutes', bucket) FROM rollup_1m
     WHERE dimension = 0
       AND bucket >= coalesce(
           (SELECT max(bucket) + INTERVAL '15 minutes' FROM rollup_built WHERE tier = 900),
           '-infinity')
) AS due
WHERE bucket < $1
ORDER BY bucket
LIMIT $2";

/// Days that have quarter hours and are not built, whole and without marks.
const DUE_DAYS: &str = "-- due_days
SELECT day FROM (
    SELECT DISTINCT time_bucket('1 day', bucket) AS day FROM rollup_built WHERE tier = 900
) AS quarters
WHERE day < $1
  AND NOT EXISTS (SELECT FROM rollup_built WHERE tier = 86400 AND bucket = day)
  AND NOT EXISTS (SELECT FROM rollup_dirty
                   WHERE bucket >= day AND bucket < day + INTERVAL '1 day')
  AND NOT EXISTS (SELECT FROM rollup_1m AS minute
                   WHERE dimension = 0
                     AND minute.bucket >= day AND minute.bucket < day + INTERVAL '1 day'
                     AND NOT EXISTS (SELECT FROM rollup_built AS built
                                      WHERE tier = 900
                                        AND built.bucket
                                            = time_bucket('15 minutes', minute.bucket)))
ORDER BY day
LIMIT $2";

async fn build_quarter(
    client: &Client,
    bucket: UnixMicros,
    max_values: usize,
) -> Result<(), RollupError> {
    begin_shared(client).await?;
    let outcome = async {
        // Marks first, rows second: a later change leaves its mark behind.
        client
            .execute(
                "DELETE FROM rollup_dirty
                  WHERE bucket >= $1 AND bucket < $1 + INTERVAL '15 minutes'",
                &[&bucket],
            )
            .await?;
        client
            .execute(
                "DELETE FROM rollup_built
                  WHERE tier = 86400 AND bucket = time_bucket('1 day', $1::timestamptz)",
                &[&bucket],
            )
            .await?;
        replace(client, Tier::QuarterHour, bucket, max_values).await
    };
    finish(client, outcome.await).await
}

async fn build_day(client: &Client, day: UnixMicros, max_values: usize) -> Result<(), RollupError> {
    begin_shared(client).await?;
    let outcome = async {
        // Whatever was changed since the day was found due is marked: then it isn't built.
        let marked = "SELECT EXISTS (SELECT FROM rollup_dirty
                       WHERE bucket >= $1 AND bucket < $1 + INTERVAL '1 day')";
        if client.query_one(marked, &[&day]).await?.get(0) {
            return Ok(());
        }
        replace(client, Tier::Day, day, max_values).await
    };
    finish(client, outcome.await).await
}

/// Builds one bucket of `tier` from the next finer tier, in the caller's transaction.
async fn replace(
    client: &Client,
    tier: Tier,
    bucket: UnixMicros,
    max_values: usize,
) -> Result<(), RollupError> {
    let (finer, table) = match tier {
        Tier::Day => ("rollup_15m", "rollup_1d"),
        Tier::QuarterHour | Tier::Minute => ("rollup_1m", "rollup_15m"),
    };
    let end = bucket.saturating_add(Duration::from_secs(tier.seconds().unsigned_abs()));
    let read = format!(
        "-- read_finer_tier
         SELECT dimension, bucket, value, {STATE_COLUMNS} FROM {finer}
          WHERE dimension = ANY('{{0,1,2,3,4,5,6,7}}') AND bucket >= $1 AND bucket < $2"
    );
    let mut merged = Merged::default();
    for row in &client.query(&read, &[&bucket, &end]).await? {
        merged.add(row, |finer| tier.bucket(finer))?;
    }
    client
        .execute(
            &format!(
                "DELETE FROM {table}
                  WHERE dimension = ANY('{{0,1,2,3,4,5,6,7}}') AND bucket = $1"
            ),
            &[&bucket],
        )
        .await?;
    rollup_rows::insert(client, table, &merged.into_rows(max_values)).await?;
    client
        .execute(
            "INSERT INTO rollup_built (tier, bucket) VALUES ($1, $2)
             ON CONFLICT (tier, bucket) DO UPDATE SET built_at = now()",
            &[&(tier.seconds() as i32), &bucket],
        )
        .await?;
    Ok(())
}
