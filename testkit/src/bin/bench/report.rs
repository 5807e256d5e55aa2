//! What was measured, for people.

use std::fmt::Write as _;

use testkit::Services;

use crate::Round;

const MIB: f64 = 1024.0 * 1024.0;

pub(crate) fn line(number: usize, round: &Round) -> String {
    format!(
        "round {number}: publish {:.0}/s, copy {:.0}/s, drain {:.0}/s ({:.2} of copy, {} commits), \
         consumer {:.0} MiB, ingestion {:.0} MiB",
        round.publish,
        round.copy,
        round.drain,
        round.drain / round.copy,
        round.commits,
        round.consumer_memory as f64 / MIB,
        round.ingestion_memory as f64 / MIB,
    )
}

fn median(rounds: &[Round], of: impl Fn(&Round) -> f64) -> f64 {
    let mut figures: Vec<f64> = rounds.iter().map(of).collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn thousands(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The text of docs/BENCHMARKS.md.
pub(crate) async fn report(rounds: &[Round], events: u64) -> anyhow::Result<String> {
    let versions = versions().await?;
    let (publish, copy) = (median(rounds, |r| r.publish), median(rounds, |r| r.copy));
    let (drain, ratio) = (
        median(rounds, |r| r.drain),
        median(rounds, |r| r.drain / r.copy),
    );
    let memory =
        |of: fn(&Round) -> u64| rounds.iter().map(of).max().unwrap_or_default() as f64 / MIB;
    let mut text = String::new();
    write!(
        text,
        "# Benchmarks

Written by `make bench`. Redis, PostgreSQL and the daemon that is measured share one machine, so
compare the ratios, not the figures, with those of another.

- Machine: {cores} cores. {versions}
- Data: {events} events of the generator in stream entries of up to 500, {bytes:.0} bytes of Redis
  memory an event.
- Each figure is the median of {rounds} rounds; a round takes all of them, one after the other.

| measure | figure |
|---|---|
| generator → stream (`ingestion` alone) | {publish} events/s |
| COPY BINARY into `events`, one connection, one transaction, rows encoded beforehand | {copy} rows/s |
| stream → stored, folded into rollups, acknowledged, trimmed (`consumer`, two lanes) | {drain} events/s |
| that, as a share of COPY | **{ratio:.2}** |
| peak memory of `ingestion` | {ingestion:.0} MiB |
| peak memory of `consumer` | {consumer:.0} MiB |

## Method

`ingestion` publishes the data set into a stream of its own, as fast as it can; the time runs from
the first event that Redis has to the last. The same events are then decoded and encoded as COPY rows
in memory, and sent into the `events` hypertable (unique index included) of a fresh database: that is
the yardstick, since no consumer can be faster than what the database takes over one connection.
Last, `consumer` is started on the preloaded stream; the time runs from its first read until nothing
is unread, pending or left in the stream. fsync and synchronous_commit are on throughout.
",
        cores = std::thread::available_parallelism()?,
        events = thousands(events as f64),
        bytes = median(rounds, |r| r.event_bytes),
        rounds = rounds.len(),
        publish = thousands(publish),
        copy = thousands(copy),
        drain = thousands(drain),
        ingestion = memory(|r| r.ingestion_memory),
        consumer = memory(|r| r.consumer_memory),
    )?;
    Ok(text)
}

async fn versions() -> anyhow::Result<String> {
    let services = Services::start().await;
    let row = services
        .db()
        .await
        .query_one(
            "SELECT current_setting('server_version'), extversion,
                    current_setting('timescaledb.license', true)
               FROM pg_extension WHERE extname = 'timescaledb'",
            &[],
        )
        .await?;
    let server: String = row.get(0);
    let postgres = server.split_whitespace().next().unwrap_or_default();
    let (timescaledb, license): (&str, &str) = (row.get(1), row.get(2));
    let mut redis = services.redis().await;
    let info: String = redis::cmd("INFO")
        .arg("server")
        .query_async(&mut redis)
        .await?;
    let redis = info
        .lines()
        .find_map(|line| line.strip_prefix("redis_version:"));
    Ok(format!(
        "Redis {}, PostgreSQL {postgres}, TimescaleDB {timescaledb} ({license} edition), \
         Tidemark {}.",
        redis.unwrap_or_default(),
        env!("CARGO_PKG_VERSION"),
    ))
}
