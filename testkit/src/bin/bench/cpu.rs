//! CPU time of the processes that take part, from /proc.

use std::{collections::BTreeMap, fs};

use anyhow::Context as _;
use testkit::Services;
use tokio_postgres::Client;

use crate::figure::Cost;

/// Linux counts in hundredths of a second, whatever the kernel's own tick is.
const TICKS_PER_SECOND: f64 = 100.0;

/// Runs from [`Meter::start`] to [`Meter::stop`].
pub(crate) struct Meter {
    db: Client,
    database_pids: Vec<u32>,
    postmaster: u32,
    redis: u32,
    before: Ticks,
}

/// Ticks so far.
struct Ticks {
    redis: u64,
    /// All of PostgreSQL, processes that have ended included.
    postgres: u64,
    /// The backends of the measured database by process id.
    backends: BTreeMap<u32, u64>,
}

impl Meter {
    /// `None` where the services run on another machine.
    pub(crate) async fn start(services: &Services) -> anyhow::Result<Option<Self>> {
        let db = services.db().await;
        let own: i32 = db.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        let own = own.unsigned_abs();
        let mut redis = services.redis().await;
        let info: String = redis::cmd("INFO")
            .arg("server")
            .query_async(&mut redis)
            .await?;
        let pid = info
            .lines()
            .find_map(|line| line.strip_prefix("process_id:"));
        let redis = pid.context("Redis tells no process id")?.trim().parse()?;
        let is_here = name(own).as_deref() == Some("postgres")
            && name(redis).is_some_and(|name| name.starts_with("redis"));
        let Some(postmaster) = parent(own).filter(|_| is_here) else {
            return Ok(None);
        };
        let mut meter = Self {
            db,
            database_pids: vec![own],
            postmaster,
            redis,
            before: Ticks {
                redis: 0,
                postgres: 0,
                backends: BTreeMap::new(),
            },
        };
        meter.before = meter.now().await?;
        Ok(Some(meter))
    }

    /// The cost of `events` events. `daemons` were started after the meter and still run.
    pub(crate) async fn stop(
        self,
        phase: &str,
        events: u64,
        daemons: &[(&str, u32)],
    ) -> anyhow::Result<Cost> {
        let after = self.now().await?;
        let micros = |ticks: u64| ticks as f64 / TICKS_PER_SECOND / events as f64 * 1e6;
        let backends: u64 = after
            .backends
            .iter()
            .map(|(pid, ticks)| {
                ticks.saturating_sub(self.before.backends.get(pid).copied().unwrap_or(0))
            })
            .sum();
        let postgres = after.postgres.saturating_sub(self.before.postgres);
        let mut by_process = BTreeMap::from([
            (
                REDIS.into(),
                micros(after.redis.saturating_sub(self.before.redis)),
            ),
            (BACKENDS.into(), micros(backends)),
            (
                OTHER_POSTGRES.into(),
                micros(postgres.saturating_sub(backends)),
            ),
        ]);
        for (name, pid) in daemons {
            *by_process.entry((*name).to_owned()).or_default() += micros(ticks(*pid));
        }
        Ok(Cost {
            phase: phase.into(),
            by_process,
        })
    }

    async fn now(&self) -> anyhow::Result<Ticks> {
        let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()";
        let pids = self.db.query(sql, &[]).await?;
        let backends = pids
            .iter()
            .map(|row| row.get::<_, i32>(0).unsigned_abs())
            .filter(|pid| !self.database_pids.contains(pid))
            .map(|pid| (pid, ticks(pid)))
            .collect();
        let children: u64 = children(self.postmaster).into_iter().map(ticks).sum();
        Ok(Ticks {
            redis: ticks(self.redis),
            postgres: children + ticks_with_ended_children(self.postmaster),
            backends,
        })
    }
}

pub(crate) const REDIS: &str = "Redis";
pub(crate) const BACKENDS: &str = "PostgreSQL backends";
pub(crate) const OTHER_POSTGRES: &str = "PostgreSQL, other";

/// The fields of /proc/pid/stat after the name: state, ppid, … (proc(5)).
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn sum(pid: u32, fields: std::ops::RangeInclusive<usize>) -> u64 {
    let stat = stat(pid).unwrap_or_default();
    let fields = stat.get(fields).unwrap_or_default();
    fields
        .iter()
        .filter_map(|field| field.parse::<u64>().ok())
        .sum()
}

/// utime and stime; 0 when it has ended.
pub(crate) fn ticks(pid: u32) -> u64 {
    sum(pid, 11..=12)
}

/// With cutime and cstime.
fn ticks_with_ended_children(pid: u32) -> u64 {
    sum(pid, 11..=14)
}

fn parent(pid: u32) -> Option<u32> {
    stat(pid)?.get(1)?.parse().ok()
}

fn name(pid: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(name.trim().to_owned())
}

fn children(of: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid| parent(*pid) == Some(of)).collect()
}
