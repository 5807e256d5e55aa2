//! What follows from the figures: how much of everything a rate of events needs.

use std::fmt::{self, Write as _};

use crate::{
    cpu,
    figure::{Cost, Unit, thousands},
    scenario::Scenario,
    store::Store,
};

const RATES: [f64; 3] = [10_000.0, 100_000.0, 1_000_000.0];
/// Seconds that the stream has to hold while the database is away.
const OUTAGE: f64 = 600.0;
const DAY: f64 = 86_400.0;
const GB: f64 = 1e9;

/// Names of figures that the model takes.
pub(crate) const REDIS_BYTES: &str = "Redis memory of an event in a batch entry";
pub(crate) const DISK_BYTES: &str = "disk of an event: row and unique index";
pub(crate) const WAL_BYTES: &str = "write-ahead log of an event, rollups included";
pub(crate) const ONE_LANE: &str = "drain, one lane";
/// Phases whose costs it takes.
pub(crate) const PUBLISH: &str = "publish";
pub(crate) const DRAIN: &str = "drain";

/// Of one event: CPU in microseconds, memory and disk in bytes.
struct Event {
    ingestion: f64,
    redis: f64,
    consumer: f64,
    postgres: f64,
    redis_bytes: f64,
    disk_bytes: f64,
    wal_bytes: f64,
}

impl Event {
    fn of(store: &Store) -> Option<Self> {
        let outcome = &store.get(Scenario::Drain)?.outcome;
        let cost = |phase: &str, process: &str| -> Option<f64> {
            let is_meant = |cost: &&Cost| cost.phase == phase;
            let cost = outcome.costs.iter().find(is_meant)?;
            cost.by_process.get(process).copied()
        };
        Some(Self {
            ingestion: cost(PUBLISH, "ingestion")?,
            redis: cost(PUBLISH, cpu::REDIS)? + cost(DRAIN, cpu::REDIS)?,
            consumer: cost(DRAIN, "consumer")?,
            postgres: cost(DRAIN, cpu::BACKENDS)? + cost(DRAIN, cpu::OTHER_POSTGRES)?,
            redis_bytes: outcome.value_of(REDIS_BYTES)?,
            disk_bytes: outcome.value_of(DISK_BYTES)?,
            wal_bytes: outcome.value_of(WAL_BYTES)?,
        })
    }

    fn cpu(&self) -> f64 {
        self.ingestion + self.redis + self.consumer + self.postgres
    }
}

/// The report's section; nothing without the figures.
pub(crate) fn section(store: &Store, text: &mut String) -> fmt::Result {
    let Some(event) = Event::of(store) else {
        return Ok(());
    };
    text.write_str(
        "\n## Capacity

What the figures above amount to at a steady rate: CPU time per event times events per second, with
no reserve (leave half of each core for peaks, queries and maintenance). Redis memory is for a backlog of
ten minutes; disk is for one day of raw rows and their index. Rollups grow with minutes and values rather
than with events, and are left out.\n\n",
    )?;
    table(&event, text)?;
    limits(&event, store, text)
}

type Column = (&'static str, fn(&Event, f64) -> String);

fn table(event: &Event, text: &mut String) -> fmt::Result {
    let cores: [Column; 5] = [
        ("cores: `ingestion`", |e, rate| cores(e.ingestion, rate)),
        ("cores: Redis", |e, rate| cores(e.redis, rate)),
        ("cores: `consumer`", |e, rate| cores(e.consumer, rate)),
        ("cores: PostgreSQL", |e, rate| cores(e.postgres, rate)),
        ("cores in total", |e, rate| cores(e.cpu(), rate)),
    ];
    let space: [Column; 4] = [
        ("Redis memory, 10 minutes of backlog", |e, rate| {
            gigabytes(e.redis_bytes * rate * OUTAGE)
        }),
        ("disk, a day of rows", |e, rate| {
            gigabytes(e.disk_bytes * rate * DAY)
        }),
        ("written to disk, rows and log", |e, rate| {
            format!("{:.0} MB/s", (e.disk_bytes + e.wal_bytes) * rate / 1e6)
        }),
        ("a disk of 1 TB is full after", |e, rate| {
            format!("{:.1} days", 1e12 / (e.disk_bytes * rate * DAY))
        }),
    ];
    text.write_str("| events per second |")?;
    for rate in RATES {
        write!(text, " {} |", thousands(rate))?;
    }
    text.write_str("\n|---|---|---|---|\n")?;
    for (name, of) in cores.into_iter().chain(space) {
        write!(text, "| {name} |")?;
        for rate in RATES {
            write!(text, " {} |", of(event, rate))?;
        }
        text.push('\n');
    }
    Ok(())
}

fn limits(event: &Event, store: &Store, text: &mut String) -> fmt::Result {
    let cores = store.get(Scenario::Drain).map_or(1, |s| s.machine.cores);
    let together = cores as f64 * 1e6 / event.cpu();
    let redis = 1e6 / event.redis;
    writeln!(
        text,
        "
What runs out first:

- *Everything on this machine* ({cores} cores): its CPU, at {} events/s; {:.0} % of that is PostgreSQL's,
  {:.0} % the consumer's.
- *PostgreSQL, if each part has a machine of its own*: a lane keeps one backend busy and stores
  {}, so add lanes until its cores or its disk are saturated.
- *Redis* runs on one thread, which is saturated at {} events/s; beyond that the stream has to be split
  (see [ARCHITECTURE](ARCHITECTURE.md), Scale). Its memory runs out earlier only if the stream isn't
  drained: a gigabyte holds {} events.
- *Disk* is the main cost of a high rate in the long run: how much is needed depends on retention, or on
  the compression of the Community edition, and not on the pipeline.",
        thousands(together),
        event.postgres / event.cpu() * 100.0,
        event.consumer / event.cpu() * 100.0,
        one_lane(store).unwrap_or_else(|| "about half of what two store".into()),
        thousands(redis),
        thousands(GB / event.redis_bytes),
    )
}

fn one_lane(store: &Store) -> Option<String> {
    let rate = store.get(Scenario::Lanes)?.outcome.value_of(ONE_LANE)?;
    Some(Unit::EventsPerSecond.text(rate))
}

fn cores(micros: f64, rate: f64) -> String {
    format!("{:.2}", micros * rate / 1e6)
}

fn gigabytes(bytes: f64) -> String {
    format!("{:.0} GB", bytes / GB)
}
