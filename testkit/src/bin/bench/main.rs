//! `make bench`: how fast the pipeline is, beside the database's own COPY, in one run.

mod capacity;
mod clean;
mod collector;
mod copy;
mod cpu;
mod disk;
mod drain;
mod figure;
mod growth;
mod lanes;
mod latency;
mod machine;
mod micro;
mod node;
mod peer;
mod pipeline;
mod preload;
mod publish;
mod questions;
mod quiet;
mod rates;
mod report;
mod rollups;
mod round;
mod scenario;
mod singles;
mod sockets;
mod store;
mod together;
mod variants;
mod waits;
mod wrk;

use std::{collections::BTreeMap, process::ExitCode};

use clap::{Parser, ValueEnum as _};

use crate::{figure::Outcome, machine::Machine, round::Round, scenario::Scenario, store::Store};

/// Measures the pipeline on the services of this checkout and writes docs/BENCHMARKS.md.
///
/// Figures of scenarios that don't run stay as they are.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure; by default the standard set.
    #[arg(hide_possible_values = true)]
    scenarios: Vec<Scenario>,
    /// Prints the scenarios and exits. Those of the standard set are marked.
    #[arg(long)]
    list: bool,
    /// Events in the data set.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// How often each figure is measured; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Measure nothing: write docs/BENCHMARKS.md again from docs/benchmarks.json.
    #[arg(long)]
    render: bool,
    /// Print only, and leave docs/ as it is.
    #[arg(long)]
    dry_run: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.render {
        report::save(&Store::load()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.list {
        for scenario in Scenario::value_variants() {
            let mark = if scenario.is_standard() { '*' } else { ' ' };
            println!("{mark} {:<14} {}", scenario.name(), scenario.method());
        }
        return Ok(ExitCode::SUCCESS);
    }
    let standard = || {
        Scenario::value_variants()
            .iter()
            .copied()
            .filter(|s| s.is_standard())
    };
    let mut scenarios = arguments.scenarios.clone();
    if scenarios.is_empty() {
        scenarios.extend(standard());
    }
    scenarios.sort_unstable();
    scenarios.dedup();

    let measured = measure(&scenarios, &arguments).await;
    for outcome in measured.values().flatten() {
        outcome
            .figures
            .iter()
            .for_each(|figure| println!("{figure}"));
    }
    if !arguments.dry_run {
        save(&measured, &arguments).await?;
    }
    let has_failed = measured.values().any(Option::is_none);
    Ok(if has_failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// `None` for a scenario that failed. The others go on.
type Measured = BTreeMap<Scenario, Option<Outcome>>;

async fn measure(scenarios: &[Scenario], arguments: &Arguments) -> Measured {
    let mut measured: Measured = scenarios
        .iter()
        .map(|scenario| (*scenario, Some(Outcome::default())))
        .collect();
    for number in 1..=arguments.rounds.max(1) {
        let mut round = Round::new(arguments.events);
        for (scenario, outcome) in &mut measured {
            let Some(sum) = outcome else { continue };
            if number > scenario.max_rounds() {
                continue;
            }
            println!("round {number}: {}", scenario.name());
            match Box::pin(scenario.run(&mut round)).await {
                Ok(once) => sum.add(once),
                Err(error) => {
                    eprintln!("bench: {} failed: {error:#}", scenario.name());
                    *outcome = None;
                }
            }
        }
    }
    measured
}

async fn save(measured: &Measured, arguments: &Arguments) -> anyhow::Result<()> {
    let machine = Machine::this().await?;
    let mut store = Store::load()?;
    for (scenario, outcome) in measured {
        let Some(outcome) = outcome else { continue };
        let rounds = arguments.rounds.clamp(1, scenario.max_rounds());
        let (machine, outcome) = (machine.clone(), outcome.clone());
        store.put(*scenario, arguments.events, rounds, machine, outcome);
    }
    store.save()?;
    report::save(&store)
}
