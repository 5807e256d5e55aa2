//! Rollup rows in the database: reading, merging, inserting. The write path, compaction,
//! rebuild and check share this.

use std::{collections::BTreeMap, error::Error};

use bytes::BytesMut;
use common::{
    rollup::{Dimension, Distinct, Durations, InvalidSketch, OTHER, Rollup, Visits},
    time::UnixMicros,
};
use tokio_postgres::{
    Client, Row,
    types::{IsNull, ToSql, Type, accepts, to_sql_checked},
};

use crate::fold::Folded;

pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Columns of a rollup table that hold the aggregate.
pub(crate) const STATE_COLUMNS: &str = "events, value_micros::text AS value_micros, \"values\", \
    duration_ms::bigint AS duration_ms, users, sessions, durations, visits";

#[derive(Debug, thiserror::Error)]
pub enum RollupError {
    #[error("the database refused")]
    Database(#[from] tokio_postgres::Error),
    #[error("a rollup row of {dimension} at {bucket} can't be read")]
    Unreadable {
        dimension: i16,
        bucket: String,
        source: InvalidSketch,
    },
}

/// The aggregate of a row with [`STATE_COLUMNS`].
pub(crate) fn state(row: &Row) -> Result<Rollup, InvalidSketch> {
    let count = |column: &str| row.get::<_, i64>(column).unsigned_abs();
    let value: &str = row.get("value_micros");
    Ok(Rollup {
        events: count("events"),
        value_micros: value.parse().map_err(|_| InvalidSketch("value sum"))?,
        values: count("values"),
        duration_ms: count("duration_ms"),
        durations: Durations::decode(row.get("durations"))?,
        users: Distinct::decode(row.get("users"))?,
        sessions: Distinct::decode(row.get("sessions"))?,
        visits: Visits::decode(row.get("visits"))?,
    })
}

/// Rollups by key: what several writers wrote, merged.
#[derive(Debug, Default)]
pub(crate) struct Merged(pub(crate) BTreeMap<(Dimension, UnixMicros, String), Rollup>);

impl Merged {
    /// Adds a row with `dimension`, `value` and [`STATE_COLUMNS`] to the bucket that
    /// `bucket_of` makes of its own.
    pub(crate) fn add(
        &mut self,
        row: &Row,
        bucket_of: impl Fn(UnixMicros) -> UnixMicros,
    ) -> Result<(), RollupError> {
        let (id, bucket): (i16, UnixMicros) = (row.get("dimension"), row.get("bucket"));
        let unreadable = |source| RollupError::Unreadable {
            dimension: id,
            bucket: bucket.to_rfc3339(),
            source,
        };
        let dimension = Dimension::from_id(id);
        let dimension = dimension.ok_or_else(|| unreadable(InvalidSketch("dimension")))?;
        let key = (dimension, bucket_of(bucket), row.get("value"));
        let rollup = state(row).map_err(unreadable)?;
        self.0.entry(key).or_default().merge(&rollup);
        Ok(())
    }

    /// The rows in key order, the rarest beyond `max_values` of a bucket and dimension as
    /// `(other)`.
    pub(crate) fn into_rows(self, max_values: usize) -> Vec<Folded> {
        let mut by_bucket: BTreeMap<_, Vec<Folded>> = BTreeMap::new();
        for ((dimension, bucket, value), rollup) in self.0 {
            by_bucket
                .entry((dimension, bucket))
                .or_default()
                .push(Folded {
                    bucket,
                    dimension,
                    value: value.into(),
                    rollup,
                });
        }
        by_bucket
            .into_values()
            .flat_map(|rows| cap(rows, max_values))
            .collect()
    }
}

fn cap(mut rows: Vec<Folded>, max_values: usize) -> Vec<Folded> {
    if rows.len() <= max_values + 1 {
        return rows;
    }
    let is_other = |row: &Folded| *row.value == *OTHER;
    rows.sort_by_key(|row| (is_other(row), std::cmp::Reverse(row.rollup.events)));
    let rest = rows.split_off(max_values);
    let mut rest = rest.into_iter();
    if let Some(mut other) = rest.next() {
        other.value = OTHER.into();
        rest.for_each(|row| other.rollup.merge(&row.rollup));
        rows.push(other);
    }
    rows.sort_by(|a, b| a.value.cmp(&b.value));
    rows
}

/// Rollup rows, column by column, as `unnest` takes them.
pub(crate) struct Columns<'f> {
    dimensions: Vec<i16>,
    buckets: Vec<UnixMicros>,
    values: Vec<&'f str>,
    events: Vec<i64>,
    value_micros: Vec<String>,
    value_counts: Vec<i64>,
    duration_ms: Vec<i64>,
    users: Vec<Sketch<'f>>,
    sessions: Vec<Sketch<'f>>,
    durations: Vec<Sketch<'f>>,
    visits: Vec<Sketch<'f>>,
}

/// Encoded when it is sent: the stored forms of all rows together would be large.
#[derive(Debug)]
enum Sketch<'f> {
    Distinct(&'f Distinct),
    Durations(&'f Durations),
    Visits(&'f Visits),
}

impl ToSql for Sketch<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Distinct(sketch) => Some(sketch.encode()),
            Self::Durations(sketch) => Some(sketch.encode()),
            Self::Visits(sketch) => sketch.encode(),
        }
        .to_sql(ty, out)
    }

    accepts!(BYTEA);
    to_sql_checked!();
}

impl<'f> Columns<'f> {
    pub(crate) fn of(rows: &'f [Folded]) -> Self {
        fn column<'f, T>(rows: &'f [Folded], of: impl Fn(&'f Folded) -> T) -> Vec<T> {
            rows.iter().map(of).collect()
        }
        Self {
            dimensions: column(rows, |f| f.dimension.id()),
            buckets: column(rows, |f| f.bucket),
            values: column(rows, |f| &*f.value),
            events: column(rows, |f| f.rollup.events as i64),
            value_micros: column(rows, |f| f.rollup.value_micros.to_string()),
            value_counts: column(rows, |f| f.rollup.values as i64),
            duration_ms: column(rows, |f| f.rollup.duration_ms as i64),
            users: column(rows, |f| Sketch::Distinct(&f.rollup.users)),
            sessions: column(rows, |f| Sketch::Distinct(&f.rollup.sessions)),
            durations: column(rows, |f| Sketch::Durations(&f.rollup.durations)),
            visits: column(rows, |f| Sketch::Visits(&f.rollup.visits)),
        }
    }

    /// The parameters from `$3` on; `$1` and `$2` are the writer and its seq.
    pub(crate) fn params<'p>(
        &'p self,
        writer_id: &'p i64,
        seq: &'p i64,
    ) -> [&'p (dyn ToSql + Sync); 13] {
        [
            writer_id,
            seq,
            &self.dimensions,
            &self.buckets,
            &self.values,
            &self.events,
            &self.value_micros,
            &self.value_counts,
            &self.duration_ms,
            &self.users,
            &self.sessions,
            &self.durations,
            &self.visits,
        ]
    }
}

/// The statement that inserts [`Columns`] into one of the rollup tables.
pub(crate) fn insert_sql(table: &str) -> String {
    include_str!("write/sql/insert_rollups.sql").replace("rollup_table", table)
}

/// Rows that compaction and rebuild write: under writer 0, which no lane has.
pub(crate) async fn insert(
    client: &Client,
    table: &'static str,
    rows: &[Folded],
) -> Result<(), tokio_postgres::Error> {
    /// Bounds the size of one statement's parameters.
    const AT_ONCE: usize = 2_000;
    let statement = client.prepare(&insert_sql(table)).await?;
    for rows in rows.chunks(AT_ONCE) {
        let columns = Columns::of(rows);
        client.execute(&statement, &columns.params(&0, &0)).await?;
    }
    Ok(())
}
