//! The distribution of durations: a histogram whose buckets grow with the value.
//!
//! Below 128 ms every millisecond has a bucket; above, each power of two is cut in 64. A
//! quantile is therefore off by at most 1/128 of its value, merging is adding, and the
//! result is the same in any order, which t-digest and KLL can't promise.

use super::{InvalidSketch, leb128};

/// Largest relative error of a quantile: half a bucket, and a bucket is 1/64 of its start.
pub const DURATION_RELATIVE_ERROR: f64 = 1.0 / 128.0;

const EXACT_BELOW: u32 = 128;
const STEPS_LOG2: u32 = 6;
const VERSION: u8 = 1;

/// Counts of the buckets that have any, in their order. Where a bucket's count is, the
/// number of buckets before it tells: it is kept for each block of 64, with a bit for each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Durations {
    counts: Vec<u64>,
    blocks: Vec<Block>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    present: u64,
    /// Buckets present in the blocks before.
    before: u16,
}

impl Durations {
    pub fn insert(&mut self, duration_ms: u32) {
        self.add(bucket_of(duration_ms), 1);
    }

    pub fn merge(&mut self, other: &Self) {
        if self.counts.is_empty() {
            self.clone_from(other);
            return;
        }
        for (bucket, count) in other.iter() {
            self.add(bucket, count);
        }
    }

    fn add(&mut self, bucket: u16, count: u64) {
        let (number, bit) = (usize::from(bucket / 64), 1_u64 << (bucket % 64));
        if number >= self.blocks.len() {
            let before = self.counts.len() as u16;
            self.blocks.resize(number + 1, Block { present: 0, before });
        }
        let block = &mut self.blocks[number];
        let at = usize::from(block.before) + (block.present & (bit - 1)).count_ones() as usize;
        if block.present & bit != 0 {
            self.counts[at] = self.counts[at].saturating_add(count);
            return;
        }
        block.present |= bit;
        self.counts.insert(at, count);
        for later in &mut self.blocks[number + 1..] {
            later.before += 1;
        }
    }

    /// Buckets in ascending order, each with its count.
    fn iter(&self) -> impl Iterator<Item = (u16, u64)> {
        let bits = |mut present: u64| {
            std::iter::from_fn(move || {
                let lowest = (present != 0).then(|| present.trailing_zeros() as u16)?;
                present &= present - 1;
                Some(lowest)
            })
        };
        let buckets = (0_u16..)
            .zip(&self.blocks)
            .flat_map(move |(number, block)| bits(block.present).map(move |bit| number * 64 + bit));
        buckets.zip(self.counts.iter().copied())
    }

    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().copied().fold(0, u64::saturating_add)
    }

    /// The duration in milliseconds below which the share `q` (0 to 1) lies: nearest rank.
    /// `None` where there is none.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let total = self.count();
        if total == 0 {
            return None;
        }
        let rank = ((q.clamp(0.0, 1.0) * total as f64).ceil() as u64).clamp(1, total);
        let mut seen = 0_u64;
        self.iter()
            .find(|(_, count)| {
                seen = seen.saturating_add(*count);
                seen >= rank
            })
            .map(|(bucket, _)| middle_of(bucket))
    }

    /// About how much memory this takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<u64>() + self.blocks.capacity() * size_of::<Block>()
    }

    /// The stored form: a version, then bucket gaps and counts as LEB128; empty if empty.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        if self.counts.is_empty() {
            return Vec::new();
        }
        let mut bytes = vec![VERSION];
        let mut last = 0;
        for (bucket, count) in self.iter() {
            leb128::write(u64::from(bucket - last), &mut bytes);
            leb128::write(count, &mut bytes);
            last = bucket;
        }
        bytes
    }

    /// # Errors
    /// Bytes that [`Self::encode`] didn't write.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidSketch> {
        let mut rest = match bytes {
            [] => return Ok(Self::default()),
            [VERSION, rest @ ..] => rest,
            _ => return Err(InvalidSketch("durations")),
        };
        let mut durations = Self::default();
        let mut last: u16 = 0;
        while !rest.is_empty() {
            let gap = leb128::read(&mut rest).and_then(|gap| u16::try_from(gap).ok());
            let bucket = gap.and_then(|gap| last.checked_add(gap));
            let count = leb128::read(&mut rest).filter(|count| *count > 0);
            let ascending = durations.counts.is_empty() || gap != Some(0);
            match (bucket, count) {
                (Some(bucket), Some(count)) if ascending && bucket <= LAST_BUCKET => {
                    durations.add(bucket, count);
                    last = bucket;
                }
                _ => return Err(InvalidSketch("durations")),
            }
        }
        Ok(durations)
    }
}

const LAST_BUCKET: u16 = bucket_of(u32::MAX);

const fn bucket_of(ms: u32) -> u16 {
    if ms < EXACT_BELOW {
        return ms as u16;
    }
    let shift = ms.ilog2() - STEPS_LOG2;
    let step = (ms >> shift) - (1 << STEPS_LOG2);
    (EXACT_BELOW + ((shift - 1) << STEPS_LOG2) + step) as u16
}

fn middle_of(bucket: u16) -> f64 {
    let bucket = u32::from(bucket);
    if bucket < EXACT_BELOW {
        return f64::from(bucket);
    }
    let shift = ((bucket - EXACT_BELOW) >> STEPS_LOG2) + 1;
    let step = (bucket - EXACT_BELOW) & ((1 << STEPS_LOG2) - 1);
    let width = 2_f64.powi(shift as i32);
    let start = f64::from(step + (1 << STEPS_LOG2)) * width;
    start + (width - 1.0) / 2.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_ascend_without_gaps() {
        let mut last = bucket_of(0);
        for ms in 1..2_000_000 {
            let bucket = bucket_of(ms);
            assert!(bucket == last || bucket == last + 1, "{ms}");
            last = bucket;
        }
    }

    #[test]
    fn counts_that_nobody_could_have_written_end_at_the_largest() {
        let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        let stored: Vec<u8> = [&[VERSION, 3], &most[..], &[4], &most[..]].concat();
        let mut sketch = Durations::decode(&stored).unwrap();
        sketch.insert(3);
        sketch.merge(&Durations::decode(&stored).unwrap());
        assert_eq!(sketch.count(), u64::MAX);
        assert_eq!(sketch.quantile(0.5), Some(3.0));
        // Beyond 2^53 a rank may round to more than there are.
        let one_less = [&[VERSION, 4, 0xfe], &most[1..]].concat();
        let sketch = Durations::decode(&one_less).unwrap();
        assert_eq!(sketch.quantile(1.0), Some(4.0));
    }

    proptest! {
        #[test]
        fn the_middle_is_within_the_error(ms in any::<u32>()) {
            let error = (middle_of(bucket_of(ms)) - f64::from(ms)).abs();
            prop_assert!(error <= f64::from(ms) * DURATION_RELATIVE_ERROR);
        }

        #[test]
        fn quantiles_are_within_the_error(
            mut values in prop::collection::vec(0..100_000_u32, 1..500),
            q in 0.0..=1.0_f64,
        ) {
            let mut sketch = Durations::default();
            values.iter().for_each(|ms| sketch.insert(*ms));
            values.sort_unstable();
            let rank = ((q * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let exact = f64::from(values[rank - 1]);
            let got = sketch.quantile(q).unwrap();
            prop_assert!((got - exact).abs() <= exact * DURATION_RELATIVE_ERROR);
        }

        #[test]
        fn any_bytes_are_refused_or_read_back_the_same(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(sketch) = Durations::decode(&bytes) {
                prop_assert_eq!(Durations::decode(&sketch.encode()).unwrap(), sketch);
            }
        }
    }
}
