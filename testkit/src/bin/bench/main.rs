//! `make bench`: how fast the pipeline is, beside the database's own COPY, in one run.

mod copy;
mod drain;
mod publish;
mod report;

use clap::Parser;

/// Measures the pipeline on the services of this checkout and writes docs/BENCHMARKS.md.
#[derive(Debug, Parser)]
struct Arguments {
    /// Events in the data set.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Times each figure is taken; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Print only, and leave docs/BENCHMARKS.md as it is.
    #[arg(long)]
    dry_run: bool,
}

/// What one round has measured.
#[derive(Debug, Clone, Default)]
struct Round {
    publish: f64,
    ingestion_memory: u64,
    event_bytes: f64,
    copy: f64,
    drain: f64,
    consumer_memory: u64,
    commits: i64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut rounds = Vec::new();
    for number in 1..=arguments.rounds.max(1) {
        let mut round = Round::default();
        let source = publish::publish(arguments.events, &mut round).await?;
        copy::copy(&source, &mut round).await?;
        drain::drain(&source, arguments.events, &mut round).await?;
        println!("{}", report::line(number, &round));
        rounds.push(round);
    }
    let text = report::report(&rounds, arguments.events).await?;
    println!("\n{text}");
    if !arguments.dry_run {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/BENCHMARKS.md");
        std::fs::write(path, text)?;
    }
    Ok(())
}
