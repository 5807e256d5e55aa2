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
/// What the table may hold in the soak, which else would need more than most disks have.
const SOAKED_BYTES: f64 = 16.0 * GIB;

/// For `seconds`, then the audit.
pub(crate) async fn run(seconds: u64) -> anyhow::Result<Outcome> {
    let backlog = BACKLOG.to_string();
    let mut pipeline = Pipeline::start(&[("BACKLOG_MAX_EVENTS", &backlog)]).await?;
    let storing_history = load::history(&mut pipeline).await?;
    load::flat_out(&pipeline).await?;
    let asked = queries::Asking::start(&pipeline);
    let load = Load::watch(&mut pipeline, Duration::from_secs(seconds), None).await?;
    let mut figures = speed(&load, seconds);
    figures.extend(asked.stop().await?);
    figures.extend(memory(&mut pipeline)?);
    let measure = "peak memory of `consumer`, storing events of 24 hours at once";
    figures.push(Figure::new(measure, Unit::Mebibytes, storing_history).largest());
    let generator = settle(&pipeline.ingestion).await?;
    figures.push(verdict::audit(&pipeline, &generator, seconds).await?);
    pipeline.stop().await?;
    Ok(figures.into())
}

fn speed(load: &Load, seconds: u64) -> Vec<Figure> {
    let share = |q| percentile(load.backlog.iter().copied(), q) / BACKLOG as f64;
    let rate = load.stored.iter().sum::<f64>() / load.stored.len().max(1) as f64;
    let slowest = percentile(load.stored.iter().copied(), 0.05);
    let all = format!("everything at once, {seconds} s");
    vec![
        Figure::new(format!("{all}: stored"), Unit::EventsPerSecond, rate)
            .bar(Bar::AtLeast(250_000.0)),
        Figure::new(
            format!("{all}: 5 % of the seconds stored fewer than"),
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
            format!("{all}: backlog in 95 % of the time at least"),
            Unit::Ratio,
            share(0.05),
        )
        .bar(Bar::AtLeast(0.5)),
    ]
}

fn memory(pipeline: &mut Pipeline) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for daemon in pipeline.daemons() {
        let name = daemon.program.name();
        let peak = daemon.peak_memory()? as f64 / MIB;
        let measure = format!("peak memory of `{name}`, everything at once");
        let figure = Figure::new(measure, Unit::Mebibytes, peak).largest();
        figures.push(match daemon.program {
            Program::Consumer => figure.bar(Bar::AtMost(200.0)),
            Program::Ingestion => figure.bar(Bar::AtMost(100.0)),
            Program::Api => figure,
        });
    }
    Ok(figures)
}

/// The same for ten minutes: does anything grow, does it get slower?
pub(crate) async fn soak() -> anyhow::Result<Outcome> {
    const LASTS: Duration = Duration::from_secs(600);
    let backlog = BACKLOG.to_string();
    let mut pipeline = Pipeline::start(&[("BACKLOG_MAX_EVENTS", &backlog)]).await?;
    load::flat_out(&pipeline).await?;
    let load = Load::watch(&mut pipeline, LASTS, Some(SOAKED_BYTES)).await?;
    let mut figures = memory(&mut pipeline)?;
    for (program, resident) in &load.resident {
        let measure = format!("`{}` after ten minutes against after two", program.name());
        let grown = growth(resident);
        figures.push(Figure::new(measure, Unit::Percent, grown).bar(Bar::AtMost(10.0)));
    }
    let measure = "stored in the last two minutes against the second two, less";
    let slower = -growth(&load.stored);
    figures.push(Figure::new(measure, Unit::Percent, slower).bar(Bar::AtMost(10.0)));
    settle(&pipeline.ingestion).await?;
    pipeline.stop().await?;
    Ok(figures.into())
}

/// Percent by which the median of the last fifth is above that of the second.
fn growth(samples: &[f64]) -> f64 {
    let fifth = samples.len() / 5;
    let median = |from: usize| percentile(samples.iter().skip(from).take(fifth).copied(), 0.5);
    (median(samples.len() - fifth) / median(fifth) - 1.0) * 100.0
}
