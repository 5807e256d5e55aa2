//! What the generator sent, recomputed from its seed, against raw rows, rollups and REST.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, bail, ensure};
use common::{
    rollup::{DISTINCT_RELATIVE_ERROR, Dimension},
    time::UnixMicros,
};
use consumer::rebuild;
use ingestion::source::synthetic::{Segment, Truth, truth};
use serde_json::Value;
use testkit::{stream, wait_for};
use tokio_postgres::Client;

use crate::{
    stage::Stage,
    table::{self, Line},
};

const QUIET_LIMIT: Duration = Duration::from_secs(60);
/// Four standard errors: one run in 16,000 is further off.
const ESTIMATE_TOLERANCE: f64 = 4.0 * DISTINCT_RELATIVE_ERROR;

/// Waits until nothing is in flight, compares and prints; true if every number agrees.
pub(crate) async fn audit(stage: &Stage) -> anyhow::Result<bool> {
    println!("\nwaiting until nothing is in flight, then auditing");
    let generator = stage.generator().await?;
    let status = &generator["status"];
    ensure!(
        status["ambiguous"] == 0,
        "some events have an unknown outcome: {status}"
    );
    let sent = status["sent"]
        .as_u64()
        .context("the generator reports what it sent")?;
    let seed = generator["seed"]
        .as_u64()
        .context("the generator reports its seed")?;
    let segments: Vec<Segment> = serde_json::from_value(status["segments"].clone())?;
    quiet(stage).await?;
    let truth = truth(seed, &segments, sent);
    let db = stage.services.db().await;
    let range = Range::of(&db).await?;
    let mut lines = totals(stage, &db, &truth, &range).await?;
    lines.extend(dead_letters(stage, &db, &truth).await?);
    for dimension in Dimension::ALL.into_iter().skip(1) {
        lines.push(breakdown(stage, &db, &truth, dimension, &range).await?);
    }
    lines.push(minutes(stage, &db, &range).await?);
    lines.push(own_audit(stage).await?);
    lines.push(drift(stage).await?);
    Ok(table::print(&lines))
}

async fn quiet(stage: &Stage) -> anyhow::Result<()> {
    let (redis, keys) = (stage.services.redis().await, stage.services.keys());
    let group = &stage.services.stream.consumer_group;
    let is_quiet = async || {
        stream::is_quiet(&mut redis.clone(), &keys, group)
            .await
            .unwrap_or(false)
    };
    if !wait_for(QUIET_LIMIT, is_quiet).await {
        bail!(
            "events are still in flight after {QUIET_LIMIT:?}; {}",
            stage.logs.display()
        );
    }
    Ok(())
}

/// The whole minutes in which events lie.
struct Range {
    query: String,
}

impl Range {
    async fn of(db: &Client) -> anyhow::Result<Self> {
        let sql = "SELECT date_trunc('minute', min(occurred_at)),
                          date_trunc('minute', max(occurred_at)) + INTERVAL '1 minute'
                     FROM events";
        let row = db.query_one(sql, &[]).await?;
        let bounds: (Option<UnixMicros>, Option<UnixMicros>) = (row.get(0), row.get(1));
        let (Some(from), Some(to)) = bounds else {
            bail!("no event is stored");
        };
        Ok(Self {
            query: format!("from={}&to={}", from.to_rfc3339(), to.to_rfc3339()),
        })
    }
}

fn text(value: impl ToString) -> Option<String> {
    Some(value.to_string())
}

fn decimal(micros: i128) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let text = format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

async fn totals(
    stage: &Stage,
    db: &Client,
    truth: &Truth,
    range: &Range,
) -> anyhow::Result<Vec<Line>> {
    let raw = db
        .query_one(
            "SELECT count(*), coalesce(sum(value_micros), 0)::text, count(value_micros),
                    coalesce(sum(duration_ms), 0)::bigint, count(duration_ms),
                    count(DISTINCT user_id), count(DISTINCT session_id)
               FROM events",
            &[],
        )
        .await?;
    let folded = db
        .query_one(
            "SELECT coalesce(sum(events), 0)::bigint, coalesce(sum(value_micros), 0)::text,
                    coalesce(sum(\"values\"), 0)::bigint,
                    coalesce(sum(duration_ms), 0)::bigint
               FROM rollup_1m WHERE dimension = 0",
            &[],
        )
        .await?;
    let rest = stage
        .api(&format!("/metrics/summary?{}", range.query))
        .await?;
    let audit = stage.api("/audit").await?;
    let micros = |row: &tokio_postgres::Row, at: usize| -> anyhow::Result<Option<String>> {
        Ok(text(decimal(row.get::<_, &str>(at).parse()?)))
    };
    let count = |row: &tokio_postgres::Row, at: usize| text(row.get::<_, i64>(at));
    let value_of_rest = rest["value"].as_str().map(str::to_owned);
    let average = truth.duration_ms as f64 / truth.durations.max(1) as f64;
    let average_of_rest = rest["duration_ms"]["avg"]
        .as_f64()
        .map(|ms| format!("{ms:.3}"));
    Ok(vec![
        Line::new(
            "accepted",
            [
                text(truth.events),
                None,
                None,
                text(&audit["total"]["accepted"]),
            ],
        ),
        Line::new(
            "stored",
            [
                text(truth.unique),
                count(&raw, 0),
                count(&folded, 0),
                text(&rest["events"]),
            ],
        ),
        Line::new(
            "duplicates",
            [
                text(truth.duplicates),
                None,
                None,
                text(&audit["total"]["duplicates"]),
            ],
        ),
        Line::new(
            "in flight",
            [text(0), None, None, text(&audit["total"]["in_flight"])],
        ),
        Line::new(
            "value",
            [
                text(decimal(truth.value_micros)),
                micros(&raw, 1)?,
                micros(&folded, 1)?,
                value_of_rest,
            ],
        ),
        Line::new(
            "events with a value",
            [text(truth.values), count(&raw, 2), count(&folded, 2), None],
        ),
        Line::new(
            "duration, ms",
            [
                text(truth.duration_ms),
                count(&raw, 3),
                count(&folded, 3),
                None,
            ],
        ),
        Line::new(
            "mean duration, ms",
            [text(format!("{average:.3}")), None, None, average_of_rest],
        )
        .within(1e-6),
        Line::new(
            "users",
            [
                text(truth.users),
                count(&raw, 5),
                None,
                text(&rest["users"]),
            ],
        )
        .within(ESTIMATE_TOLERANCE),
        Line::new(
            "sessions",
            [
                text(truth.sessions),
                count(&raw, 6),
                None,
                text(&rest["sessions"]),
            ],
        )
        .within(ESTIMATE_TOLERANCE),
    ])
}

async fn dead_letters(stage: &Stage, db: &Client, truth: &Truth) -> anyhow::Result<Vec<Line>> {
    let sql = "SELECT reason, count(*) FROM dead_letters GROUP BY reason";
    let rows = db.query(sql, &[]).await?;
    let stored: BTreeMap<String, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let audit = stage.api("/audit").await?;
    let total: u64 = truth.dead_letters.values().sum();
    let total_stored: i64 = stored.values().sum();
    let mut lines = vec![Line::new(
        "dead-lettered",
        [
            text(total),
            text(total_stored),
            None,
            text(&audit["total"]["dead_lettered"]),
        ],
    )];
    let mut reasons: Vec<&str> = truth.dead_letters.keys().copied().collect();
    reasons.extend(stored.keys().map(String::as_str));
    reasons.sort_unstable();
    reasons.dedup();
    lines.extend(reasons.into_iter().map(|reason| {
        let sent = truth.dead_letters.get(reason).copied().unwrap_or_default();
        let stored = stored.get(reason).copied().unwrap_or_default();
        Line::new(
            format!("  {reason}"),
            [text(sent), text(stored), None, None],
        )
    }));
    Ok(lines)
}

type Counts = BTreeMap<String, u64>;

/// How many values of the dimension have the true count, at each witness.
async fn breakdown(
    stage: &Stage,
    db: &Client,
    truth: &Truth,
    dimension: Dimension,
    range: &Range,
) -> anyhow::Result<Line> {
    let none = Counts::new();
    let truth = truth.dimensions.get(&dimension).unwrap_or(&none);
    let by_value = async |sql: String| -> anyhow::Result<Counts> {
        let rows = db.query(&sql, &[]).await?;
        Ok(rows
            .iter()
            .map(|row| (row.get(0), row.get::<_, i64>(1).unsigned_abs()))
            .collect())
    };
    let raw = by_value(format!(
        "SELECT coalesce({dimension}, ''), count(*) FROM events GROUP BY 1"
    ));
    let folded = by_value(format!(
        "SELECT value, sum(events)::bigint FROM rollup_1m WHERE dimension = {} GROUP BY 1",
        dimension.id()
    ));
    let (raw, folded) = (raw.await?, folded.await?);
    let path = format!(
        "/metrics/breakdown?dimension={dimension}&limit=1000&{}",
        range.query
    );
    let rest = stage.api(&path).await?;
    let rest = rest.as_array().context("a breakdown is a list")?;
    let rest: Counts = rest
        .iter()
        .filter_map(|row| Some((row["key"].as_str()?.to_owned(), row["events"].as_u64()?)))
        .collect();
    let right = |counts: &Counts| {
        let right = counts
            .iter()
            .filter(|(value, count)| truth.get(*value) == Some(count))
            .count();
        text(if counts.len() > truth.len() {
            counts.len()
        } else {
            right
        })
    };
    let says = [text(truth.len()), right(&raw), right(&folded), right(&rest)];
    Ok(Line::new(
        format!("{dimension}: values with the right count"),
        says,
    ))
}

/// Minutes in which the witnesses count the same events; the truth doesn't know times.
async fn minutes(stage: &Stage, db: &Client, range: &Range) -> anyhow::Result<Line> {
    let by_minute = async |sql: &str| -> anyhow::Result<BTreeMap<i64, u64>> {
        let rows = db.query(sql, &[]).await?;
        let count = |row: &tokio_postgres::Row| row.get::<_, i64>(1).unsigned_abs();
        Ok(rows
            .iter()
            .map(|row| (row.get::<_, UnixMicros>(0).0, count(row)))
            .collect())
    };
    let raw =
        by_minute("SELECT time_bucket('1 minute', occurred_at), count(*) FROM events GROUP BY 1")
            .await?;
    let folded = by_minute(
        "SELECT bucket, sum(events)::bigint FROM rollup_1m WHERE dimension = 0 GROUP BY 1",
    )
    .await?;
    let path = format!(
        "/metrics/timeseries?interval=1m&metrics=events&fill=none&{}",
        range.query
    );
    let rest = stage.api(&path).await?;
    let rest = rest.as_array().context("a time series is a list")?;
    let rest: BTreeMap<i64, u64> = rest
        .iter()
        .filter_map(|point: &Value| {
            let bucket = UnixMicros::parse_rfc3339(point["bucket"].as_str()?)?;
            Some((bucket.0, point["events"].as_u64()?))
        })
        .collect();
    let same = |counts: &BTreeMap<i64, u64>| {
        text(
            counts
                .iter()
                .filter(|(bucket, count)| raw.get(bucket) == Some(count))
                .count(),
        )
    };
    Ok(Line::new(
        "minutes with the same count",
        [None, text(raw.len()), same(&folded), same(&rest)],
    ))
}

/// The verdict that the product passes on itself.
async fn own_audit(stage: &Stage) -> anyhow::Result<Line> {
    let audit = stage.api("/audit?raw=true").await?;
    let verdict = audit["verdict"].as_str().map(str::to_owned);
    Ok(Line::new(
        "/api/v1/audit",
        [text("balanced"), None, None, verdict],
    ))
}

/// `consumer rollup check`: every rollup recomputed from the raw rows, sketches included.
async fn drift(stage: &Stage) -> anyhow::Result<Line> {
    let postgres = &stage.services.postgres;
    let range = rebuild::whole_range(postgres)
        .await?
        .context("no event is stored")?;
    let drifts = rebuild::check(postgres, range).await?;
    Ok(Line::new(
        "rollups that differ from raw rows",
        [text(0), None, text(drifts.len()), None],
    ))
}
