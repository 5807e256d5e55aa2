//! One lane, two lanes, two processes; and whether they wait for each other.

use crate::{
    capacity,
    drain::{Consumers, Drained},
    figure::{Bar, Figure, Outcome, Unit},
    publish,
    round::{Round, fresh},
    waits,
};

pub(crate) async fn lanes(round: &mut Round) -> anyhow::Result<Outcome> {
    let clean = round.clean().await?.drained.rate;
    let one = measure(round, capacity::ONE_LANE, 1, 1).await?;
    let measure = "two lanes, as a multiple of one lane";
    Ok(Outcome {
        figures: vec![
            Figure::new(capacity::ONE_LANE, Unit::EventsPerSecond, one.drained.rate),
            Figure::new(measure, Unit::Ratio, clean / one.drained.rate),
        ],
        costs: one.drained.cost.into_iter().collect(),
    })
}

pub(crate) async fn processes(round: &mut Round) -> anyhow::Result<Outcome> {
    let one = measure(round, "drain, one process of two lanes", 1, 2).await?;
    let two = measure(round, "drain, two processes of one lane", 2, 1).await?;
    let locks = |lanes: &Lanes| lanes.waits.share_of("Lock");
    let figures = vec![
        Figure::new(
            "two processes of one lane, as a multiple of one process of two lanes",
            Unit::Ratio,
            two.drained.rate / one.drained.rate,
        ),
        Figure::new(
            "two lanes: share of the samples of active sessions that wait for a lock",
            Unit::Percent,
            locks(&one),
        )
        .bar(Bar::AtMost(1.0))
        .note(one.waits.to_string()),
        Figure::new(
            "two processes: share of the samples of active sessions that wait for a lock",
            Unit::Percent,
            locks(&two),
        )
        .bar(Bar::AtMost(1.0))
        .note(two.waits.to_string()),
    ];
    let costs = [one, two].map(|lanes| lanes.drained.cost);
    Ok(Outcome {
        figures,
        costs: costs.into_iter().flatten().collect(),
    })
}

struct Lanes {
    drained: Drained,
    waits: waits::Waits,
}

async fn measure(
    round: &Round,
    phase: &str,
    processes: usize,
    lanes: usize,
) -> anyhow::Result<Lanes> {
    let source = fresh().await?;
    publish::publish(&source, round.events, &[]).await?;
    let consumers = Consumers {
        processes,
        lanes,
        ..Consumers::default()
    };
    let (drained, waits) = waits::during(&source, phase, &consumers, round.events).await?;
    println!("  {drained}; {waits}");
    Ok(Lanes { drained, waits })
}
