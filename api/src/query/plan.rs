//! Which rows answer a query: whole minutes from rollups, as coarse as is exact, and the parts of
//! minutes at the ends from raw rows.

use std::collections::HashMap;

use common::{rollup::Tier, time::UnixMicros};

use super::range::{MINUTE, Range, first_minute};

/// A state of a built bucket: the transaction that built it, and when that began. Numbers of
/// transactions come again after 2^32 of them or in a restored database, and a clock may be set
/// back; both together don't repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    pub transaction: i64,
    pub built_at: UnixMicros,
}

/// Coarse buckets that may be used: built, and not touched since. Of a quarter of an hour that an
/// end of the range cuts, the minutes are as they were when it was built.
#[derive(Debug, Clone, Default)]
pub struct Usable(pub HashMap<(Tier, UnixMicros), Version>);

impl Usable {
    fn holds(&self, tier: Tier, bucket: UnixMicros) -> bool {
        tier == Tier::Minute || self.0.contains_key(&(tier, bucket))
    }

    fn quarter_of(&self, at: UnixMicros) -> Option<Version> {
        let quarter = (Tier::QuarterHour, Tier::QuarterHour.bucket(at));
        self.0.get(&quarter).copied()
    }
}

/// Neighbouring buckets of one tier within one bucket of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Piece {
    pub tier: Tier,
    pub range: Range,
    /// The version of each bucket, in their order; of minutes those of their quarters of an hour,
    /// if these can be used.
    pub built: Vec<Version>,
}

impl Piece {
    /// The starts of its buckets.
    pub fn buckets(&self) -> impl Iterator<Item = UnixMicros> {
        tier_buckets(self.tier, self.range)
    }
}

/// The starts of a tier's buckets in a range that begins with one.
pub fn tier_buckets(tier: Tier, range: Range) -> impl Iterator<Item = UnixMicros> {
    let width = tier.seconds() * 1_000_000;
    std::iter::successors(Some(range.from), move |at| Some(UnixMicros(at.0 + width)))
        .take_while(move |at| *at < range.to)
}

/// A range cut at whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// Whole minutes; `None` where there are none.
    pub minutes: Option<Range>,
    /// Parts of a minute: before the minutes, after them.
    pub edges: [Option<Range>; 2],
}

#[must_use]
pub fn split(range: Range) -> Split {
    let some = |from: i64, to: i64| {
        let range = Range {
            from: UnixMicros(from),
            to: UnixMicros(to),
        };
        (from < to).then_some(range)
    };
    let first = first_minute(range.from).0;
    let last = Tier::Minute.bucket(range.to).0;
    if first > last {
        return Split {
            minutes: None,
            edges: [Some(range), None],
        };
    }
    Split {
        minutes: some(first, last),
        edges: [some(range.from.0, first), some(last, range.to.0)],
    }
}

/// Covers `minutes` with the coarsest usable buckets; no piece crosses one of `edges`, the edges
/// of the answer's buckets, ascending.
#[must_use]
pub fn pieces(minutes: Range, edges: &[UnixMicros], usable: &Usable) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = minutes.from;
    let mut cuts = edges.iter().copied().filter(|edge| *edge < minutes.to);
    let mut next_cut = |at| cuts.find(|edge| *edge > at).unwrap_or(minutes.to);
    let mut end = next_cut(at);
    let mut goes_on = false;
    let mut starts: Vec<_> = usable.0.keys().map(|(_, start)| *start).collect();
    starts.sort_unstable();
    while at < minutes.to {
        let (tier, next) = step(at, end, usable, &starts);
        let version = match tier {
            Tier::Minute => usable.quarter_of(at),
            tier => usable.0.get(&(tier, at)).copied(),
        };
        match pieces.last_mut() {
            Some(last)
                if goes_on
                    && !begins_block(tier, at)
                    && last.tier == tier
                    && last.built.is_empty() == version.is_none() =>
            {
                last.range.to = next;
                last.built.extend(version);
            }
            _ => pieces.push(Piece {
                tier,
                range: Range { from: at, to: next },
                built: version.into_iter().collect(),
            }),
        }
        at = next;
        goes_on = at < end;
        if !goes_on {
            end = next_cut(at);
        }
    }
    pieces
}

/// Hours in a piece at most, of those of a day that are counted from midnight UTC: a range that has
/// moved by an hour still needs the pieces in its middle, which are kept.
const BLOCK: i64 = 12;

fn begins_block(tier: Tier, at: UnixMicros) -> bool {
    tier == Tier::Hour && at.0 % (BLOCK * 60 * MINUTE) == 0
}

/// `starts` are those of the usable buckets, ascending: what holds none is passed at once,
/// however long it is.
fn step(
    at: UnixMicros,
    end: UnixMicros,
    usable: &Usable,
    starts: &[UnixMicros],
) -> (Tier, UnixMicros) {
    let width = |tier: Tier| tier.seconds() * 1_000_000;
    let fits = |tier: &Tier| {
        tier.bucket(at) == at && at.0 + width(*tier) <= end.0 && usable.holds(*tier, at)
    };
    match Tier::ALL.into_iter().rev().find(fits) {
        Some(tier) if tier != Tier::Minute => (tier, UnixMicros(at.0 + width(tier))),
        _ => {
            let later = starts.partition_point(|start| *start <= at);
            let next = starts.get(later).copied().unwrap_or(end);
            let next = match usable.quarter_of(at) {
                Some(_) => next.min(UnixMicros(
                    Tier::QuarterHour.bucket(at).0 + width(Tier::QuarterHour),
                )),
                None => next,
            };
            (Tier::Minute, next.min(end))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(from: i64, to: i64) -> Range {
        Range {
            from: UnixMicros(from),
            to: UnixMicros(to),
        }
    }

    #[test]
    fn a_range_of_ages_is_planned_at_once() {
        let ages = range(0, 9_000 * 366 * 1_440 * MINUTE);
        let edges = [ages.from, ages.to];
        let planned = pieces(ages, &edges, &Usable::default());
        let want = Piece {
            tier: Tier::Minute,
            range: ages,
            built: Vec::new(),
        };
        assert_eq!(planned, [want]);
    }

    #[test]
    fn parts_of_a_minute_are_split_off() {
        let cases = [
            ((0, 3 * MINUTE), (Some(range(0, 3 * MINUTE)), [None, None])),
            (
                (1, 3 * MINUTE),
                (
                    Some(range(MINUTE, 3 * MINUTE)),
                    [Some(range(1, MINUTE)), None],
                ),
            ),
            ((5, 9), (None, [Some(range(5, 9)), None])),
            ((5, MINUTE), (None, [Some(range(5, MINUTE)), None])),
            (
                (MINUTE, MINUTE + 1),
                (None, [None, Some(range(MINUTE, MINUTE + 1))]),
            ),
            (
                (-1, MINUTE + 1),
                (
                    Some(range(0, MINUTE)),
                    [Some(range(-1, 0)), Some(range(MINUTE, MINUTE + 1))],
                ),
            ),
            (
                (5, MINUTE + 5),
                (
                    None,
                    [Some(range(5, MINUTE)), Some(range(MINUTE, MINUTE + 5))],
                ),
            ),
        ];
        for ((from, to), (minutes, edges)) in cases {
            assert_eq!(
                split(range(from, to)),
                Split { minutes, edges },
                "{from} {to}"
            );
        }
    }

    fn version_of(bucket: UnixMicros) -> Version {
        Version {
            transaction: bucket.0,
            built_at: bucket,
        }
    }

    proptest! {
        #[test]
        fn pieces_cover_the_minutes_once_and_never_cross_an_edge(
            from in 0_i64..5_000,
            length in 1_i64..8_000,
            mut cuts in prop::collection::vec(0_i64..13_000, 0..12),
            quarters in prop::collection::hash_set(0_i64..900, 0..600),
            hours in prop::collection::hash_set(0_i64..225, 0..200),
            days in prop::collection::hash_set(0_i64..10, 0..9),
        ) {
            let minutes = range(from * MINUTE, (from + length) * MINUTE);
            cuts.sort_unstable();
            cuts.dedup();
            let edges: Vec<_> = cuts.iter().map(|cut| UnixMicros(cut * MINUTE)).collect();
            let built = [(Tier::QuarterHour, quarters), (Tier::Hour, hours), (Tier::Day, days)];
            let usable = built.into_iter().flat_map(|(tier, numbers)| {
                let start = move |n| {
                    let start = UnixMicros(n * tier.seconds() * 1_000_000);
                    ((tier, start), version_of(start))
                };
                numbers.into_iter().map(start)
            });
            let usable = Usable(usable.collect());
            let pieces = pieces(minutes, &edges, &usable);
            let mut at = minutes.from;
            for piece in &pieces {
                prop_assert_eq!(piece.range.from, at);
                at = piece.range.to;
                let width = piece.tier.seconds() * 1_000_000;
                prop_assert_eq!(piece.range.from.0 % width, 0);
                prop_assert_eq!(piece.range.to.0 % width, 0);
                prop_assert_eq!(piece.buckets().count() as i64 * width, piece.range.micros());
                if piece.tier == Tier::Minute {
                    let mut quarters: Vec<_> = piece.buckets().map(|at| usable.quarter_of(at)).collect();
                    quarters.dedup();
                    let built: Vec<_> = piece.built.iter().copied().map(Some).collect();
                    prop_assert_eq!(quarters, if built.is_empty() { vec![None] } else { built });
                } else {
                    prop_assert_eq!(&piece.built, &piece.buckets().map(version_of).collect::<Vec<_>>());
                }
                for bucket in piece.buckets() {
                    prop_assert!(usable.holds(piece.tier, bucket));
                }
                let crossed = |e: &&UnixMicros| **e > piece.range.from && **e < piece.range.to;
                prop_assert!(edges.iter().find(crossed).is_none());
                let block = |at: UnixMicros| at.0.div_euclid(BLOCK * 60 * MINUTE);
                let last = UnixMicros(piece.range.to.0 - 1);
                prop_assert!(piece.tier != Tier::Hour || block(piece.range.from) == block(last));
            }
            prop_assert_eq!(at, minutes.to);
        }
    }
}
