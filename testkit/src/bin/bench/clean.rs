//! The clean drain, beside the yardstick.

use crate::{
    capacity, copy, disk,
    drain::{Consumers, Drained, MIB, drain},
    figure::{Bar, Cost, Figure, Outcome, Unit},
    publish::{self, Published},
    round::{Round, fresh},
};

#[derive(Debug, Clone)]
pub(crate) struct Clean {
    pub(crate) published: Published,
    /// Rows per second of the yardstick.
    pub(crate) copy: f64,
    pub(crate) copy_cost: Option<Cost>,
    pub(crate) drained: Drained,
    /// Bytes on disk and in the write-ahead log, of one event.
    pub(crate) row_bytes: f64,
    pub(crate) log_bytes: f64,
    /// Of all rollups, once.
    pub(crate) rollup_bytes: f64,
}

pub(crate) async fn measure(events: u64) -> anyhow::Result<Clean> {
    let source = fresh().await?;
    let published = publish::publish(&source, events, &[]).await?;
    println!("  published {:.0}/s", published.rate);
    let (copy, copy_cost) = copy::copy(&source).await?;
    println!("  COPY {copy:.0}/s");
    let log_before = disk::log_position(&source).await?;
    let consumers = Consumers::default();
    let drained = drain(capacity::DRAIN, &source, &consumers, events).await?;
    println!("  {drained}");
    let log_bytes = disk::log_position(&source).await? - log_before;
    let (row_bytes, rollup_bytes) = disk::sizes(&source).await?;
    Ok(Clean {
        published,
        copy,
        copy_cost,
        drained,
        row_bytes: row_bytes / events as f64,
        log_bytes: log_bytes / events as f64,
        rollup_bytes,
    })
}

pub(crate) async fn run(round: &mut Round) -> anyhow::Result<Outcome> {
    let Clean {
        published,
        copy,
        copy_cost,
        drained,
        row_bytes,
        log_bytes,
        rollup_bytes,
    } = round.clean().await?;
    let figures = vec![
        Figure::new(
            "generator → stream, alone",
            Unit::EventsPerSecond,
            published.rate,
        )
        .bar(Bar::AtLeast(1_000_000.0)),
        Figure::new(
            "COPY BINARY of the same rows, one connection, one transaction",
            Unit::EventsPerSecond,
            copy,
        ),
        Figure::new(
            "drain: stream → stored, folded, acknowledged, trimmed",
            Unit::EventsPerSecond,
            drained.rate,
        ),
        Figure::new(
            "drain, as a share of COPY",
            Unit::Ratio,
            drained.rate / copy,
        )
        .bar(Bar::AtLeast(0.9)),
        Figure::new(
            "peak memory of `consumer`, draining",
            Unit::Mebibytes,
            drained.memory,
        )
        .largest()
        .bar(Bar::AtMost(200.0)),
        Figure::new(
            "peak memory of `ingestion`, publishing",
            Unit::Mebibytes,
            published.memory,
        )
        .largest()
        .bar(Bar::AtMost(100.0)),
        Figure::new(capacity::REDIS_BYTES, Unit::Bytes, published.event_bytes),
        Figure::new(capacity::DISK_BYTES, Unit::Bytes, row_bytes),
        Figure::new(capacity::WAL_BYTES, Unit::Bytes, log_bytes),
        Figure::new(
            "disk of the rollups after it",
            Unit::Mebibytes,
            rollup_bytes / MIB,
        ),
        Figure::new("events in a commit", Unit::Count, drained.commit_events),
    ];
    let costs = [published.cost, copy_cost, drained.cost];
    Ok(Outcome {
        figures,
        costs: costs.into_iter().flatten().collect(),
    })
}
