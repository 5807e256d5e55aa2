//! Which rollup rows cover a range, and how they are read and merged.

use std::{error::Error, sync::Arc};

use common::{
    rollup::{
        Dimension, Distinct, DistinctUnion, Durations, Identity, Rollup, Sample, Session, Tier,
        Visits, key_value,
    },
    time::UnixMicros,
};
use tokio_postgres::Row;

use super::{
    database::{QueryError, Snapshot},
    plan::{self, Piece, Usable, Version},
    range::{MINUTE, Range},
    statements,
};

/// Which sketches are worth reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Sketches {
    pub users: bool,
    pub sessions: bool,
    pub durations: bool,
    /// Held by the rows of [`Dimension::All`] only.
    pub visits: bool,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Rollup,
    /// Parts of a minute at the ends of the range, or a metric that rollups don't hold, were
    /// counted from raw rows.
    RollupAndRaw,
    Raw,
}

impl Origin {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rollup => "rollup",
            Self::RollupAndRaw => "rollup+raw",
            Self::Raw => "raw",
        }
    }
}

/// Rows being merged. The first one is kept as it is: often it is the only one.
#[derive(Debug, Default)]
pub struct Merging {
    sums: Rollup,
    further: Option<(DistinctUnion, DistinctUnion)>,
}

impl Merging {
    pub fn merge(&mut self, row: Rollup) {
        if self.sums.events == 0 {
            self.sums = row;
        } else {
            self.add(&row);
        }
    }

    pub fn add(&mut self, row: &Rollup) {
        if self.sums.events == 0 {
            self.sums = row.clone();
            return;
        }
        let (users, sessions) = self.further.get_or_insert_default();
        users.add(&row.users);
        sessions.add(&row.sessions);
        self.sums.merge_but_sets(row);
    }

    #[must_use]
    pub fn into_rollup(mut self) -> Rollup {
        if let Some((mut users, mut sessions)) = self.further {
            users.add(&self.sums.users);
            sessions.add(&self.sums.sessions);
            self.sums.users = users.into_distinct();
            self.sums.sessions = sessions.into_distinct();
        }
        self.sums
    }
}

/// The pieces that answer for whole minutes, as coarse as this snapshot allows.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn cover(
    snapshot: &Snapshot,
    minutes: Option<Range>,
    edges: &[UnixMicros],
) -> Result<Vec<Arc<Piece>>, QueryError> {
    let Some(minutes) = minutes else {
        return Ok(Vec::new());
    };
    let widest = edges
        .windows(2)
        .map(|pair| pair[1].0 - pair[0].0)
        .max()
        .unwrap_or_default();
    let usable = if widest < 15 * MINUTE || minutes.micros() < 15 * MINUTE {
        Usable::default()
    } else {
        usable_buckets(snapshot, minutes, edges).await?
    };
    let pieces = plan::pieces(minutes, edges, &usable);
    Ok(pieces.into_iter().map(Arc::new).collect())
}

/// Buckets of `tier` that hold an edge of the answer's buckets inside.
fn cut(tier: Tier, edges: &[UnixMicros]) -> Vec<UnixMicros> {
    let buckets = edges.iter().map(|edge| (tier.bucket(*edge), *edge));
    let mut cut: Vec<_> = buckets
        .filter(|(bucket, edge)| bucket != edge)
        .map(|(bucket, _)| bucket)
        .collect();
    cut.dedup();
    cut
}

async fn usable_buckets(
    snapshot: &Snapshot,
    minutes: Range,
    edges: &[UnixMicros],
) -> Result<Usable, QueryError> {
    let (from, to) = (minutes.from, minutes.to);
    let (hours, days) = (cut(Tier::Hour, edges), cut(Tier::Day, edges));
    let mut usable = Usable::default();
    for row in snapshot
        .rows(statements::USABLE_BUCKETS, &[&from, &to, &hours, &days])
        .await?
    {
        let (seconds, bucket): (i32, UnixMicros) = (row.try_get(0)?, row.try_get(1)?);
        let tier = Tier::ALL
            .into_iter()
            .find(|tier| tier.seconds() == i64::from(seconds));
        let version = Version {
            transaction: row.try_get(3)?,
            built_at: row.try_get(2)?,
        };
        usable.0.extend(tier.map(|tier| ((tier, bucket), version)));
    }
    Ok(usable)
}

/// A row of `rollup_rows_in_runs`, `rollup_rows_by_key` or `live_cells`.
///
/// # Errors
/// [`QueryError::Corrupt`] where a number or sketch can't be read.
pub fn decode(row: &Row) -> Result<(UnixMicros, Rollup), QueryError> {
    let bucket = row.try_get(0)?;
    let bytes = |column| {
        row.try_get::<_, Option<&[u8]>>(column)
            .map(Option::unwrap_or_default)
    };
    let rollup = Rollup {
        events: count(row.try_get(1)?),
        value_micros: parsed(row.try_get(2)?)?,
        values: 0,
        duration_ms: parsed(row.try_get(3)?)?,
        users: Distinct::decode(bytes(4)?).map_err(corrupt)?,
        sessions: Distinct::decode(bytes(5)?).map_err(corrupt)?,
        durations: Durations::decode(bytes(6)?).map_err(corrupt)?,
        visits: Visits::decode(row.try_get(7)?).map_err(corrupt)?,
    };
    Ok((bucket, rollup))
}

/// Counts in the database are never negative.
#[must_use]
pub fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A numeric that was read as text.
///
/// # Errors
/// [`QueryError::Corrupt`] where it isn't a whole number in range.
pub fn parsed<T: std::str::FromStr<Err: Error + Send + Sync + 'static>>(
    text: &str,
) -> Result<T, QueryError> {
    text.parse().map_err(corrupt)
}

/// A stored value that can't be read.
pub fn corrupt(error: impl Error + Send + Sync + 'static) -> QueryError {
    QueryError::Corrupt(Box::new(error))
}

/// Raw rows, one by one: their key in `dimension`, what they add.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn each_raw(
    snapshot: &Snapshot,
    range: Range,
    dimension: Dimension,
    mut visit: impl FnMut(&str, &Sample),
) -> Result<(), QueryError> {
    let (from, to, name) = (range.from, range.to, dimension.as_str());
    snapshot
        .each_row(statements::RAW_EVENTS, &[&from, &to, &name], |row| {
            let duration: Option<i32> = row.try_get(2)?;
            let session: Option<&str> = row.try_get(4)?;
            let value: Option<&str> = row.try_get(5)?;
            let sample = Sample {
                user: Identity::of(row.try_get(3)?),
                session: session.map(Session::of),
                value_micros: row.try_get(1)?,
                duration_ms: duration.and_then(|ms| u32::try_from(ms).ok()),
            };
            visit(&key_value(value.unwrap_or_default()), &sample);
            Ok(())
        })
        .await
}
