//! Whether the drain stays as fast while the table grows.

use std::time::Instant;

use consumer::decode::COLUMNS;
use testkit::Services;

use crate::{
    disk,
    drain::{Consumers, drain},
    figure::{Bar, Figure, Outcome, Unit, thousands},
    publish, quiet,
    round::{Round, fresh},
};

/// Stored rows, in millions of the data set's.
const SIZES: [u64; 3] = [1, 10, 50];
/// Drains at each size; the median counts.
const DRAINS: usize = 3;
/// Days over which the rows are spread.
const DAYS: u64 = 10;
/// Disk space for rows, index and write-ahead log.
const BYTES_PER_ROW: u64 = 600;
const LOADERS: u64 = 2;

pub(crate) async fn run(round: &mut Round) -> anyhow::Result<Outcome> {
    let source = fresh().await?;
    let need = SIZES[SIZES.len() - 1] * round.events * BYTES_PER_ROW;
    if let Some(why) = disk::lacks(&source, need).await? {
        let name = |size: &u64| name(*size, round.events);
        let missing = |size| Figure::missing(name(size), Unit::Ratio, &why).bar(BAR);
        let figures: Vec<_> = SIZES[1..].iter().map(missing).collect();
        return Ok(figures.into());
    }
    let mut outcome = Outcome::default();
    let mut first = None;
    let mut stored = 0;
    for size in SIZES {
        stored = load(&source, round.events, stored, size).await?;
        let rate = median_drain(&source, round.events, size, &mut outcome).await?;
        stored += DRAINS as u64;
        let measure = format!("drain at {} stored rows", rows(size, round.events));
        let figure = Figure::new(measure, Unit::EventsPerSecond, rate);
        outcome.figures.push(figure);
        let base = *first.get_or_insert(rate);
        if size > SIZES[0] {
            let figure = Figure::new(name(size, round.events), Unit::Ratio, rate / base);
            outcome.figures.push(figure.bar(BAR));
        }
    }
    Ok(outcome)
}

const BAR: Bar = Bar::AtLeast(0.85);

fn name(size: u64, events: u64) -> String {
    let (many, few) = (rows(size, events), rows(SIZES[0], events));
    format!("drain at {many} stored rows, as a share of that at {few}")
}

fn rows(size: u64, events: u64) -> String {
    thousands((size * events) as f64)
}

async fn median_drain(
    source: &Services,
    events: u64,
    size: u64,
    outcome: &mut Outcome,
) -> anyhow::Result<f64> {
    let mut rates = Vec::new();
    for _ in 0..DRAINS {
        publish::publish(source, events, &[]).await?;
        let phase = format!("drain at {} rows", rows(size, events));
        let drained = drain(&phase, source, &Consumers::default(), events).await?;
        println!("  {drained}");
        rates.push(drained.rate);
        if rates.len() == DRAINS {
            outcome.costs.extend(drained.cost);
        }
    }
    rates.sort_by(f64::total_cmp);
    Ok(rates[DRAINS / 2])
}

/// Brings the table from `stored` to `size` times the data set. The first comes through the
/// pipeline; the others are copies of its rows, moved in time so that they are unique, and
/// spread over the days.
async fn load(source: &Services, events: u64, stored: u64, size: u64) -> anyhow::Result<u64> {
    let started = Instant::now();
    if stored == 0 {
        publish::publish(source, events, &[]).await?;
        drain("load", source, &Consumers::default(), events).await?;
        let keep = "CREATE UNLOGGED TABLE first_rows AS SELECT * FROM events";
        source.db().await.batch_execute(keep).await?;
        return Ok(1);
    }
    let loaders = (0..LOADERS).map(async |loader| -> anyhow::Result<()> {
        let db = source.db().await;
        db.batch_execute("SET synchronous_commit = off").await?;
        for copy in (stored..size).filter(|copy| copy % LOADERS == loader) {
            db.batch_execute(&copy_of(copy)).await?;
        }
        Ok(())
    });
    futures_util::future::try_join_all(loaders).await?;
    // Else autovacuum would do it while the drain is measured.
    source
        .db()
        .await
        .batch_execute("VACUUM (ANALYZE) events")
        .await?;
    quiet::wait(source).await?;
    println!(
        "  loaded {} rows in {:?}",
        rows(size - stored, events),
        started.elapsed()
    );
    Ok(size)
}

fn copy_of(copy: u64) -> String {
    let (days, minutes) = (copy % DAYS, copy / DAYS * 10);
    let moved = format!("occurred_at - make_interval(days => {days}, mins => {minutes})");
    let values = COLUMNS.replacen("occurred_at", &moved, 1);
    format!("INSERT INTO events ({COLUMNS}) SELECT {values} FROM first_rows")
}
