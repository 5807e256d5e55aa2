//! From the creation of an event to a WebSocket client's wire, stage by stage.

mod commits;
mod stages;
mod watch;

use std::time::Duration;

use anyhow::ensure;
use common::time::UnixMicros;
use serde_json::json;
use testkit::audit;
use tokio::time::sleep;

use crate::{
    figure::{Bar, Figure, Outcome, Unit},
    pipeline::{Pipeline, settle, tell},
};
use commits::Commits;
pub(crate) use stages::percentile;
use stages::{STAGES, Sample};
use watch::Watches;
pub(crate) use watch::position;

const RATE: u32 = 10_000;
/// Connections, caches and plans get warm in it; not counted.
const WARM_UP: Duration = Duration::from_secs(5);
const MEASURED: Duration = Duration::from_secs(30);
/// For what is on its way when the generator stops.
const REST: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) async fn run() -> anyhow::Result<Outcome> {
    let pipeline = Pipeline::start(&[]).await?;
    let watches = Watches::start(&pipeline).await?;
    tell(&pipeline.ingestion, &json!({"running": true, "rate": RATE})).await?;
    sleep(WARM_UP).await;
    let from = UnixMicros::now();
    sleep(MEASURED).await;
    let until = UnixMicros::now();
    settle(&pipeline.ingestion).await?;
    audit::quiet(&pipeline.services, LIMIT).await?;
    sleep(REST).await;
    let seen = watches.stop().await?;
    let commits = Commits::read(&pipeline.services).await?;
    pipeline.stop().await?;
    let samples = stages::attribute(&seen, &commits, from..until)?;
    ensure!(!samples.is_empty(), "no event was seen");
    Ok(outcome(&samples))
}

fn outcome(samples: &[Sample]) -> Outcome {
    let bars = [(0.5, 60.0), (0.99, 250.0)];
    let total = |q: f64| percentile(samples.iter().map(Sample::total), q);
    let mut figures: Vec<_> = bars
        .into_iter()
        .map(|(q, bound)| {
            let measure = format!(
                "created → on the wire at 10,000 events/s, p{:.0}",
                q * 100.0
            );
            Figure::new(measure, Unit::Milliseconds, total(q)).bar(Bar::AtMost(bound))
        })
        .collect();
    for (n, stage) in STAGES.iter().enumerate() {
        for q in [0.5, 0.99] {
            let value = percentile(samples.iter().map(|sample| sample.stages[n]), q);
            let measure = format!("created → on the wire, {stage}, p{:.0}", q * 100.0);
            figures.push(Figure::new(measure, Unit::Milliseconds, value));
        }
    }
    figures.into()
}
