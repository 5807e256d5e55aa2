//! What a rollup row is keyed by.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{event::Event, time::UnixMicros};

/// A field by which events are broken down. The numbers are stored; they never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i16)]
pub enum Dimension {
    /// Every event, under the value `""`.
    All = 0,
    EventType = 1,
    Page = 2,
    Referrer = 3,
    Country = 4,
    Device = 5,
    Browser = 6,
    Os = 7,
}

impl Dimension {
    pub const COUNT: usize = 8;
    pub const ALL: [Self; Self::COUNT] = [
        Self::All,
        Self::EventType,
        Self::Page,
        Self::Referrer,
        Self::Country,
        Self::Device,
        Self::Browser,
        Self::Os,
    ];

    /// The column of `events`; `all` has none.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::EventType => "event_type",
            Self::Page => "page",
            Self::Referrer => "referrer",
            Self::Country => "country",
            Self::Device => "device",
            Self::Browser => "browser",
            Self::Os => "os",
        }
    }

    #[must_use]
    pub const fn id(self) -> i16 {
        self as i16
    }

    #[must_use]
    pub fn from_id(id: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.id() == id)
    }

    /// The event's value in this dimension; an absent field is `""`.
    #[must_use]
    pub fn value_of<'e>(self, event: &'e Event<'_>) -> &'e str {
        let field = match self {
            Self::All => return "",
            Self::EventType => return &event.event_type,
            Self::Page => &event.page,
            Self::Referrer => &event.referrer,
            Self::Country => &event.country,
            Self::Device => &event.device,
            Self::Browser => &event.browser,
            Self::Os => &event.os,
        };
        field.as_deref().unwrap_or_default()
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Dimension {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|d| d.as_str() == text).ok_or(())
    }
}

/// The value that stands for those beyond the cap of distinct values per dimension and bucket.
pub const OTHER: &str = "(other)";

/// Longest value kept as it is, in bytes; an index entry can't be larger than a third of a page.
const MAX_VALUE_BYTES: usize = 512;

/// The value under which a field is counted. Longer ones keep their beginning and end in a
/// hash (FNV-1a, 64 bits), so that two of them stay apart.
#[must_use]
pub fn key_value(value: &str) -> Cow<'_, str> {
    if value.len() <= MAX_VALUE_BYTES {
        return Cow::Borrowed(value);
    }
    let hash = value.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let cut = (0..=MAX_VALUE_BYTES - 20)
        .rev()
        .find(|end| value.is_char_boundary(*end))
        .unwrap_or(0);
    Cow::Owned(format!("{}…{hash:016x}", &value[..cut]))
}

/// How wide a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    Minute,
    QuarterHour,
    Hour,
    Day,
}

impl Tier {
    pub const COUNT: usize = 4;
    /// From fine to coarse; each bucket lies within one of the next tier.
    pub const ALL: [Self; Self::COUNT] = [Self::Minute, Self::QuarterHour, Self::Hour, Self::Day];

    #[must_use]
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::QuarterHour => 900,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// The start of the bucket that holds `at`. Buckets are aligned to UTC.
    #[must_use]
    pub const fn bucket(self, at: UnixMicros) -> UnixMicros {
        let width = self.seconds() * 1_000_000;
        UnixMicros(at.0.div_euclid(width) * width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_start_at_or_before_their_events() {
        let at = UnixMicros(-1);
        assert_eq!(Tier::Minute.bucket(at), UnixMicros(-60_000_000));
        assert_eq!(
            Tier::Day.bucket(UnixMicros(86_400_000_000)),
            UnixMicros(86_400_000_000)
        );
    }

    #[test]
    fn long_values_are_cut_and_stay_apart() {
        let (a, b) = (
            format!("{}ä", "é".repeat(700)),
            format!("{}ö", "é".repeat(700)),
        );
        assert!(key_value(&a).len() <= MAX_VALUE_BYTES);
        assert_ne!(key_value(&a), key_value(&b));
        assert_eq!(key_value("/pricing"), "/pricing");
    }

    #[test]
    fn dimensions_have_stable_numbers_and_names() {
        for (id, dimension) in (0..).zip(Dimension::ALL) {
            assert_eq!(Dimension::from_id(id), Some(dimension));
            assert_eq!(dimension.as_str().parse(), Ok(dimension));
        }
    }
}
