//! What a range is compared with: the one before, or the same times a year before.

use common::time::UnixMicros;
use jiff::{Span, ToSpan as _, tz::TimeZone};

use super::{
    interval::{Interval, bucket_edges, local_date, start_of},
    range::{MINUTE, Range, timestamp},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compare {
    /// The range of the same length directly before. Whole local days are counted as days,
    /// whatever the clock did in them.
    Previous,
    /// The same local times a year before.
    Year,
}

impl Compare {
    pub const NAMES: [&'static str; 2] = ["previous", "year"];

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "previous" => Some(Self::Previous),
            "year" => Some(Self::Year),
            _ => None,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Previous => "previous",
            Self::Year => "year",
        }
    }

    /// What `range` is compared with.
    #[must_use]
    pub fn range(self, range: Range, zone: &TimeZone) -> Range {
        self.shift(range, zone).range(range)
    }

    /// How moments of `range` are moved to those they are compared with.
    #[must_use]
    pub fn shift(self, range: Range, zone: &TimeZone) -> Shift<'_> {
        let back = match self {
            Self::Year => Back::Calendar(1.year()),
            Self::Previous => whole_days(range, zone).map_or_else(
                || Back::Micros(range.micros()),
                |days| Back::Calendar(days.days()),
            ),
        };
        Shift { back, zone }
    }
}

/// How many local days a range holds, from midnight to midnight.
fn whole_days(range: Range, zone: &TimeZone) -> Option<i64> {
    let midnight = |at| {
        let date = local_date(at, zone);
        (start_of(date, zone) == Some(at)).then_some(date)
    };
    let (from, to) = (midnight(range.from)?, midnight(range.to)?);
    let days = from.until(to).ok()?.get_days();
    Some(i64::from(days))
}

#[derive(Debug)]
pub struct Shift<'z> {
    back: Back,
    zone: &'z TimeZone,
}

#[derive(Debug)]
enum Back {
    Micros(i64),
    Calendar(Span),
}

impl Shift<'_> {
    #[must_use]
    pub fn moment(&self, at: UnixMicros) -> UnixMicros {
        match self.back {
            Back::Micros(micros) => UnixMicros(at.0.saturating_sub(micros)),
            Back::Calendar(span) => {
                let local = timestamp(at).to_zoned(self.zone.clone());
                let earlier = local.checked_sub(span);
                earlier.map_or(at, |then| UnixMicros(then.timestamp().as_microsecond()))
            }
        }
    }

    /// Never empty, also where all of it falls into a day that the year before didn't have.
    #[must_use]
    pub fn range(&self, range: Range) -> Range {
        let from = self.moment(range.from);
        let to = self.moment(range.to).max(UnixMicros(from.0 + 1));
        Range { from, to }
    }

    /// The buckets of `range` moved, ascending; some edges may come to lie on each other. Rollups
    /// know whole minutes: where the range was moved by less, its buckets are made anew.
    #[must_use]
    pub fn buckets(
        &self,
        range: Range,
        edges: &[UnixMicros],
        interval: Interval,
    ) -> Vec<UnixMicros> {
        let mut last = UnixMicros(i64::MIN);
        let moved = |edge: &UnixMicros| {
            last = last.max(self.moment(*edge));
            last
        };
        let moved: Vec<_> = edges.iter().map(moved).collect();
        if moved.iter().all(|edge| edge.0 % MINUTE == 0) {
            return moved;
        }
        bucket_edges(self.range(range), interval, self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shifted(compare: Compare, from: &str, to: &str, zone: &str) -> (String, String) {
        let at = |text: &str| UnixMicros::parse_rfc3339(text).unwrap();
        let range = Range {
            from: at(from),
            to: at(to),
        };
        let zone = TimeZone::get(zone).unwrap();
        let moved = compare.range(range, &zone);
        (moved.from.to_rfc3339(), moved.to.to_rfc3339())
    }

    #[test]
    fn days_are_local_and_anything_else_is_as_long() {
        let cases = [
            // The clocks went forward on 29 March in Berlin.
            (
                (
                    Compare::Previous,
                    "2026-03-29T22:00:00Z",
                    "2026-03-30T22:00:00Z",
                ),
                ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
            ),
            (
                (
                    Compare::Previous,
                    "2026-03-29T22:00:00Z",
                    "2026-03-30T21:00:00Z",
                ),
                ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
            ),
            (
                (
                    Compare::Year,
                    "2026-07-01T10:00:00Z",
                    "2026-07-01T11:30:00Z",
                ),
                ("2025-07-01T10:00:00Z", "2025-07-01T11:30:00Z"),
            ),
            // 29 February: the 28th was the last.
            (
                (
                    Compare::Year,
                    "2024-02-27T23:00:00Z",
                    "2024-02-29T23:00:00Z",
                ),
                ("2023-02-27T23:00:00Z", "2023-02-28T23:00:00Z"),
            ),
        ];
        for ((compare, from, to), (want_from, want_to)) in cases {
            let got = shifted(compare, from, to, "Europe/Berlin");
            assert_eq!(got, (want_from.into(), want_to.into()), "{from} {to}");
        }
    }
}
