//! Events of the past: `occurred_at` spread over a span before the run, more of them in the
//! hours in which people are awake.

use common::time::UnixMicros;

use super::{
    rng::{hash, unit},
    schedule::hour_factor,
};

const HOUR: i64 = 3_600_000_000;
const JITTER: u64 = 0x6869_7374;

/// Maps event `i` of `limit` to its time.
#[derive(Debug)]
pub(super) struct History {
    seed: u64,
    limit: u64,
    /// The span, cut where an hour of the clock begins.
    cuts: Vec<i64>,
    /// The share of the events before each cut.
    shares: Vec<f64>,
}

impl History {
    pub(super) fn new(seed: u64, seconds: u64, limit: u64, end: UnixMicros) -> Self {
        let start = end.0
            - i64::try_from(seconds)
                .unwrap_or(0)
                .saturating_mul(1_000_000);
        let mut cuts = vec![start];
        let mut shares = vec![0.0];
        let mut sum = 0.0;
        let mut at = start;
        while at < end.0 {
            let next = ((at.div_euclid(HOUR) + 1) * HOUR).min(end.0);
            sum += (next - at) as f64 * hour_factor(UnixMicros(at));
            at = next;
            cuts.push(at);
            shares.push(sum);
        }
        shares.iter_mut().for_each(|share| *share /= sum);
        Self {
            seed: hash(seed, JITTER),
            limit,
            cuts,
            shares,
        }
    }

    /// Ascending in `i` but for a jitter of one part in `limit`.
    pub(super) fn at(&self, i: u64) -> UnixMicros {
        let x = ((i as f64 + unit(hash(self.seed, i))) / self.limit as f64).min(1.0);
        let hour = self
            .shares
            .partition_point(|share| *share <= x)
            .clamp(1, self.cuts.len() - 1);
        let (a, b) = (self.shares[hour - 1], self.shares[hour]);
        let (from, to) = (self.cuts[hour - 1], self.cuts[hour]);
        let part = if b > a { (x - a) / (b - a) } else { 0.0 };
        UnixMicros(from + ((to - from) as f64 * part) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fill_the_span_and_follow_the_day() {
        let end = UnixMicros(1_763_634_907_123_456);
        let (days, limit) = (10, 240_000);
        let history = History::new(1, days * 86_400, limit, end);
        let mut by_hour = [0_u32; 24];
        let mut last = 0;
        for i in 0..limit {
            let at = history.at(i);
            assert!(at <= end && at.0 >= end.0 - 864_000_000_000);
            assert!(at.0 >= last, "the jitter stays within an event's own share");
            last = at.0;
            by_hour[(at.0 / HOUR % 24) as usize] += 1;
        }
        for (hour, count) in by_hour.iter().enumerate() {
            let at = UnixMicros(hour as i64 * HOUR);
            let expected = limit as f64 / 24.0 * hour_factor(at);
            assert!(
                (f64::from(*count) / expected - 1.0).abs() < 0.02,
                "{hour}: {count}"
            );
        }
    }
}
