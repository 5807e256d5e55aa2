//! The id of a stream entry.

use std::{fmt, str::FromStr};

use crate::time::UnixMicros;

/// `<milliseconds>-<sequence>`, in the order in which Redis appends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    pub ms: u64,
    pub seq: u64,
}

impl EntryId {
    pub const MIN: Self = Self { ms: 0, seq: 0 };

    /// Redis's clock when it appended the entry: the moment of acceptance.
    #[must_use]
    pub fn accepted_at(self) -> UnixMicros {
        UnixMicros::from_millis(i64::try_from(self.ms).unwrap_or(i64::MAX))
    }

    /// The smallest id above this one.
    #[must_use]
    pub const fn next(self) -> Self {
        match self.seq.checked_add(1) {
            Some(seq) => Self { ms: self.ms, seq },
            None => Self {
                ms: self.ms.saturating_add(1),
                seq: 0,
            },
        }
    }

    /// One whole number that sorts like the id.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        (self.ms as u128) << 64 | self.seq as u128
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

/// Not `<number>-<number>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a stream entry id")]
pub struct InvalidEntryId;

impl FromStr for EntryId {
    type Err = InvalidEntryId;

    fn from_str(text: &str) -> Result<Self, InvalidEntryId> {
        let (ms, seq) = text.split_once('-').ok_or(InvalidEntryId)?;
        Ok(Self {
            ms: ms.parse().map_err(|_| InvalidEntryId)?,
            seq: seq.parse().map_err(|_| InvalidEntryId)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::EntryId;

    #[test]
    fn ids_are_read_written_and_ordered() {
        let id: EntryId = "1763634907123-4".parse().unwrap();
        assert_eq!(id.to_string(), "1763634907123-4");
        assert_eq!(id.next().to_string(), "1763634907123-5");
        let last = EntryId {
            ms: 1,
            seq: u64::MAX,
        };
        assert_eq!(last.next(), EntryId { ms: 2, seq: 0 });
        assert!(last.as_u128() < last.next().as_u128());
        for text in ["", "5", "-", "1-", "a-1", "1-1-1", "-1-0"] {
            assert!(text.parse::<EntryId>().is_err(), "{text}");
        }
    }
}
