//! The generator's status report.

use std::{collections::VecDeque, ops::Range, time::Duration};

use common::time::UnixMicros;
use serde::{Serialize, Serializer};
use tokio::time::Instant;

use super::{settings::Settings, truth::Segment};
use crate::publish::Limit;

/// The state of the generator, renewed ten times a second.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Status {
    /// What it works by; equal to what was asked once it has taken effect.
    #[serde(skip)]
    pub settings: Settings,
    /// Events per second that the schedule asks for now.
    pub wanted_rate: f64,
    /// Events per second that Redis acknowledged over the last second.
    pub achieved_rate: f64,
    /// Events of this run made so far; the next one has this index.
    pub generated: u64,
    /// Of them, acknowledged by Redis.
    pub sent: u64,
    /// Of them, without a reply: stored once or not at all.
    pub ambiguous: u64,
    /// Of them, given up because Redis took none until the end.
    pub dropped: u64,
    /// Which events (from, to) are ambiguous or dropped; the first thousand ranges.
    pub uncertain: Vec<Range<u64>>,
    /// Events of the schedule that were not made because there was no room or no time.
    pub missed: u64,
    /// What holds the generator at present.
    pub paused_by: Option<Limit>,
    /// Whether the limit of the run is reached.
    pub finished: bool,
    /// When the present settings took effect.
    #[serde(serialize_with = "rfc3339")]
    pub since: Option<UnixMicros>,
    /// When event 0 was made.
    #[serde(serialize_with = "rfc3339")]
    pub run_started: Option<UnixMicros>,
    /// From which event on which population held: what `truth` needs.
    pub segments: Vec<Segment>,
}

fn rfc3339<S: Serializer>(at: &Option<UnixMicros>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(UnixMicros::to_rfc3339).serialize(serializer)
}

/// The rate over the last second.
#[derive(Debug, Default)]
pub(super) struct Meter(VecDeque<(Instant, u64)>);

const WINDOW: Duration = Duration::from_secs(1);

impl Meter {
    /// `count` is the total at `now`.
    pub(super) fn rate(&mut self, now: Instant, count: u64) -> f64 {
        self.0.push_back((now, count));
        while self.0.get(1).is_some_and(|(at, _)| now - *at >= WINDOW) {
            self.0.pop_front();
        }
        let (then, before) = self.0[0];
        let seconds = (now - then).as_secs_f64();
        if seconds < 0.05 {
            return 0.0;
        }
        count.saturating_sub(before) as f64 / seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_second() {
        let (mut meter, start) = (Meter::default(), Instant::now());
        let mut rate = 0.0;
        for tenth in 0..50_u32 {
            let count = if tenth < 20 {
                1_000 * tenth
            } else {
                20_000 + 10 * (tenth - 20)
            };
            rate = meter.rate(start + WINDOW / 10 * tenth, count.into());
        }
        assert!((rate - 100.0).abs() < 1.0, "{rate}");
        assert!(meter.0.len() <= 12);
    }
}
