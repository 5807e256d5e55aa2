//! How many entries the next read asks for.

/// Payload that one read should bring.
const TARGET_BYTES: usize = 1536 * 1024;
/// So few that a read brings 64 MiB where all entries have suddenly become as large as
/// ingestion makes them, 256 KiB.
const MAX_COUNT: usize = 256;
const FIRST_COUNT: usize = 16;
const FIRST_BYTES: usize = TARGET_BYTES / FIRST_COUNT;

/// Follows the size of the entries, and no faster than by doubling: entries may have become
/// a thousand times larger since the last read. Where reads fail, they may be too large for
/// the link: each asks for half of the last, down to one entry.
#[derive(Debug)]
pub(super) struct Pace {
    bytes_per_entry: usize,
    last_delivered: usize,
    /// Asked for however few came last.
    least: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            bytes_per_entry: FIRST_BYTES,
            last_delivered: FIRST_COUNT / 2,
            least: FIRST_COUNT,
        }
    }
}

impl Pace {
    pub(super) fn count(&self) -> usize {
        let by_size = TARGET_BYTES / self.bytes_per_entry;
        let by_growth = (2 * self.last_delivered).max(self.least);
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
        self.least = (2 * self.least).min(FIRST_COUNT);
    }

    pub(super) fn failed(&mut self) {
        self.least = (self.count() / 2).clamp(1, FIRST_COUNT);
        self.last_delivered = 0;
        self.bytes_per_entry = self.bytes_per_entry.max(FIRST_BYTES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_entries_are_read_by_the_hundred_and_large_ones_singly() {
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

    #[test]
    fn each_failure_halves_what_is_asked_for_and_each_success_doubles_it() {
        let mut pace = Pace::default();
        for _ in 0..20 {
            pace.adapt(pace.count(), 300 * pace.count());
        }
        let mut asked = Vec::new();
        for _ in 0..7 {
            pace.failed();
            asked.push(pace.count());
        }
        assert_eq!(asked, [FIRST_COUNT, 8, 4, 2, 1, 1, 1]);
        for wanted in [2, 4, 8, 16, 32] {
            pace.adapt(pace.count(), 300 * pace.count());
            assert_eq!(pace.count(), wanted);
        }
    }

    /// 256 KiB an entry over 200 kB/s, where a reply may take 2.5 s.
    #[test]
    fn a_slow_link_brings_every_entry_in_the_end() {
        let (entry, most) = (256 * 1024, 500_000);
        let (mut pace, mut brought, mut failures) = (Pace::default(), 0, 0);
        while brought < 100 {
            let count = pace.count();
            if count * entry > most {
                failures += 1;
                assert!(failures < 200, "{brought} entries brought");
                pace.failed();
            } else {
                brought += count;
                pace.adapt(count, count * entry);
            }
        }
    }
}
