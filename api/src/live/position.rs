//! How far a client has got: the last commit counted of each writer, and the end of its window.

use std::{collections::BTreeMap, fmt};

use common::time::UnixMicros;

use crate::query::range::MINUTE;

/// Longer ones can't be ours: it is room for 300 writers.
const LONGEST: usize = 8 * 1_024;

/// As text `@<end in minutes>.<generation>,<writer>:<seq>,…`, writers ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    /// The end of the minute that was running.
    pub(super) end: UnixMicros,
    /// Of the rollups: what changes them without a commit raises it.
    pub(super) generation: i64,
    pub(super) writers: BTreeMap<i64, i64>,
}

impl Position {
    /// `None` for a text that isn't one of ours.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (head, writers) = text.strip_prefix('@')?.split_once(',').unwrap_or_else(|| {
            let head = text.strip_prefix('@').unwrap_or_default();
            (head, "")
        });
        let (end, generation) = head.split_once('.')?;
        let end = number(end)?.checked_mul(MINUTE)?;
        if text.len() > LONGEST {
            return None;
        }
        let pair = |pair: &str| {
            let (writer, seq) = pair.split_once(':')?;
            Some((number(writer)?, number(seq)?))
        };
        let pairs = writers.split(',').filter(|_| !writers.is_empty());
        let position = Self {
            end: UnixMicros(end),
            generation: number(generation)?,
            writers: pairs.map(pair).collect::<Option<_>>()?,
        };
        (position.to_string() == text).then_some(position)
    }

    /// Whether every commit that `other` counts is counted here, as far as the two tell.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let counted = |(writer, seq)| self.writers.get(writer).is_some_and(|own| own >= seq);
        self.generation == other.generation && other.writers.iter().all(counted)
    }
}

fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number| *number >= 0)
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}.{}", self.end.0.div_euclid(MINUTE), self.generation)?;
        self.writers
            .iter()
            .try_for_each(|(writer, seq)| write!(f, ",{writer}:{seq}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for text in ["@29384756.1", "@0.0,1:2", "@29384756.3,3:7,12:1"] {
            assert_eq!(Position::parse(text).unwrap().to_string(), text);
        }
        let wrong = [
            "",
            "@",
            "@1",
            "1.1",
            "@1.1,",
            "@1.1,3",
            "@1.1,3:-1",
            "@1.1,3:1,2:1",
            "@1.1,3:1,3:1",
            "@1.1,03:1",
            "@1.1, 3:1",
            "@-1.1",
            "@1.1,3:99999999999999999999",
            "@9223372036854775807.1",
        ];
        for text in wrong {
            assert_eq!(Position::parse(text), None, "{text}");
        }
        let long = format!("@1.1,{}:1", "9".repeat(LONGEST));
        assert_eq!(Position::parse(&long), None);
    }

    #[test]
    fn a_position_covers_what_it_counts() {
        let position = |text| Position::parse(text).unwrap();
        let later = position("@2.1,3:7,12:1");
        for earlier in ["@1.1", "@1.1,3:7", "@3.1,3:6,12:0"] {
            assert!(later.covers(&position(earlier)), "{earlier}");
        }
        for other in ["@1.1,3:8", "@1.1,4:1", "@1.2,3:7"] {
            assert!(!later.covers(&position(other)), "{other}");
        }
    }
}
