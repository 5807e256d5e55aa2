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
    let clean = round.clean().await?;
    let figures = bars(&clean).into_iter().chain(others(&clean)).collect();
    let costs = [clean.published.cost, clean.copy_cost, clean.drained.cost];
    Ok(Outcome {
        figures,
        costs: costs.into_iter().flatten().collect(),
    })
}

fn bars(clean: &Clean) -> [Figure; 4] {
    let (published, drained) = (&clean.published, &clean.drained);
    let share = drained.rate / clean.copy;
    let rate = Figure::new(
        "generator → stream, alone",
        Unit::EventsPerSecond,
        published.rate,
    );
    let consumer = "peak memory of `consumer`, draining";
    let ingestion = "peak memory of `ingestion`, publishing";
    [
        rate.bar(Bar::AtLeast(1_000_000.0)),
        Figure::new("drain, as a share of COPY", Unit::Ratio, share).bar(Bar::AtLeast(0.9)),
        Figure::new(consumer, Unit::Mebibytes, drained.memory)
            .largest()
            .bar(Bar::AtMost(200.0)),
        Figure::new(ingestion, Unit::Mebibytes, published.memory)
            .largest()
            .bar(Bar::AtMost(100.0)),
    ]
}

fn others(clean: &Clean) -> [Figure; 9] {
    let drained = &clean.drained;
    let rollups = clean.rollup_bytes / MIB;
    [
        (
            "COPY BINARY of the same rows, one connection, one transaction",
            Unit::EventsPerSecond,
            clean.copy,
        ),
        (
            "drain: stream → stored, folded, acknowledged, trimmed",
            Unit::EventsPerSecond,
            drained.rate,
        ),
        (
            capacity::REDIS_BYTES,
            Unit::Bytes,
            clean.published.event_bytes,
        ),
        (capacity::DISK_BYTES, Unit::Bytes, clean.row_bytes),
        (capacity::WAL_BYTES, Unit::Bytes, clean.log_bytes),
        (
            "disk of the rollups after the drain",
            Unit::Mebibytes,
            rollups,
        ),
        ("events per commit", Unit::Count, drained.commit_events),
        (
            "lane time per event: decoding, encoding the row",
            Unit::MicrosPerEvent,
            drained.decoding,
        ),
        (
            "lane time per event: folding, the transaction",
            Unit::MicrosPerEvent,
            drained.writing,
        ),
    ]
    .map(|(measure, unit, sample)| Figure::new(measure, unit, sample))
}
