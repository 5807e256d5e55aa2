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

    /// Fine enough for a chart, coarse enough for a screen: 60 to 400 buckets up to a year. Never
    /// one that [`Self::nearest_allowed`] refuses where there is another.
    #[must_use]
    pub fn auto(range: Range) -> Self {
        let usual = match range.micros() / MINUTE {
            0..=240 => Self::Minute,
            241..=720 => Self::FiveMinutes,
            721..=2_880 => Self::QuarterHour,
            2_881..=20_160 => Self::Hour,
            _ => Self::Day,
        };
        usual.nearest_allowed(range).unwrap_or(usual)
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
mod tests;
