//! The clean drain, beside the yardstick.

use crate::{
    copy,
    drain::{Consumers, Drained, drain},
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
}

pub(crate) async fn measure(events: u64) -> anyhow::Result<Clean> {
    let source = fresh().await?;
    let published = publish::publish(&source, events, &[]).await?;
    println!("  published {:.0}/s", published.rate);
    let (copy, copy_cost) = copy::copy(&source).await?;
    println!("  COPY {copy:.0}/s");
    let drained = drain("drain", &source, &Consumers::default(), events).await?;
    println!("  {drained}");
    Ok(Clean {
        published,
        copy,
        copy_cost,
        drained,
    })
}

pub(crate) async fn run(round: &mut Round) -> anyhow::Result<Outcome> {
    let Clean {
        published,
        copy,
        copy_cost,
        drained,
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
        Figure::new(
            "Redis memory of an event in a batch entry",
            Unit::Bytes,
            published.event_bytes,
        ),
        Figure::new("events in a commit", Unit::Count, drained.commit_events),
    ];
    let costs = [published.cost, copy_cost, drained.cost];
    Ok(Outcome {
        figures,
        costs: costs.into_iter().flatten().collect(),
    })
}
