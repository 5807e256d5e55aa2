//! Rollups compared with the raw rows.

use std::collections::BTreeMap;

use common::{
    clients,
    config::PostgresConfig,
    rollup::{Dimension, OTHER, Rollup},
    time::UnixMicros,
};
use tokio_postgres::Client;

use super::{Minutes, RebuildError, ensure_raw, raw::fold_raw};
use crate::rollup_rows::{Merged, STATE_COLUMNS};

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

/// After about as many differences a comparison ends: they would fill the memory.
pub const MOST_DRIFTS: usize = 10_000;

/// Compares the rollups of `range` with the raw rows, in one snapshot. Where values were
/// folded into `(other)`, only their sum is compared. Ends early after [`MOST_DRIFTS`].
///
/// # Errors
/// Raw rows of the range were dropped, the database refuses, or a rollup row can't be read.
pub async fn check(postgres: &PostgresConfig, range: Minutes) -> Result<Vec<Drift>, RebuildError> {
    let client = clients::postgres::connect(postgres, "tidemark-check").await?;
    client
        .batch_execute(
            "SET idle_in_transaction_session_timeout = 0;
             BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        )
        .await?;
    ensure_raw(&client, range).await?;
    let mut drifts = Vec::new();
    for step in range.steps() {
        let raw = fold_raw(&client, step, usize::MAX).await?.into_rows();
        let raw = raw
            .into_iter()
            .map(|row| ((row.dimension, row.bucket, row.value.into()), row.rollup));
        let stored = read_merged(&client, step).await?;
        compare(&raw.collect(), &stored.0, &mut drifts);
        if drifts.len() >= MOST_DRIFTS {
            break;
        }
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

/// How many durations, and milliseconds that so many per cent stay below.
fn in_short(rollup: &Rollup) -> String {
    let durations = &rollup.durations;
    let at = |q| durations.quantile(q).unwrap_or_default();
    let (half, most) = (at(0.5), at(0.99));
    format!("{} (50% {half:.0}, 99% {most:.0})", durations.count())
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
    if want.durations != have.durations {
        found.push(("durations", in_short(want), in_short(have)));
    }
    // Rows from before V5 don't know them; a rebuild fills them in.
    let known = want.visits.is_known() && have.visits.is_known();
    if known && want.visits != have.visits {
        let text = |rollup: &Rollup| format!("{:?}", rollup.visits);
        found.push(("visits", text(want), text(have)));
    }
    found
}
