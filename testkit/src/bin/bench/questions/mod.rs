//! How fast queries over a year of events are answered, beside a plain server that queries the raw
//! table.

mod asked;
mod express;
mod load;
mod year;

use anyhow::ensure;

use crate::{
    disk,
    drain::MIB,
    figure::{Bar, Figure, Outcome, Unit},
    latency::percentile,
    pipeline::Pipeline,
};
use asked::{Asker, questions};

/// Questions of each range.
const QUESTIONS: usize = 400;
/// Asked before, so that connections, plans and what is kept are as after a minute's use.
const WARM_UP: usize = 20;
/// Days, their name, and what 99 of 100 answers may take, milliseconds.
const RANGES: [(i64, &str, f64); 3] = [
    (1, "the last 24 hours", 20.0),
    (90, "90 days", 60.0),
    (365, "a year", 200.0),
];

pub(crate) async fn run() -> anyhow::Result<Outcome> {
    let mut pipeline = Pipeline::start(&[]).await?;
    if let Some(why) = disk::lacks(&pipeline.services, year::BYTES_NEEDED).await? {
        let missing = |(_, name, most): (i64, &str, f64)| {
            Figure::missing(measure(name, 0.99), Unit::Milliseconds, &why).bar(Bar::AtMost(most))
        };
        return Ok(Vec::from(RANGES.map(missing)).into());
    }
    let stored = year::fill(&mut pipeline).await?;
    let mut asker = Asker::connect(pipeline.api.port).await?;
    agree(&mut asker, stored).await?;
    let mut figures = Vec::new();
    let mut day = 0.0;
    for (days, name, most) in RANGES {
        let took = ask_all(&mut asker, &questions(days, QUESTIONS)).await?;
        let of = |q| percentile(took.iter().copied(), q);
        if days == 1 {
            day = of(0.5);
        }
        figures.push(Figure::new(measure(name, 0.5), Unit::Milliseconds, of(0.5)));
        let figure = Figure::new(measure(name, 0.99), Unit::Milliseconds, of(0.99));
        figures.push(figure.bar(Bar::AtMost(most)));
    }
    figures.extend(load::figures(pipeline.api.port).await?);
    let memory = pipeline.api.peak_memory()? as f64 / MIB;
    let name = "peak memory of `api`, answering queries";
    figures.push(Figure::new(name, Unit::Mebibytes, memory).largest());
    figures.extend(express::figures(&pipeline.services, day).await?);
    pipeline.stop_but_consumer().await?;
    Ok(figures.into())
}

fn measure(range: &str, q: f64) -> String {
    format!("query over {range}, a year stored, p{:.0}", q * 100.0)
}

async fn ask_all(asker: &mut Asker, questions: &[String]) -> anyhow::Result<Vec<f64>> {
    let mut took = Vec::new();
    for question in questions {
        took.push(asker.ask(question).await?.1);
    }
    Ok(took.split_off(WARM_UP))
}

/// All tiers together hold what the raw table holds: else the figures would mean nothing.
async fn agree(asker: &mut Asker, stored: u64) -> anyhow::Result<()> {
    let all = "/api/v1/metrics/summary?from=now-380d&tz=Asia/Kolkata";
    let counted = asker.ask(all).await?.0["data"]["events"].as_u64();
    ensure!(
        counted == Some(stored),
        "{stored} events are stored, the api counts {counted:?}"
    );
    Ok(())
}
