//! The commands an operator runs by hand.

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};
use common::{telemetry, time::UnixMicros, wire::StreamKeys};
use consumer::{
    config::Config,
    dead_letters::{self, Selection},
    migrate,
    rebuild::{self, Minutes},
};

/// Reads events from the Redis stream and writes each to TimescaleDB exactly once.
///
/// Without a command it runs as a daemon. Everything is configured by environment variables;
/// .env.example lists them.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Leave the rollups empty. For measurements only.
    #[arg(long, hide = true)]
    pub(crate) without_rollups: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Migrates the database to the schema of this version, and exits.
    Migrate,
    /// Asks the running daemon whether it is ready; exit code 0 if it is.
    Healthcheck,
    /// Compares or rebuilds rollups from raw rows.
    #[command(subcommand)]
    Rollup(Rollup),
    /// Lists or replays dead letters.
    #[command(subcommand)]
    DeadLetters(DeadLetters),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rollup {
    /// Compares rollups with raw rows in one snapshot; exit code 1 if they differ.
    Check(Range),
    /// Recomputes rollups from raw rows. Safe while the daemons run.
    Rebuild(Range),
}

#[derive(Debug, Args)]
pub(crate) struct Range {
    /// Start, RFC 3339; by default the first event.
    #[arg(long)]
    from: Option<String>,
    /// End (exclusive), RFC 3339; by default the last event.
    #[arg(long)]
    to: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLetters {
    /// Prints dead letters, oldest first: one JSON object per line.
    List(Filter),
    /// Puts dead letters on the stream again, each once, oldest first, for instance after a rule
    /// was widened. Without --limit at most 100; it says how many are left.
    Replay(Filter),
}

#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Only those with this reason code, such as `too_old`.
    #[arg(long)]
    reason: Option<String>,
    /// Only those received since, RFC 3339.
    #[arg(long)]
    since: Option<String>,
    /// Only those received before, RFC 3339.
    #[arg(long)]
    until: Option<String>,
    /// At most so many, the oldest first.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// Also those that were replayed before.
    #[arg(long)]
    include_replayed: bool,
}

pub(crate) async fn run(command: Command, config: Config) -> anyhow::Result<()> {
    match command {
        Command::Migrate => migrate(&config).await,
        Command::Healthcheck => {
            let (address, port) = (config.bind.bind_address, config.consumer.consumer_port);
            Ok(common::http::healthcheck(address, port).await?)
        }
        Command::Rollup(Rollup::Check(range)) => check(&config, range).await,
        Command::Rollup(Rollup::Rebuild(range)) => rebuild(&config, range).await,
        Command::DeadLetters(DeadLetters::List(filter)) => list(&config, filter).await,
        Command::DeadLetters(DeadLetters::Replay(filter)) => replay(&config, filter).await,
    }
}

async fn migrate(config: &Config) -> anyhow::Result<()> {
    telemetry::init_logs("consumer", &config.process);
    let applied = migrate::run(&config.postgres).await?;
    if applied.is_empty() {
        println!("the schema is up to date");
    }
    for migration in applied {
        println!("applied {migration}");
    }
    Ok(())
}

async fn check(config: &Config, range: Range) -> anyhow::Result<()> {
    /// How many differences are printed; the rest is only counted.
    const SHOWN: usize = 20;
    let Some(minutes) = range.minutes(config).await? else {
        println!("no events and no rollups: nothing to compare");
        return Ok(());
    };
    let drifts = rebuild::check(&config.postgres, minutes).await?;
    let (from, to) = (minutes.from.to_rfc3339(), minutes.to.to_rfc3339());
    if drifts.is_empty() {
        println!("every rollup from {from} to {to} equals its raw rows");
        return Ok(());
    }
    for drift in drifts.iter().take(SHOWN) {
        println!(
            "{} {} {:?}: {} is {} in raw rows and {} in rollups",
            drift.bucket.to_rfc3339(),
            drift.dimension,
            drift.value,
            drift.what,
            drift.raw,
            drift.rollup
        );
    }
    let ended_early = drifts.len() >= rebuild::MOST_DRIFTS;
    bail!(
        "{}{} differences; `consumer rollup rebuild --from {from} --to {to}` recomputes the range",
        if ended_early { "at least " } else { "" },
        drifts.len()
    )
}

async fn rebuild(config: &Config, range: Range) -> anyhow::Result<()> {
    let Some(minutes) = range.minutes(config).await? else {
        println!("no events and no rollups: nothing to rebuild");
        return Ok(());
    };
    let max_values = config.consumer.rollup_max_values;
    let events = rebuild::rebuild(&config.postgres, minutes, max_values).await?;
    let (from, to) = (minutes.from.to_rfc3339(), minutes.to.to_rfc3339());
    println!("rollups from {from} to {to} rebuilt from {events} events");
    Ok(())
}

impl Range {
    async fn minutes(&self, config: &Config) -> anyhow::Result<Option<Minutes>> {
        let (from, to) = (instant("--from", &self.from)?, instant("--to", &self.to)?);
        if let (Some(from), Some(to)) = (from, to) {
            if from >= to {
                bail!("--from must lie before --to");
            }
            return Ok(Some(Minutes::covering(from, to)));
        }
        let whole = rebuild::whole_range(&config.postgres).await?;
        Ok(
            whole
                .map(|whole| Minutes::covering(from.unwrap_or(whole.from), to.unwrap_or(whole.to))),
        )
    }
}

fn instant(flag: &str, text: &Option<String>) -> anyhow::Result<Option<UnixMicros>> {
    text.as_deref()
        .map(|text| {
            UnixMicros::parse_rfc3339(text).with_context(|| {
                format!("{flag} must be RFC 3339, such as 2026-11-20T10:00:00Z, not {text:?}")
            })
        })
        .transpose()
}

impl Filter {
    fn selection(&self) -> anyhow::Result<Selection> {
        Ok(Selection {
            reason: self.reason.clone(),
            since: instant("--since", &self.since)?,
            until: instant("--until", &self.until)?,
            after: 0,
            limit: i64::from(self.limit),
            include_replayed: self.include_replayed,
            whole: false,
        })
    }
}

async fn list(config: &Config, filter: Filter) -> anyhow::Result<()> {
    for letter in dead_letters::list(&config.postgres, &filter.selection()?).await? {
        let line = serde_json::json!({
            "id": letter.id,
            "entry_id": letter.entry_id,
            "entry_index": letter.entry_index,
            "source": letter.source,
            "reason": letter.reason,
            "detail": letter.detail,
            "payload": String::from_utf8_lossy(&letter.payload),
            "received_at": letter.received_at.to_rfc3339(),
            "replayed_at": letter.replayed_at.map(UnixMicros::to_rfc3339),
        });
        println!("{line}");
    }
    Ok(())
}

async fn replay(config: &Config, filter: Filter) -> anyhow::Result<()> {
    let keys = StreamKeys::new(&config.stream.stream_key);
    let selection = filter.selection()?;
    let done = dead_letters::replay(&config.postgres, &config.redis, &keys, &selection).await?;
    println!("{} dead letters are on the stream again", done.appended);
    if done.left > 0 {
        println!(
            "{} more are selected and left; --limit sets how many are taken at once",
            done.left
        );
    }
    Ok(())
}
