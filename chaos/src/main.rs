//! `make chaos`: breaks what the pipeline stands on, and proves that every event is still
//! counted once.

mod audit;
mod fault;
mod http;
mod load;
mod mixed;
mod peak;
#[cfg(test)]
mod promises;
mod proxy;
mod report;
mod run;
mod scenario;
mod scenarios;
mod servers;
mod stage;
mod verdict;
mod watch;

use std::{
    fs,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use clap::Parser;
use futures_util::{StreamExt as _, stream};
use testkit::told_to_stop;

use report::Report;
use run::{Outcome, Runner};
use scenario::Scenario;
use servers::{Programs, Template};
use stage::Machinery;

/// Runs the daemons on servers of their own, breaks things, heals them, and audits.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only scenarios whose names contain one of these words, separated by commas.
    #[arg(long, value_delimiter = ',')]
    scenario: Vec<String>,
    /// Seeds of everything random; 1, 2 and 3 by default.
    #[arg(long, value_delimiter = ',')]
    seed: Vec<u64>,
    /// Scenarios run at once: most of them wait most of the time.
    #[arg(long, default_value_t = 6)]
    jobs: usize,
    /// Instead of scenarios, several faults at once, drawn from the seed, for this many seconds.
    #[arg(long)]
    mixed: Option<u64>,
    /// Only the short set, one seed and fewer events: part of `make test`.
    #[arg(long)]
    short: bool,
    /// Events of each run, instead of the scenario's own number.
    #[arg(long)]
    events: Option<u64>,
    /// Don't fail where scenarios had to be skipped, as where no file system can be mounted.
    #[arg(long)]
    allow_skips: bool,
    /// Keep the folders of all runs.
    #[arg(long)]
    keep: bool,
    /// List the scenarios and what they prove.
    #[arg(long)]
    list: bool,
}

const SHORT_EVENTS: u64 = 20_000;
/// Seconds from which on the mixed mode is a soak that is written down.
const LONG: u64 = 600;

// More threads than audits at once, which compute for seconds: the proxies go on meanwhile.
#[tokio::main(worker_threads = 16)]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list {
        for scenario in scenarios::all() {
            println!("{:<44} {}", scenario.name, scenario.proves);
        }
        return ExitCode::SUCCESS;
    }
    let outcome = tokio::select! {
        outcome = run(&arguments) => outcome,
        stopped = told_to_stop() => stopped.map(|()| false).map_err(Into::into),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("chaos: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Removes what was only needed meanwhile, also when we are told to stop.
struct Cleaner(Vec<PathBuf>);

impl Drop for Cleaner {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = fs::remove_dir_all(path).or_else(|_| fs::remove_file(path));
        }
    }
}

/// Whether every promise was kept.
async fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let chosen = choose(arguments)?;
    let seeds = match arguments.seed.as_slice() {
        [] if arguments.short || arguments.mixed.is_some() => vec![1],
        [] => vec![1, 2, 3],
        given => given.to_vec(),
    };
    let machinery = prepare().await?;
    let _cleaner = Cleaner(vec![
        machinery.template.folder.clone(),
        machinery.template.folder.with_extension("log"),
    ]);
    let report = Report::begin(&machinery);
    report.heading();
    let runner = Arc::new(Runner {
        machinery,
        events: arguments.events.or(arguments.short.then_some(SHORT_EVENTS)),
        keeps: arguments.keep,
    });
    let started = Instant::now();
    let runs = seeds
        .iter()
        .flat_map(|seed| chosen.iter().map(|scenario| (scenario.clone(), *seed)));
    let mut running = stream::iter(runs)
        .map(|(scenario, seed)| {
            let runner = runner.clone();
            tokio::spawn(async move { runner.run(scenario, seed).await })
        })
        .buffer_unordered(arguments.jobs.max(1));
    let mut outcomes: Vec<Outcome> = Vec::new();
    while let Some(outcome) = running.next().await {
        let outcome = outcome.context("a run broke")?;
        report.row(&outcome);
        outcomes.push(outcome);
    }
    // Folders of failed runs stay, and with them this one.
    let _ = fs::remove_dir(&runner.machinery.runs);
    let is_whole = arguments.scenario.is_empty() && arguments.mixed.is_none() && !arguments.short;
    let agrees = report.conclude(&outcomes, started.elapsed(), arguments.allow_skips);
    if is_whole && seeds.len() >= 3 {
        report.write(&outcomes, started.elapsed())?;
    }
    if let Some(seconds) = arguments.mixed
        && seconds >= LONG
    {
        report.write_soak(&outcomes, Duration::from_secs(seconds))?;
    }
    Ok(agrees)
}

fn choose(arguments: &Arguments) -> anyhow::Result<Vec<Scenario>> {
    if let Some(seconds) = arguments.mixed {
        return Ok(vec![mixed::scenario(seconds)]);
    }
    let mut chosen = scenarios::all();
    let words = &arguments.scenario;
    chosen.retain(|scenario| {
        let named = words.is_empty() || words.iter().any(|word| scenario.name.contains(&**word));
        named && (!arguments.short || scenario.is_short)
    });
    ensure!(!chosen.is_empty(), "no scenario of that name; see --list");
    Ok(chosen)
}

async fn prepare() -> anyhow::Result<Arc<Machinery>> {
    let programs = Programs::find().await?;
    let template = Template::make(&programs).await?;
    let runs = programs.folder.join(format!("runs-{}", std::process::id()));
    Ok(Arc::new(Machinery {
        programs,
        template,
        runs,
    }))
}
