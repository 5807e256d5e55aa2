//! Drains of streams that are harder than the clean one.

use crate::{
    drain::{Consumers, Drained, drain},
    figure::{Bar, Figure, Outcome, Unit},
    preload::{Entries, Pages, preload},
    publish,
    round::{Round, fresh},
};

pub(crate) async fn duplicates(round: &mut Round) -> anyhow::Result<Outcome> {
    let drained = faulty(round, "drain, 1 % duplicates", ["--duplicates", "0.01"]).await?;
    share(round, drained, "1 % duplicates", 0.85).await
}

pub(crate) async fn poison(round: &mut Round) -> anyhow::Result<Outcome> {
    let phase = "drain, 1 poison in 5,000";
    let drained = faulty(round, phase, ["--malformed", "0.0002"]).await?;
    share(round, drained, "1 poison in 5,000", 0.9).await
}

pub(crate) async fn pages(round: &mut Round) -> anyhow::Result<Outcome> {
    let source = fresh().await?;
    let pages = Pages::Distinct(100_000);
    preload(&source, round.events, Entries::Batches, pages).await?;
    let phase = "drain, 100,000 pages";
    let drained = drain(phase, &source, &Consumers::default(), round.events).await?;
    let memory = Figure::new(
        "peak memory of `consumer`, 100,000 distinct pages",
        Unit::Mebibytes,
        drained.memory,
    );
    let mut outcome = share(round, drained, "100,000 distinct pages", 0.7).await?;
    outcome
        .figures
        .push(memory.largest().bar(Bar::AtMost(200.0)));
    Ok(outcome)
}

async fn faulty(round: &Round, phase: &str, fault: [&str; 2]) -> anyhow::Result<Drained> {
    let source = fresh().await?;
    publish::publish(&source, round.events, &fault).await?;
    drain(phase, &source, &Consumers::default(), round.events).await
}

async fn share(
    round: &mut Round,
    drained: Drained,
    what: &str,
    bar: f64,
) -> anyhow::Result<Outcome> {
    println!("  {drained}");
    let clean = round.clean().await?.drained;
    let measure = format!("{what}, as a share of the clean drain");
    let by_cpu = drained.by_cpu(&clean);
    let by_cpu =
        by_cpu.map(|share| Figure::new(format!("{measure}, by CPU time"), Unit::Ratio, share));
    let share = Figure::new(&measure, Unit::Ratio, drained.rate / clean.rate);
    let mut figures = vec![share.bar(Bar::AtLeast(bar))];
    figures.extend(by_cpu);
    Ok(Outcome {
        figures,
        costs: drained.cost.into_iter().collect(),
    })
}
