//! The buckets of a series: how wide they are and where they begin in a time zone.

use common::time::UnixMicros;
use jiff::{ToSpan as _, civil::Date, tz::TimeZone};

use super::range::{MAX_BUCKETS, MINUTE, Range, timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interval {
    Minute,
    FiveMinutes,
    QuarterHour,
    Hour,
    Day,
    /// From Monday to Monday.
    Week,
    Month,
}

impl Interval {
    /// From fine to coarse.
    pub const ALL: [Self; 7] = [
        Self::Minute,
        Self::FiveMinutes,
        Self::QuarterHour,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "1m",
            Self::FiveMinutes => "5m",
            Self::QuarterHour => "15m",
            Self::Hour => "1h",
            Self::Day => "1d",
            Self::Week => "1w",
            Self::Month => "1M",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|interval| interval.as_str() == text)
    }

    /// The usual width, of a month the least; hours and more are shorter or longer where the
    /// clock changes.
    #[must_use]
    pub const fn micros(self) -> i64 {
        MINUTE
            * match self {
                Self::Minute => 1,
                Self::FiveMinutes => 5,
                Self::QuarterHour => 15,
                Self::Hour => 60,
                Self::Day => 1_440,
                Self::Week => 7 * 1_440,
                Self::Month => 28 * 1_440,
            }
    }

    /// Fine enough for a chart, coarse enough for a screen: 60 to 400 buckets up to a year.
    #[must_use]
    pub fn auto(range: Range) -> Self {
        match range.micros() / MINUTE {
            0..=240 => Self::Minute,
            241..=720 => Self::FiveMinutes,
            721..=2_880 => Self::QuarterHour,
            2_881..=20_160 => Self::Hour,
            _ => Self::Day,
        }
    }

    /// The finest interval at least as coarse as this one that keeps within [`MAX_BUCKETS`].
    #[must_use]
    pub fn nearest_allowed(self, range: Range) -> Option<Self> {
        let fits = |interval: &Self| range.micros() / interval.micros() < MAX_BUCKETS;
        Self::ALL
            .into_iter()
            .filter(|interval| *interval >= self)
            .find(fits)
    }
}

/// The edges of the buckets that `range` touches: the first at or before `from`, the last at
/// or after `to`, ascending. Up to a quarter of an hour they are those of UTC; hours and
/// what is longer are local. An hour ends where the clock changes, so none holds two offsets.
#[must_use]
pub fn bucket_edges(range: Range, interval: Interval, zone: &TimeZone) -> Vec<UnixMicros> {
    let step: &dyn Fn(UnixMicros) -> UnixMicros = match interval {
        Interval::Hour => &|at| next_hour(at, zone),
        Interval::Day => &|at| next_day(at, zone),
        Interval::Week => &|at| next_week(at, zone),
        Interval::Month => &|at| next_month(at, zone),
        _ => &|at| UnixMicros(at.0.saturating_add(interval.micros())),
    };
    let mut at = match interval {
        Interval::Hour => start_of_hour(range.from, zone),
        Interval::Day => start_of_day(range.from, zone),
        Interval::Week => start_of_week(range.from, zone),
        Interval::Month => start_of_month(range.from, zone),
        _ => UnixMicros(range.from.0.div_euclid(interval.micros()) * interval.micros()),
    };
    let mut edges = vec![at];
    while at < range.to {
        let next = step(at);
        if next <= at {
            break;
        }
        at = next;
        edges.push(at);
    }
    edges
}

const HOUR: i64 = 60 * MINUTE;

fn offset_micros(at: UnixMicros, zone: &TimeZone) -> i64 {
    i64::from(zone.to_offset(timestamp(at)).seconds()) * 1_000_000
}

fn start_of_hour(at: UnixMicros, zone: &TimeZone) -> UnixMicros {
    let offset = offset_micros(at, zone);
    let start = (at.0 + offset).div_euclid(HOUR) * HOUR - offset;
    // Changes of the clock after `start`, up to and at `at`.
    zone.preceding(timestamp(UnixMicros(at.0 + 1)))
        .map(|change| change.timestamp().as_microsecond())
        .take_while(|change| *change > start)
        .find(|change| offset_micros(UnixMicros(change - 1), zone) != offset)
        .map_or(UnixMicros(start), UnixMicros)
}

fn next_hour(at: UnixMicros, zone: &TimeZone) -> UnixMicros {
    let offset = offset_micros(at, zone);
    let next = ((at.0 + offset).div_euclid(HOUR) + 1) * HOUR - offset;
    zone.following(timestamp(at))
        .map(|change| change.timestamp().as_microsecond())
        .take_while(|change| *change < next)
        .find(|change| offset_micros(UnixMicros(*change), zone) != offset)
        .map_or(UnixMicros(next), UnixMicros)
}

/// The date at `at`, by the zone's clock.
#[must_use]
pub fn local_date(at: UnixMicros, zone: &TimeZone) -> Date {
    timestamp(at).to_zoned(zone.clone()).date()
}

/// The first moment of a local date; `None` beyond the calendar.
#[must_use]
pub fn start_of(date: Date, zone: &TimeZone) -> Option<UnixMicros> {
    let start = date.to_zoned(zone.clone()).ok()?;
    Some(UnixMicros(start.timestamp().as_microsecond()))
}

fn start_of_day(at: UnixMicros, zone: &TimeZone) -> UnixMicros {
    start_of(local_date(at, zone), zone).unwrap_or(at)
}

fn next_day(at: UnixMicros, zone: &TimeZone) -> UnixMicros {
    let next = local_date(at, zone).tomorrow().ok();
    next.and_then(|date| start_of(date, zone)).unwrap_or(at)
}

fn monday(at: UnixMicros, zone: &TimeZone) -> Option<Date> {
    let date = local_date(at, zone);
    let days = date.weekday().to_monday_zero_offset();
    date.checked_sub(i64::from(days).days()).ok()
}

fn start_of_week(at: UnixMicros, zone: &TimeZone) -> UnixMicros {
    let start = monday(at, zone);
    start.and_then(|date| start_of(date, zone)).unwrap_or(at)
}

fn next_week(at: UnixMicros, zone: &TimeZone) -> UnixMicros {
    let next = monday(at, zone).and_then(|date| date.checked_add(7.days()).ok());
    next.and_then(|date| start_of(date, zone)).unwrap_or(at)
}

fn start_of_month(at: UnixMicros, zone: &TimeZone) -> UnixMicros {
    start_of(local_date(at, zone).first_of_month(), zone).unwrap_or(at)
}

fn next_month(at: UnixMicros, zone: &TimeZone) -> UnixMicros {
    let first = local_date(at, zone).first_of_month();
    let next = first.checked_add(1.month()).ok();
    next.and_then(|date| start_of(date, zone)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::range::rfc3339_in;

    const ZONES: [&str; 8] = [
        "UTC",
        "America/New_York",
        "Europe/Berlin",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Asia/Kolkata",
        "Pacific/Apia",
    ];

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    /// Bucket starts minute by minute, from the wall clock alone.
    fn brute_force(range: Range, interval: Interval, zone: &TimeZone) -> Vec<UnixMicros> {
        let minutes = range.from.0.div_euclid(MINUTE)..=(range.to.0 - 1).div_euclid(MINUTE);
        let starts = |minute: &i64| {
            let wall = |m: i64| timestamp(UnixMicros(m * MINUTE)).to_zoned(zone.clone());
            let (now, before) = (wall(*minute), wall(minute - 1));
            match interval {
                Interval::Day => now.date() != before.date(),
                Interval::Week => {
                    let week = |at: &jiff::Zoned| at.date().iso_week_date().week();
                    week(&now) != week(&before)
                }
                Interval::Month => now.month() != before.month(),
                Interval::Hour => now.minute() == 0 || now.offset() != before.offset(),
                _ => minute * MINUTE % interval.micros() == 0,
            }
        };
        minutes
            .filter(starts)
            .map(|minute| UnixMicros(minute * MINUTE))
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn edges_are_those_of_the_wall_clock(
            // 2009 to 2026: with the day that Apia left out.
            from in 1_230_768_000_i64..1_790_000_000,
            minutes in 1_i64..60_000,
            name in prop::sample::select(&ZONES[..]),
            interval in prop::sample::select(&Interval::ALL[..]),
        ) {
            let from = from * 1_000_000;
            let range = Range { from: UnixMicros(from), to: UnixMicros(from + minutes * MINUTE) };
            let edges = bucket_edges(range, interval, &zone(name));
            prop_assert!(edges[0] <= range.from && edges[edges.len() - 1] >= range.to);
            prop_assert!(edges.is_sorted_by(|a, b| a < b));
            prop_assert!(edges.len() < 2 || edges[1] > range.from);
            let inside: Vec<_> = edges[1..].iter().copied().filter(|e| *e < range.to).collect();
            let mut brute = brute_force(range, interval, &zone(name));
            brute.retain(|start| *start > range.from && *start < range.to);
            prop_assert_eq!(inside, brute);
        }
    }

    fn shown(from: &str, to: &str, interval: Interval, name: &str) -> Vec<String> {
        let at = |text: &str| UnixMicros::parse_rfc3339(text).unwrap();
        let range = Range {
            from: at(from),
            to: at(to),
        };
        let zone = zone(name);
        bucket_edges(range, interval, &zone)
            .into_iter()
            .map(|e| rfc3339_in(e, &zone))
            .collect()
    }

    #[test]
    fn days_have_23_and_25_hours_and_hours_may_have_30_minutes() {
        let days = shown(
            "2026-03-08T05:00:00Z",
            "2026-03-09T04:00:00Z",
            Interval::Day,
            "America/New_York",
        );
        assert_eq!(
            days,
            ["2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00"]
        );
        let hours = shown(
            "2026-04-04T14:00:00Z",
            "2026-04-04T15:31:00Z",
            Interval::Hour,
            "Australia/Lord_Howe",
        );
        assert_eq!(
            hours,
            [
                "2026-04-05T01:00:00+11:00",
                "2026-04-05T01:30:00+10:30",
                "2026-04-05T02:00:00+10:30",
                "2026-04-05T03:00:00+10:30"
            ]
        );
        let hours = shown(
            "2026-01-01T00:20:00Z",
            "2026-01-01T01:00:00Z",
            Interval::Hour,
            "Asia/Kathmandu",
        );
        assert_eq!(
            hours,
            ["2026-01-01T06:00:00+05:45", "2026-01-01T07:00:00+05:45"]
        );
    }
}
