//! Rollups recomputed from raw rows: to compare (`check`), or to replace (`rebuild`).

use std::{borrow::Cow, collections::BTreeMap, pin::pin, time::Duration};

use common::{
    clients,
    config::PostgresConfig,
    event::Event,
    rollup::{Dimension, OTHER, Rollup, Sample, Tier},
    time::UnixMicros,
};
use futures_util::TryStreamExt as _;
use tokio_postgres::{Client, Row as SqlRow};

use crate::{
    decode::{Row, Values},
    fold::{Folded, Memory},
    rollup_rows::{self, Merged, RollupError, STATE_COLUMNS},
    write::REBUILD_LOCK,
};

/// Rows folded at once; bounds the memory.
const FOLD_ROWS: usize = 20_000;
/// Rebuilt or compared in one step, and for this long commits wait in a rebuild.
const STEP: Tier = Tier::QuarterHour;

/// A half-open range of whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minutes {
    pub from: UnixMicros,
    pub to: UnixMicros,
}

impl Minutes {
    /// Rounded outward to whole minutes.
    #[must_use]
    pub fn covering(from: UnixMicros, to: UnixMicros) -> Self {
        let last = UnixMicros(to.0.saturating_sub(1));
        Self {
            from: Tier::Minute.bucket(from),
            to: Tier::Minute
                .bucket(last)
                .saturating_add(Duration::from_secs(60)),
        }
    }

    fn steps(self) -> impl Iterator<Item = Self> {
        let width = Duration::from_secs(STEP.seconds().unsigned_abs());
        let mut from = self.from;
        std::iter::from_fn(move || {
            let end = STEP.bucket(from).saturating_add(width).min(self.to);
            let step = (from < self.to).then_some(Self { from, to: end });
            from = end;
            step
        })
    }
}

/// A rollup that isn't what the raw rows say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    pub bucket: UnixMicros,
    pub dimension: Dimension,
    pub value: String,
    pub what: &'static str,
    pub raw: String,
    pub rollup: String,
}

#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error(transparent)]
    Rollup(#[from] RollupError),
    #[error("the database refused")]
    Database(#[from] tokio_postgres::Error),
    #[error("raw events before {0} were dropped by retention; their rollups can't be recomputed")]
    Dropped(String),
}

/// The minutes that have rollups or raw rows, if there are any.
///
/// # Errors
/// The database can't be asked.
pub async fn whole_range(postgres: &PostgresConfig) -> Result<Option<Minutes>, RebuildError> {
    let client = clients::postgres::connect(postgres, "tidemark-rebuild").await?;
    let sql = "SELECT least((SELECT min(occurred_at) FROM events), (SELECT min(bucket) FROM rollup_1m)),
                      greatest((SELECT max(occurred_at) FROM events), (SELECT max(bucket) FROM rollup_1m))";
    let row = client.query_one(sql, &[]).await?;
    let bounds: (Option<UnixMicros>, Option<UnixMicros>) = (row.get(0), row.get(1));
    let (Some(from), Some(last)) = bounds else {
        return Ok(None);
    };
    Ok(Some(Minutes::covering(from, UnixMicros(last.0 + 1))))
}

/// Replaces the rollups of `range` by what the raw rows say, a quarter of an hour at a time.
/// It may run beside the daemons: commits wait for a step to end and then start with fresh
/// memory. Returns the events folded.
///
/// # Errors
/// Raw rows of the range were dropped, or the database refuses.
pub async fn rebuild(
    postgres: &PostgresConfig,
    range: Minutes,
    max_values: usize,
) -> Result<u64, RebuildError> {
    let client = clients::postgres::connect(postgres, "tidemark-rebuild").await?;
    client
        .batch_execute("SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '60s'")
        .await?;
    let sql = "SELECT max(older_than) FROM dropped WHERE relation = 'events' AND older_than > $1";
    if let Some(until) = client
        .query_one(sql, &[&range.from])
        .await?
        .get::<_, Option<UnixMicros>>(0)
    {
        return Err(RebuildError::Dropped(until.to_rfc3339()));
    }
    let mut events = 0;
    for step in range.steps() {
        client.batch_execute("BEGIN").await?;
        let outcome = rebuild_step(&client, step, max_values).await;
        let end = if outcome.is_ok() {
            "COMMIT"
        } else {
            "ROLLBACK"
        };
        client.batch_execute(end).await?;
        events += outcome?;
    }
    Ok(events)
}

async fn rebuild_step(
    client: &Client,
    step: Minutes,
    max_values: usize,
) -> Result<u64, RebuildError> {
    client
        .execute("SELECT pg_advisory_xact_lock($1)", &[&REBUILD_LOCK])
        .await?;
    client
        .execute(
            "UPDATE rollup_generation SET generation = generation + 1",
            &[],
        )
        .await?;
    let delete = "DELETE FROM rollup_1m WHERE bucket >= $1 AND bucket < $2";
    client.execute(delete, &[&step.from, &step.to]).await?;
    let memory = fold_raw(client, step, max_values).await?;
    let rows = memory.into_rows();
    let all = rows.iter().filter(|row| row.dimension == Dimension::All);
    let events = all.map(|row| row.rollup.events).sum();
    rollup_rows::insert(client, "rollup_1m", &rows).await?;
    let mark = "INSERT INTO rollup_dirty (bucket)
                SELECT generate_series($1::timestamptz, $2::timestamptz - INTERVAL '1 minute',
                                       INTERVAL '1 minute')";
    client.execute(mark, &[&step.from, &step.to]).await?;
    Ok(events)
}

/// Compares the rollups of `range` with the raw rows, in one snapshot. Where values were
/// folded into `(other)`, only their sum is compared.
///
/// # Errors
/// The database refuses, or a rollup row can't be read.
pub async fn check(postgres: &PostgresConfig, range: Minutes) -> Result<Vec<Drift>, RebuildError> {
    let client = clients::postgres::connect(postgres, "tidemark-check").await?;
    client
        .batch_execute(
            "SET idle_in_transaction_session_timeout = 0;
             BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        )
        .await?;
    let mut drifts = Vec::new();
    for step in range.steps() {
        let raw = fold_raw(&client, step, usize::MAX).await?.into_rows();
        let raw = raw
            .into_iter()
            .map(|row| ((row.dimension, row.bucket, row.value.into()), row.rollup));
        let stored = read_merged(&client, step).await?;
        compare(&raw.collect(), &stored.0, &mut drifts);
    }
    client.batch_execute("COMMIT").await?;
    Ok(drifts)
}

type ByKey = BTreeMap<(Dimension, UnixMicros, String), Rollup>;

async fn read_merged(client: &Client, step: Minutes) -> Result<Merged, RebuildError> {
    let sql = format!(
        "SELECT dimension, bucket, value, {STATE_COLUMNS} FROM rollup_1m
          WHERE bucket >= $1 AND bucket < $2"
    );
    let mut merged = Merged::default();
    for row in &client.query(&sql, &[&step.from, &step.to]).await? {
        merged.add(row, |minute| minute)?;
    }
    Ok(merged)
}

fn compare(raw: &ByKey, stored: &ByKey, drifts: &mut Vec<Drift>) {
    let capped: Vec<_> = stored
        .keys()
        .filter(|(_, _, value)| value == OTHER)
        .map(|(dimension, bucket, _)| (*dimension, *bucket))
        .collect();
    let (raw, stored) = (summed(raw, &capped), summed(stored, &capped));
    let none = Rollup::default();
    let mut keys: Vec<_> = raw.keys().chain(stored.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let (want, have) = (
            raw.get(key).unwrap_or(&none),
            stored.get(key).unwrap_or(&none),
        );
        let exact = capped.binary_search(&(key.0, key.1)).is_err();
        for (what, want, have) in differences(want, have, exact) {
            drifts.push(Drift {
                bucket: key.1,
                dimension: key.0,
                value: key.2.clone(),
                what,
                raw: want,
                rollup: have,
            });
        }
    }
}

/// With the values of capped buckets merged into one.
fn summed(rollups: &ByKey, capped: &[(Dimension, UnixMicros)]) -> ByKey {
    let mut sums = ByKey::new();
    for ((dimension, bucket, value), rollup) in rollups {
        let is_capped = capped.binary_search(&(*dimension, *bucket)).is_ok();
        let value = if is_capped { OTHER } else { value };
        sums.entry((*dimension, *bucket, value.to_owned()))
            .or_default()
            .merge(rollup);
    }
    sums
}

fn differences(want: &Rollup, have: &Rollup, exact: bool) -> Vec<(&'static str, String, String)> {
    let mut found = Vec::new();
    let mut differ = |what, want: String, have: String| {
        if want != have {
            found.push((what, want, have));
        }
    };
    differ("events", want.events.to_string(), have.events.to_string());
    differ(
        "value_micros",
        want.value_micros.to_string(),
        have.value_micros.to_string(),
    );
    differ("values", want.values.to_string(), have.values.to_string());
    differ(
        "duration_ms",
        want.duration_ms.to_string(),
        have.duration_ms.to_string(),
    );
    differ(
        "durations",
        want.durations.count().to_string(),
        have.durations.count().to_string(),
    );
    if exact {
        let estimate = |rollup: &Rollup| {
            (
                format!("{:.3}", rollup.users.estimate()),
                format!("{:.3}", rollup.sessions.estimate()),
            )
        };
        let (want, have) = (estimate(want), estimate(have));
        differ("users", want.0, have.0);
        differ("sessions", want.1, have.1);
    }
    found
}

const RAW: &str = "-- raw_events
SELECT occurred_at, event_id, event_type, user_id, session_id, page, referrer, country, device,
       browser, os, value_micros, duration_ms
  FROM events WHERE occurred_at >= $1 AND occurred_at < $2";

async fn fold_raw(
    client: &Client,
    step: Minutes,
    max_values: usize,
) -> Result<Memory, RebuildError> {
    let mut memory = Memory::default();
    let (mut rows, mut values) = (Vec::new(), Values::default());
    let params = [step.from, step.to];
    let mut stream = pin!(client.query_raw(RAW, params).await?);
    loop {
        let next = stream.try_next().await?;
        if let Some(row) = &next {
            rows.push(fold_row(row, &mut values));
        }
        if rows.len() == FOLD_ROWS || next.is_none() {
            memory.advance(memory.fold(rows.iter(), &values, max_values));
            rows.clear();
            values = Values::default();
        }
        if next.is_none() {
            return Ok(memory);
        }
    }
}

/// What the fold needs of a stored event: the same as of a decoded one.
fn fold_row(row: &SqlRow, values: &mut Values) -> Row {
    let text = |column: &str| row.get::<_, Option<&str>>(column).map(Cow::Borrowed);
    let event = Event {
        event_id: row.get("event_id"),
        event_type: Cow::Borrowed(row.get("event_type")),
        occurred_at: row.get("occurred_at"),
        user_id: Cow::Borrowed(row.get("user_id")),
        session_id: text("session_id"),
        page: text("page"),
        referrer: text("referrer"),
        country: text("country"),
        device: text("device"),
        browser: text("browser"),
        os: text("os"),
        value_micros: row.get("value_micros"),
        duration_ms: row.get("duration_ms"),
        properties: None,
    };
    Row {
        entry: 0,
        index: 0,
        occurred_at: event.occurred_at,
        event_id: event.event_id,
        values: values.ids_of(&event),
        sample: Sample::of(&event),
    }
}

impl Memory {
    /// All rollup rows, in key order.
    fn into_rows(self) -> Vec<Folded> {
        let mut rows: Vec<_> = self.rows().collect();
        rows.sort_unstable_by(|a, b| {
            (a.dimension, a.bucket, &a.value).cmp(&(b.dimension, b.bucket, &b.value))
        });
        rows
    }
}
