//! Entries of one event, as other programs write them.

use crate::{
    drain::{Consumers, Drained, drain},
    figure::{Figure, Outcome, Unit},
    preload::{Entries, Pages, preload},
    publish::stream_bytes,
    round::{Round, fresh},
};

#[derive(Debug, Clone)]
pub(crate) struct Singles {
    /// Redis memory of an entry.
    entry_bytes: f64,
    pub(crate) drained: Drained,
}

/// Half of the data set: it takes long to write.
pub(crate) async fn measure(events: u64) -> anyhow::Result<Singles> {
    let events = events / 2;
    let source = fresh().await?;
    preload(&source, events, Entries::Single, Pages::Usual).await?;
    let entry_bytes = stream_bytes(&source).await? / events as f64;
    let phase = "drain, single-event entries";
    let drained = drain(phase, &source, &Consumers::default(), events).await?;
    println!("  {drained}");
    Ok(Singles {
        entry_bytes,
        drained,
    })
}

pub(crate) async fn run(round: &mut Round) -> anyhow::Result<Outcome> {
    let clean = round.clean().await?.drained.rate;
    let Singles {
        entry_bytes,
        drained,
    } = round.singles().await?;
    let figures = vec![
        Figure::new(
            "drain from single-event entries",
            Unit::EventsPerSecond,
            drained.rate,
        ),
        Figure::new(
            "drain from single-event entries, as a share of the clean drain",
            Unit::Ratio,
            drained.rate / clean,
        ),
        Figure::new(
            "Redis memory of a single-event entry",
            Unit::Bytes,
            entry_bytes,
        ),
    ];
    Ok(Outcome {
        figures,
        costs: drained.cost.into_iter().collect(),
    })
}
