//! `make demo` and `make up`: the three daemons on real services, watched and audited.

mod audit;
mod stage;
mod status;
mod table;

use std::{io::IsTerminal as _, process::ExitCode, time::Duration};

use clap::Parser;
use stage::Stage;
use testkit::told_to_stop;

/// Runs the pipeline, generates events with faults mixed in, and proves every number.
#[derive(Debug, Parser)]
struct Arguments {
    /// Seconds to generate.
    #[arg(long, default_value_t = 60)]
    duration: u64,
    /// Events per second.
    #[arg(long, default_value_t = 5_000.0)]
    rate: f64,
    /// Two runs with the same seed send the same events, except for times and ids.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Generate until Ctrl-C, into the configured database, without the audit.
    #[arg(long)]
    forever: bool,
}

/// Fractions of the events that are sent with a fault; what the audit expects follows from
/// the generator's own recomputation, not from these.
const FAULTS: [(&str, &str); 5] = [
    ("--duplicates", "0.01"),
    ("--late", "0.01"),
    ("--out-of-order", "0.02"),
    ("--malformed", "0.005"),
    ("--skewed", "0.005"),
];

const STOP_LIMIT: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every number agrees.
async fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let mut stage = tokio::select! {
        stage = Stage::set(arguments) => stage?,
        stopped = told_to_stop() => return Ok(stopped.map(|()| false)?),
    };
    let outcome = tokio::select! {
        outcome = act(&mut stage, arguments) => outcome,
        stopped = told_to_stop() => stopped.map(|()| true).map_err(Into::into),
    };
    let stopped = stage.strike(STOP_LIMIT).await;
    let agrees = outcome?;
    stopped?;
    Ok(agrees)
}

async fn act(stage: &mut Stage, arguments: &Arguments) -> anyhow::Result<bool> {
    println!("dashboard   {}", stage.page());
    println!("logs        {}", stage.logs.display());
    if arguments.forever {
        status::watch(stage, None).await?;
        return Ok(true);
    }
    println!(
        "generating  {} events/s for {} s, seed {}; of 1000 events 10 are sent twice, 10 late, \
         20 out of order, 5 malformed, 5 from the future",
        arguments.rate, arguments.duration, arguments.seed
    );
    status::watch(stage, Some(Duration::from_secs(arguments.duration))).await?;
    let agrees = audit::audit(stage).await?;
    if std::io::stdout().is_terminal() {
        println!("\nserving {} until Ctrl-C", stage.page());
        status::watch(stage, None).await?;
    }
    Ok(agrees)
}
