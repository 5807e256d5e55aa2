//! What folding costs: the drain with it and without.

use std::process::Stdio;

use testkit::Program;
use tokio::process::Command;

use crate::{
    drain::{Consumers, drain},
    figure::{Bar, Figure, Outcome, Unit},
    publish,
    round::{Round, fresh},
};

const FLAG: &str = "--without-rollups";

pub(crate) async fn run(round: &mut Round) -> anyhow::Result<Outcome> {
    let measure = "rollup overhead: time added to the drain by folding";
    if !is_known().await? {
        let why = format!("this consumer has no {FLAG}");
        let figure = Figure::missing(measure, Unit::Percent, why);
        return Ok(vec![figure.bar(Bar::AtMost(20.0))].into());
    }
    let clean = round.clean().await?.drained;
    let source = fresh().await?;
    publish::publish(&source, round.events, &[]).await?;
    let consumers = Consumers {
        arguments: vec![FLAG.to_owned()],
        ..Consumers::default()
    };
    let bare = drain("drain without rollups", &source, &consumers, round.events).await?;
    println!("  {bare}");
    let overhead = (bare.rate / clean.rate - 1.0) * 100.0;
    let by_cpu = bare.by_cpu(&clean).map(|ratio| {
        let percent = (ratio - 1.0) * 100.0;
        Figure::new("rollup overhead, by CPU time", Unit::Percent, percent)
    });
    let mut figures = vec![
        Figure::new("drain without folding", Unit::EventsPerSecond, bare.rate),
        Figure::new(measure, Unit::Percent, overhead).bar(Bar::AtMost(20.0)),
    ];
    figures.extend(by_cpu);
    Ok(Outcome {
        figures,
        costs: bare.cost.into_iter().collect(),
    })
}

/// Whether the consumer that was built beside this program takes the flag.
async fn is_known() -> anyhow::Result<bool> {
    let program = std::env::current_exe()?.with_file_name(Program::Consumer.name());
    let status = Command::new(program)
        .args([FLAG, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await?;
    Ok(status.success())
}
