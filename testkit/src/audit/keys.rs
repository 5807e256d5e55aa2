//! Numbers by dimension, value and minute.

use std::collections::BTreeMap;

use anyhow::Context as _;
use common::{rollup::Dimension, time::UnixMicros};
use ingestion::source::synthetic::Truth;
use tokio_postgres::types::FromSqlOwned;

use super::{
    Witnesses,
    line::{Line, text},
};

type Counts<K> = BTreeMap<K, u64>;

/// Of `counts`, how many are as in `right`; all of them where there are too many.
fn agreeing<K: Ord>(counts: &Counts<K>, right: &Counts<K>) -> Option<String> {
    let same = |(key, count): &(&K, &u64)| right.get(key) == Some(count);
    text(if counts.len() > right.len() {
        counts.len()
    } else {
        counts.iter().filter(same).count()
    })
}

impl Witnesses {
    /// Of a statement that gives a key and a number.
    async fn counts<K: Ord + FromSqlOwned>(&self, sql: &str) -> anyhow::Result<Counts<K>> {
        let rows = self.db.query(sql, &[]).await?;
        let count = |row: &tokio_postgres::Row| row.get::<_, i64>(1).unsigned_abs();
        Ok(rows.iter().map(|row| (row.get(0), count(row))).collect())
    }
}

/// How many values of the dimension have the true count, at each witness.
pub(super) async fn breakdown(
    witnesses: &Witnesses,
    truth: &Truth,
    dimension: Dimension,
) -> anyhow::Result<Line> {
    let none = Counts::new();
    let truth = truth.dimensions.get(&dimension).unwrap_or(&none);
    let raw = format!("SELECT coalesce({dimension}, ''), count(*) FROM events GROUP BY 1");
    let folded = format!(
        "SELECT value, sum(events)::bigint FROM rollup_1m WHERE dimension = {} GROUP BY 1",
        dimension.id()
    );
    let (raw, folded) = (
        witnesses.counts(&raw).await?,
        witnesses.counts(&folded).await?,
    );
    let path = format!(
        "/metrics/breakdown?dimension={dimension}&limit=1000&{}",
        witnesses.range.query
    );
    let rest = witnesses.rest(&path).await?;
    let rest = rest.as_array().context("a breakdown is a list")?.iter();
    let rest = rest
        .filter_map(|row| Some((row["key"].as_str()?.to_owned(), row["events"].as_u64()?)))
        .collect();
    let right = |counts| agreeing(counts, truth);
    let says = [text(truth.len()), right(&raw), right(&folded), right(&rest)];
    Ok(Line::new(
        format!("{dimension}: values with the right count"),
        says,
    ))
}

/// Minutes in which the witnesses count the same events; the truth doesn't know times.
pub(super) async fn minutes(witnesses: &Witnesses) -> anyhow::Result<Line> {
    let raw: Counts<UnixMicros> = witnesses
        .counts("SELECT time_bucket('1 minute', occurred_at), count(*) FROM events GROUP BY 1")
        .await?;
    let folded = witnesses
        .counts("SELECT bucket, sum(events)::bigint FROM rollup_1m WHERE dimension = 0 GROUP BY 1")
        .await?;
    let path = format!(
        "/metrics/timeseries?interval=1m&metrics=events&fill=none&{}",
        witnesses.range.query
    );
    let rest = witnesses.rest(&path).await?;
    let rest = rest.as_array().context("a time series is a list")?.iter();
    let rest = rest
        .filter_map(|point| {
            let bucket = UnixMicros::parse_rfc3339(point["bucket"].as_str()?)?;
            Some((bucket, point["events"].as_u64()?))
        })
        .collect();
    let says = [
        None,
        text(raw.len()),
        agreeing(&folded, &raw),
        agreeing(&rest, &raw),
    ];
    Ok(Line::new("minutes with the same count", says))
}

/// Every event is in every dimension once: minutes × dimensions whose rollups sum up to the
/// raw rows of the minute, less those that don't.
pub(super) async fn cells(witnesses: &Witnesses) -> anyhow::Result<Line> {
    let sql = "WITH raw AS (
            SELECT time_bucket('1 minute', occurred_at) AS bucket, count(*) AS events
              FROM events GROUP BY 1
        ), folded AS (
            SELECT bucket, dimension, sum(events)::bigint AS events
              FROM rollup_1m GROUP BY 1, 2
        )
        SELECT (SELECT count(*) FROM raw) * $1::bigint,
               (SELECT 2 * (SELECT count(*) FROM folded JOIN raw USING (bucket, events))
                       - count(*) FROM folded)";
    let dimensions = i64::try_from(Dimension::ALL.len())?;
    let row = witnesses.db.query_one(sql, &[&dimensions]).await?;
    let says = [
        None,
        text(row.get::<_, i64>(0)),
        text(row.get::<_, i64>(1)),
        None,
    ];
    Ok(Line::new("minutes × dimensions with the same sum", says))
}
