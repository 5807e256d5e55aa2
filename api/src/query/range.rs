//! The time range of a query, half-open.

use common::time::UnixMicros;
use jiff::{Timestamp, tz::TimeZone};

pub const MINUTE: i64 = 60_000_000;
/// More buckets than this are refused.
pub const MAX_BUCKETS: i64 = 10_000;

/// `[from, to)`, not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    pub from: UnixMicros,
    pub to: UnixMicros,
}

impl Range {
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.to.0.saturating_sub(self.from.0)
    }
}

/// Where the first minute begins that has nothing before `at`.
#[must_use]
pub const fn first_minute(at: UnixMicros) -> UnixMicros {
    UnixMicros(-((-at.0).div_euclid(MINUTE)) * MINUTE)
}

/// The end of the minute that `at` lies in.
#[must_use]
pub const fn end_of_minute(at: UnixMicros) -> UnixMicros {
    UnixMicros((at.0.div_euclid(MINUTE) + 1) * MINUTE)
}

/// Clamped to what has a calendar.
pub(super) fn timestamp(at: UnixMicros) -> Timestamp {
    let bounds = (
        Timestamp::MIN.as_microsecond(),
        Timestamp::MAX.as_microsecond(),
    );
    Timestamp::from_microsecond(at.0.clamp(bounds.0, bounds.1)).unwrap_or_default()
}

/// RFC 3339 with the zone's offset at that moment.
#[must_use]
pub fn rfc3339_in(at: UnixMicros, zone: &TimeZone) -> String {
    let at = timestamp(at);
    match zone.to_offset(at) {
        offset if offset.seconds() == 0 => at.to_string(),
        offset => at.display_with_offset(offset).to_string(),
    }
}
