//! How many entries the next read asks for.

/// Payload that one read should bring.
const TARGET_BYTES: usize = 1536 * 1024;
const MAX_COUNT: usize = 4_000;
const FIRST_COUNT: usize = 16;

/// Follows the size of the entries, and no faster than by doubling: entries may have become
/// a thousand times larger since the last read.
#[derive(Debug)]
pub(super) struct Pace {
    bytes_per_entry: usize,
    last_delivered: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            bytes_per_entry: TARGET_BYTES / FIRST_COUNT,
            last_delivered: FIRST_COUNT / 2,
        }
    }
}

impl Pace {
    pub(super) fn count(&self) -> usize {
        let by_size = TARGET_BYTES / self.bytes_per_entry;
        let by_growth = (2 * self.last_delivered).max(FIRST_COUNT);
        by_size.min(by_growth).clamp(1, MAX_COUNT)
    }

    pub(super) fn adapt(&mut self, entries: usize, bytes: usize) {
        let mean = (bytes / entries.max(1)).max(64);
        self.bytes_per_entry = if mean > self.bytes_per_entry {
            mean
        } else {
            (self.bytes_per_entry + mean) / 2
        };
        self.last_delivered = entries;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_entries_are_read_by_the_thousand_and_large_ones_singly() {
        let mut pace = Pace::default();
        for _ in 0..20 {
            pace.adapt(pace.count(), 300 * pace.count());
        }
        assert_eq!(pace.count(), MAX_COUNT);
        pace.adapt(10, 10 * 4 * TARGET_BYTES);
        assert_eq!(pace.count(), 1);
    }

    #[test]
    fn after_a_trickle_a_read_asks_for_few() {
        let mut pace = Pace::default();
        for _ in 0..20 {
            pace.adapt(1, 300);
        }
        assert_eq!(pace.count(), FIRST_COUNT);
    }
}
