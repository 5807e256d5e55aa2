//! What was sent, recomputed from the generator's seed, against raw rows, rollups and REST.

mod keys;
mod line;
mod sums;

use std::time::Duration;

use anyhow::{Context as _, bail};
use common::{
    rollup::{DISTINCT_RELATIVE_ERROR, Dimension},
    time::UnixMicros,
};
use consumer::rebuild;
use ingestion::source::synthetic::{Segment, Truth, truth};
use serde_json::Value;
use tokio_postgres::Client;

use line::text;
pub use line::{Line, WITNESSES};

use crate::{Services, http, stream, wait_for};

/// Four standard errors: one run in 16,000 is further off.
const ESTIMATE_TOLERANCE: f64 = 4.0 * DISTINCT_RELATIVE_ERROR;

/// A run of the generator, as its own status tells it.
#[derive(Debug, Clone)]
pub struct Run {
    pub seed: u64,
    pub segments: Vec<Segment>,
    /// Events acknowledged by Redis; with `ambiguous` zero, exactly those on the stream.
    pub sent: u64,
    pub ambiguous: u64,
}

impl Run {
    /// From the body of `GET /api/v1/generator`.
    ///
    /// # Errors
    /// It isn't such a body.
    pub fn read(generator: &Value) -> anyhow::Result<Self> {
        let (status, seed) = (&generator["status"], generator["seed"].as_u64());
        let number = |name: &str| {
            let number = status[name].as_u64();
            number.with_context(|| format!("the generator reports {name}"))
        };
        Ok(Self {
            seed: seed.context("the generator reports its seed")?,
            segments: serde_json::from_value(status["segments"].clone())?,
            sent: number("sent")?,
            ambiguous: number("ambiguous")?,
        })
    }

    /// What its first `count` events add up to.
    #[must_use]
    pub fn truth(&self, count: u64) -> Truth {
        truth(self.seed, &self.segments, count)
    }
}

/// Waits until everything on the stream is read and acknowledged.
///
/// # Errors
/// Not within `limit`.
pub async fn quiet(services: &Services, limit: Duration) -> anyhow::Result<()> {
    let (redis, keys) = (services.redis().await, services.keys());
    let group = &services.stream.consumer_group;
    let is_quiet = async || {
        let quiet = stream::is_quiet(&mut redis.clone(), &keys, group).await;
        quiet.unwrap_or(false)
    };
    if !wait_for(limit, is_quiet).await {
        bail!("events are still in flight after {limit:?}");
    }
    Ok(())
}

/// Asks every witness for every number; to be called when nothing is in flight.
///
/// # Errors
/// A witness doesn't answer.
pub async fn compare(services: &Services, api: u16, truth: &Truth) -> anyhow::Result<Vec<Line>> {
    let db = services.db().await;
    let range = Range::of(&db).await?;
    let witnesses = Witnesses { db, api, range };
    let mut lines = sums::totals(&witnesses, truth).await?;
    lines.extend(sums::dead_letters(&witnesses, truth).await?);
    for dimension in Dimension::ALL.into_iter().skip(1) {
        lines.push(keys::breakdown(&witnesses, truth, dimension).await?);
    }
    lines.push(keys::minutes(&witnesses).await?);
    lines.push(keys::cells(&witnesses).await?);
    lines.push(own_audit(&witnesses).await?);
    lines.push(drift(services).await?);
    Ok(lines)
}

struct Witnesses {
    db: Client,
    api: u16,
    range: Range,
}

impl Witnesses {
    /// `data` of a GET.
    async fn rest(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("http://127.0.0.1:{}/api/v1{path}", self.api);
        Ok(http::body(&url).await?["data"].take())
    }
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

/// The verdict that the product passes on itself.
async fn own_audit(witnesses: &Witnesses) -> anyhow::Result<Line> {
    let audit = witnesses.rest("/audit?raw=true").await?;
    let verdict = audit["verdict"].as_str().map(str::to_owned);
    Ok(Line::new(
        "/api/v1/audit",
        [text("balanced"), None, None, verdict],
    ))
}

/// `consumer rollup check`: every rollup recomputed from the raw rows, sketches included.
async fn drift(services: &Services) -> anyhow::Result<Line> {
    let postgres = &services.postgres;
    let range = rebuild::whole_range(postgres)
        .await?
        .context("no event is stored")?;
    let drifts = rebuild::check(postgres, range).await?;
    Ok(Line::new(
        "rollups that differ from raw rows",
        [text(0), None, text(drifts.len()), None],
    ))
}
