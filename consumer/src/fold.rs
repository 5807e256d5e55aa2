//! Rows → rollups. A lane keeps the state of the rollup rows that it alone writes; a batch is
//! folded into a copy, which replaces the state only when the commit is known to have succeeded.

use std::collections::HashMap;

use common::{
    rollup::{Dimension, OTHER, Rollup, Tier},
    time::UnixMicros,
};
use foldhash::fast::FixedState;

use crate::decode::{Row, Values};

type ByValue = HashMap<Box<str>, Rollup, FixedState>;

/// The rollup rows under one writer id, as the database has them.
#[derive(Debug, Default)]
pub struct Memory {
    buckets: HashMap<UnixMicros, [ByValue; Dimension::COUNT], FixedState>,
    bytes: usize,
}

/// A rollup row after a batch: to be written as it is.
#[derive(Debug)]
pub struct Folded {
    pub bucket: UnixMicros,
    pub dimension: Dimension,
    pub value: Box<str>,
    pub rollup: Rollup,
}

impl Memory {
    /// About how much memory the state takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The state with `rows` added; see [`Memory::begin`].
    #[must_use]
    pub fn fold<'r>(
        &self,
        rows: impl Iterator<Item = &'r Row>,
        values: &Values,
        max_values: usize,
    ) -> Vec<Folded> {
        let mut fold = self.begin(values, max_values);
        rows.for_each(|row| fold.add(row));
        fold.finish()
    }

    /// Begins to add the rows of one batch beside the state. `max_values` bounds the named
    /// values per bucket and dimension; the rest is `(other)`.
    #[must_use]
    pub fn begin<'f>(&'f self, values: &'f Values, max_values: usize) -> Fold<'f> {
        Fold {
            memory: self,
            values,
            max_values,
            slots: HashMap::default(),
            folded: Vec::new(),
        }
    }

    /// Takes over what was committed.
    pub fn advance(&mut self, folded: Vec<Folded>) {
        for row in folded {
            let bucket = self.buckets.entry(row.bucket).or_default();
            let value_bytes = row.value.len();
            self.bytes += value_bytes + row.rollup.memory_bytes();
            let known = bucket[row.dimension as usize].insert(row.value, row.rollup);
            self.bytes -= known.map_or(0, |known| value_bytes + known.memory_bytes());
        }
    }

    /// Every rollup row, in no order.
    pub(crate) fn rows(self) -> impl Iterator<Item = Folded> {
        self.buckets.into_iter().flat_map(|(bucket, dimensions)| {
            Dimension::ALL
                .into_iter()
                .zip(dimensions)
                .flat_map(move |(dimension, values)| {
                    values.into_iter().map(move |(value, rollup)| Folded {
                        bucket,
                        dimension,
                        value,
                        rollup,
                    })
                })
        })
    }

    fn get(&self, bucket: UnixMicros, dimension: Dimension, value: &str) -> Option<&Rollup> {
        self.buckets.get(&bucket)?[dimension as usize].get(value)
    }

    fn len(&self, bucket: UnixMicros, dimension: Dimension) -> usize {
        self.buckets
            .get(&bucket)
            .map_or(0, |bucket| bucket[dimension as usize].len())
    }
}

/// One batch on its way into the state: values are numbers, so an event finds its rollups by index.
pub struct Fold<'f> {
    memory: &'f Memory,
    values: &'f Values,
    max_values: usize,
    slots: HashMap<UnixMicros, BucketSlots, FixedState>,
    folded: Vec<Folded>,
}

const NONE: u32 = u32::MAX;

/// For each dimension, where in `folded` a value's rollup is; and how many are named.
struct BucketSlots {
    by_value: [Vec<u32>; Dimension::COUNT],
    named: [usize; Dimension::COUNT],
    other: [u32; Dimension::COUNT],
}

impl Fold<'_> {
    pub fn add(&mut self, row: &Row) {
        let bucket = Tier::Minute.bucket(row.occurred_at);
        let (memory, values) = (self.memory, self.values);
        let slots = self.slots.entry(bucket).or_insert_with(|| BucketSlots {
            by_value: Dimension::ALL.map(|d| vec![NONE; values.len(d)]),
            named: Dimension::ALL.map(|d| memory.len(bucket, d)),
            other: [NONE; Dimension::COUNT],
        });
        for (dimension, id) in Dimension::ALL.into_iter().zip(row.values) {
            let by_value = &mut slots.by_value[dimension as usize];
            let mut slot = by_value.get(id as usize).copied().unwrap_or(NONE);
            if slot == NONE {
                let value = values.get(dimension, id);
                let named = &mut slots.named[dimension as usize];
                let known = memory.get(bucket, dimension, value);
                let other = &mut slots.other[dimension as usize];
                slot = if value != OTHER && (known.is_some() || *named < self.max_values) {
                    *named += usize::from(known.is_none());
                    push(&mut self.folded, bucket, dimension, value, known)
                } else {
                    if *other == NONE {
                        let known = memory.get(bucket, dimension, OTHER);
                        *other = push(&mut self.folded, bucket, dimension, OTHER, known);
                    }
                    *other
                };
                by_value[id as usize] = slot;
            }
            self.folded[slot as usize].rollup.add(&row.sample);
        }
    }

    /// The rollup rows that were touched, as they are now, in key order.
    #[must_use]
    pub fn finish(mut self) -> Vec<Folded> {
        // One order for all lanes: concurrent upserts can't deadlock.
        self.folded.sort_unstable_by(|a, b| {
            (a.dimension, a.bucket, &a.value).cmp(&(b.dimension, b.bucket, &b.value))
        });
        self.folded
    }
}

/// A rollup to add to, which begins as what is `known` of it.
fn push(
    folded: &mut Vec<Folded>,
    bucket: UnixMicros,
    dimension: Dimension,
    value: &str,
    known: Option<&Rollup>,
) -> u32 {
    folded.push(Folded {
        bucket,
        dimension,
        value: value.into(),
        rollup: known.cloned().unwrap_or_else(|| Rollup::of(dimension)),
    });
    folded.len() as u32 - 1
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
