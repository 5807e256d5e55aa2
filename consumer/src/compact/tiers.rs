//! The coarser tiers: quarter hours made of minutes, hours of quarter hours, days of hours.

use std::time::Duration;

use common::{rollup::Tier, time::UnixMicros};
use tokio_postgres::Client;

use super::{begin_shared, closed_writers::finish};
use crate::{
    observe,
    rollup_rows::{self, Merged, RollupError, STATE_COLUMNS},
};

/// How long after its end a bucket is built. A lane marks what it changes from five minutes
/// after the end of its quarter hour, so clocks may differ by a quarter of an hour.
const BUILD_AFTER: Duration = Duration::from_secs(20 * 60);
/// Quarter hours built in one pass, at most.
const QUARTERS_AT_ONCE: i64 = 400;

/// A tier that is built from the next finer one.
struct Coarse {
    tier: Tier,
    finer: Tier,
    /// Buckets built in one pass, at most.
    at_once: i64,
}

/// Hours: the last two days in one pass, all else later.
const COARSE: [Coarse; 2] = [
    Coarse {
        tier: Tier::Hour,
        finer: Tier::QuarterHour,
        at_once: 48,
    },
    Coarse {
        tier: Tier::Day,
        finer: Tier::Hour,
        at_once: 48,
    },
];

const fn table(tier: Tier) -> &'static str {
    match tier {
        Tier::Minute => "rollup_1m",
        Tier::QuarterHour => "rollup_15m",
        Tier::Hour => "rollup_1h",
        Tier::Day => "rollup_1d",
    }
}

/// Builds what is due; returns the buckets built.
pub(super) async fn build(client: &Client, max_values: usize) -> Result<u64, RollupError> {
    let horizon = UnixMicros::now().saturating_sub(BUILD_AFTER);
    let mut built = 0;
    let quarters = Tier::QuarterHour.bucket(horizon);
    let due_quarters = client
        .query(DUE_QUARTERS, &[&quarters, &QUARTERS_AT_ONCE])
        .await?;
    observe::due("900", due_quarters.len());
    for row in due_quarters {
        build_quarter(client, row.get(0), max_values).await?;
        built += 1;
    }
    for coarse in &COARSE {
        let due = due(client, coarse, coarse.tier.bucket(horizon)).await?;
        let tier = if coarse.tier == Tier::Hour {
            "3600"
        } else {
            "86400"
        };
        observe::due(tier, due.len());
        for bucket in &due {
            build_coarse(client, coarse, *bucket, max_values).await?;
        }
        built += due.len() as u64;
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

/// Buckets of the tier of $1 seconds before $3 that have buckets of the finer tier of $2
/// seconds and are not built, whole and without marks. The newest first: they are asked for
/// most. Which are whole is only asked of these few.
const DUE_COARSE: &str = "-- due_coarse
WITH open AS MATERIALIZED (
    SELECT bucket FROM (
        SELECT time_bucket(make_interval(secs => $1::integer), bucket) AS bucket
          FROM rollup_built WHERE tier = $2::integer
        EXCEPT
        SELECT bucket FROM rollup_built WHERE tier = $1
        EXCEPT
        SELECT time_bucket(make_interval(secs => $1), bucket) FROM rollup_dirty
    ) AS unbuilt
     WHERE bucket < $3::timestamptz
     ORDER BY bucket DESC
     LIMIT $4
)
SELECT bucket FROM open
WHERE NOT EXISTS (SELECT FROM rollup_1m AS minute
                   WHERE dimension = 0
                     AND minute.bucket >= open.bucket
                     AND minute.bucket < open.bucket + make_interval(secs => $1)
                     AND NOT EXISTS (SELECT FROM rollup_built AS built
                                      WHERE tier = $2
                                        AND built.bucket = time_bucket(
                                            make_interval(secs => $2), minute.bucket)))
ORDER BY bucket DESC";

async fn due(
    client: &Client,
    coarse: &Coarse,
    horizon: UnixMicros,
) -> Result<Vec<UnixMicros>, RollupError> {
    let [tier, finer] = [coarse.tier, coarse.finer].map(|tier| tier.seconds() as i32);
    let rows = client
        .query(DUE_COARSE, &[&tier, &finer, &horizon, &coarse.at_once])
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn build_quarter(
    client: &Client,
    bucket: UnixMicros,
    max_values: usize,
) -> Result<(), RollupError> {
    begin_shared(client).await?;
    let outcome = async {
        // Marks first, rows second: a later change leaves its mark behind. A trigger takes the
        // hour and the day off the built ones.
        client
            .execute(
                "DELETE FROM rollup_dirty
                  WHERE bucket >= $1 AND bucket < $1 + INTERVAL '15 minutes'",
                &[&bucket],
            )
            .await?;
        replace(client, Tier::Minute, Tier::QuarterHour, bucket, max_values).await
    };
    finish(client, outcome.await).await
}

async fn build_coarse(
    client: &Client,
    coarse: &Coarse,
    bucket: UnixMicros,
    max_values: usize,
) -> Result<(), RollupError> {
    begin_shared(client).await?;
    let outcome = async {
        // Whatever was changed since the bucket was found due is marked: then it isn't built.
        let marked = "SELECT EXISTS (SELECT FROM rollup_dirty WHERE bucket >= $1 AND bucket < $2)";
        let end = end_of(coarse.tier, bucket);
        if client.query_one(marked, &[&bucket, &end]).await?.get(0) {
            return Ok(());
        }
        replace(client, coarse.finer, coarse.tier, bucket, max_values).await
    };
    finish(client, outcome.await).await
}

fn end_of(tier: Tier, bucket: UnixMicros) -> UnixMicros {
    bucket.saturating_add(Duration::from_secs(tier.seconds().unsigned_abs()))
}

/// Builds one bucket of `tier` from a finer tier, in the caller's transaction.
async fn replace(
    client: &Client,
    finer: Tier,
    tier: Tier,
    bucket: UnixMicros,
    max_values: usize,
) -> Result<(), RollupError> {
    let read = format!(
        "-- read_finer_tier
         SELECT dimension, bucket, value, {STATE_COLUMNS} FROM {finer}
          WHERE dimension = ANY('{{0,1,2,3,4,5,6,7}}') AND bucket >= $1 AND bucket < $2",
        finer = table(finer),
    );
    let mut merged = Merged::default();
    for row in &client
        .query(&read, &[&bucket, &end_of(tier, bucket)])
        .await?
    {
        merged.add(row, |finer| tier.bucket(finer))?;
    }
    let table = table(tier);
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
