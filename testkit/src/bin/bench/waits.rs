//! What the consumer's sessions wait for in PostgreSQL, sampled while a stream is drained.

use std::{collections::BTreeMap, fmt, time::Duration};

use testkit::Services;

use crate::drain::{Consumers, Drained, drain};

const INTERVAL: Duration = Duration::from_millis(10);
/// The most frequent waits are named.
const SHOWN: usize = 5;
/// The lanes' sessions in the middle of a statement. `Client` is the database waiting for the
/// lane's next rows.
const SAMPLE: &str = "SELECT coalesce(wait_event_type || ' ' || wait_event, 'CPU'), count(*)
      FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'
     GROUP BY 1";

/// Samples by type and name of wait; `CPU` is none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waits(BTreeMap<String, i64>);

impl Waits {
    /// Percent of waits of this type.
    pub(crate) fn share_of(&self, kind: &str) -> f64 {
        self.share(|wait| wait.split(' ').next() == Some(kind))
    }

    fn share(&self, is_meant: impl Fn(&str) -> bool) -> f64 {
        let sum: i64 = self.0.values().sum();
        let meant = self.0.iter().filter(|(wait, _)| is_meant(wait));
        let of: i64 = meant.map(|(_, samples)| samples).sum();
        of as f64 / sum.max(1) as f64 * 100.0
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut waits: Vec<_> = self.0.iter().collect();
        waits.sort_by_key(|(_, samples)| -**samples);
        for (n, (wait, _)) in waits.into_iter().take(SHOWN).enumerate() {
            let gap = if n == 0 { "" } else { ", " };
            write!(f, "{gap}{wait} {:.1} %", self.share(|other| other == wait))?;
        }
        Ok(())
    }
}

pub(crate) async fn during(
    source: &Services,
    phase: &str,
    consumers: &Consumers,
    events: u64,
) -> anyhow::Result<(Drained, Waits)> {
    let db = source.db().await;
    let mut waits = Waits::default();
    let mut ticks = tokio::time::interval(INTERVAL);
    let draining = drain(phase, source, consumers, events);
    tokio::pin!(draining);
    loop {
        tokio::select! {
            drained = &mut draining => return Ok((drained?, waits)),
            _ = ticks.tick() => {
                for row in db.query(SAMPLE, &[]).await? {
                    *waits.0.entry(row.get(0)).or_default() += row.get::<_, i64>(1);
                }
            }
        }
    }
}
