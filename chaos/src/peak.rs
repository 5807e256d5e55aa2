//! What the arrangement carries while nothing is broken.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio::time::sleep;

use crate::stage::Stage;

/// Until everybody is at full speed.
const RAMP: Duration = Duration::from_secs(5);
const MEASURED: Duration = Duration::from_secs(20);
/// Events per second that a long run isn't asked for more than: of its disk each takes some 300
/// bytes, of the audit's memory 70.
const MOST: u64 = 40_000;

/// Events per second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peak {
    acknowledged: u64,
    committed: u64,
}

impl Peak {
    /// What can go on for ever.
    const fn lasting(self) -> u64 {
        if self.acknowledged < self.committed {
            self.acknowledged
        } else {
            self.committed
        }
    }

    /// Of a long run.
    pub(crate) fn rate(self) -> u64 {
        (self.lasting() / 2).clamp(1, MOST)
    }
}

impl fmt::Display for Peak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = self.rate() as f64 / self.lasting().max(1) as f64 * 100.0;
        write!(
            f,
            "Sent as fast as it was taken, with nothing broken, {} events per second were \
             acknowledged and {} committed; while things broke, {} were sent, {share:.0} % of what \
             lasts.",
            self.acknowledged,
            self.committed,
            self.rate()
        )
    }
}

/// Floods for a while; from then on the load is half of what was carried.
pub(crate) async fn measure(stage: &mut Stage) -> anyhow::Result<()> {
    let load = stage.load.as_ref().context("the load runs")?;
    load.flood();
    sleep(RAMP).await;
    let (began, before) = (Instant::now(), counts(stage).await?);
    sleep(MEASURED).await;
    let (took, after) = (began.elapsed().as_secs_f64(), counts(stage).await?);
    let rate = |before: u64, after: u64| (after.saturating_sub(before) as f64 / took) as u64;
    let peak = Peak {
        acknowledged: rate(before.0, after.0),
        committed: rate(before.1, after.1),
    };
    load.steady(peak.rate() as f64);
    stage.note(&peak.to_string());
    stage.peak = Some(peak);
    Ok(())
}

/// Events that were acknowledged, and that are stored.
async fn counts(stage: &Stage) -> anyhow::Result<(u64, u64)> {
    let load = stage.load.as_ref().context("the load runs")?;
    let acknowledged = load.ledger.entries().acknowledged();
    let db = stage.db().await?;
    let row = db.query_one("SELECT count(*) FROM events", &[]).await?;
    Ok((acknowledged, row.get::<_, i64>(0).unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_what_lasts_is_sent_and_no_more_than_fits() {
        let peak = |acknowledged, committed| Peak {
            acknowledged,
            committed,
        };
        assert_eq!(peak(50_000, 30_000).rate(), 15_000);
        assert_eq!(peak(20_000, 30_000).rate(), 10_000);
        assert_eq!(peak(200_000, 200_000).rate(), MOST);
        assert!(
            peak(200_000, 200_000)
                .to_string()
                .ends_with("20 % of what lasts.")
        );
    }
}
