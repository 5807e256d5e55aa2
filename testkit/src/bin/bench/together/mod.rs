//! Everything at once: the generator flat out against consumer and api, with queries meanwhile.

mod load;
mod queries;
mod verdict;

use std::time::Duration;

use testkit::Program;

use crate::{
    drain::MIB,
    figure::{Bar, Figure, Outcome, Unit},
    latency::percentile,
    pipeline::{Pipeline, settle},
};
use load::Load;

/// Events that may be in the stream: some seconds of the consumer's work.
const BACKLOG: u64 = 500_000;
const GIB: f64 = 1024.0 * MIB;
const SOAK: &str = "soak, 10 min";
/// How large the table may grow in the soak, which would need more than most disks have.
const SOAKED_BYTES: f64 = 16.0 * GIB;

/// For `seconds`, then the audit.
pub(crate) async fn run(seconds: u64) -> anyhow::Result<Outcome> {
    let all = format!("everything at once, {seconds} s");
    let backlog = BACKLOG.to_string();
    let mut pipeline = Pipeline::start(&[("BACKLOG_MAX_EVENTS", &backlog)]).await?;
    let storing_history = load::history(&mut pipeline).await?;
    load::flat_out(&pipeline).await?;
    let asked = queries::Asking::start(&pipeline);
    let load = Load::watch(&mut pipeline, Duration::from_secs(seconds), None).await?;
    let mut figures = speed(&load, &all);
    figures.extend(asked.stop(&all).await?);
    figures.extend(memory(&mut pipeline, &all)?);
    let measure = format!("{all}: peak memory of `consumer`, while storing 24 hours of history");
    figures.push(Figure::new(measure, Unit::Mebibytes, storing_history).largest());
    let generator = settle(&pipeline.ingestion).await?;
    figures.push(verdict::audit(&pipeline, &generator, &all).await?);
    pipeline.stop().await?;
    Ok(figures.into())
}

fn speed(load: &Load, all: &str) -> Vec<Figure> {
    let share = |q| percentile(load.backlog.iter().copied(), q) / BACKLOG as f64;
    let rate = load.stored.iter().sum::<f64>() / load.stored.len().max(1) as f64;
    let slowest = percentile(load.stored.iter().copied(), 0.05);
    vec![
        Figure::new(format!("{all}: stored"), Unit::EventsPerSecond, rate)
            .bar(Bar::AtLeast(250_000.0)),
        Figure::new(
            format!("{all}: stored, 5th percentile of the seconds"),
            Unit::EventsPerSecond,
            slowest,
        ),
        Figure::new(
            format!("{all}: highest backlog, as a share of its bound"),
            Unit::Ratio,
            share(1.0),
        )
        .bar(Bar::AtMost(1.05)),
        Figure::new(
            format!("{all}: 5th percentile of the backlog, as a share of its bound"),
            Unit::Ratio,
            share(0.05),
        )
        .bar(Bar::AtLeast(0.5)),
    ]
}

fn memory(pipeline: &mut Pipeline, run: &str) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for daemon in pipeline.daemons() {
        let name = daemon.program.name();
        let peak = daemon.peak_memory()? as f64 / MIB;
        let measure = format!("{run}: peak memory of `{name}`");
        let figure = Figure::new(measure, Unit::Mebibytes, peak).largest();
        figures.push(match daemon.program {
            Program::Consumer => figure.bar(Bar::AtMost(200.0)),
            Program::Ingestion => figure.bar(Bar::AtMost(100.0)),
            Program::Api => figure,
        });
    }
    Ok(figures)
}

/// Ten minutes of the same load: does memory grow, does it get slower?
pub(crate) async fn soak() -> anyhow::Result<Outcome> {
    const LASTS: Duration = Duration::from_secs(600);
    let backlog = BACKLOG.to_string();
    let mut pipeline = Pipeline::start(&[("BACKLOG_MAX_EVENTS", &backlog)]).await?;
    load::flat_out(&pipeline).await?;
    let load = Load::watch(&mut pipeline, LASTS, Some(SOAKED_BYTES)).await?;
    let mut figures = memory(&mut pipeline, SOAK)?;
    for (program, resident) in &load.resident {
        let name = program.name();
        let measure = format!("{SOAK}: growth of `{name}`'s memory, minutes 9–10 against 3–4");
        let grown = growth(resident);
        figures.push(Figure::new(measure, Unit::Percent, grown).bar(Bar::AtMost(10.0)));
    }
    let measure = format!("{SOAK}: drop of the rate stored, minutes 9–10 against 3–4");
    let slower = -growth(&load.stored);
    figures.push(Figure::new(measure, Unit::Percent, slower).bar(Bar::AtMost(10.0)));
    settle(&pipeline.ingestion).await?;
    pipeline.stop().await?;
    Ok(figures.into())
}

/// Percent by which the median of the last fifth is above that of the second fifth.
fn growth(samples: &[f64]) -> f64 {
    let fifth = samples.len() / 5;
    let median = |from: usize| percentile(samples.iter().skip(from).take(fifth).copied(), 0.5);
    (median(samples.len() - fifth) / median(fifth) - 1.0) * 100.0
}
