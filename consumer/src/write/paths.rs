//! Which way the next batch goes in.

use super::transaction::Path;

/// Batches in a row that held duplicates nobody suspected, after which old events seem to
/// come again.
const MISSES_TOLERATED: u32 = 3;
/// Then this many batches take the staged path at once: a failed COPY costs more.
const STAGED_AFTER_MISSES: u32 = 8;

/// Straight, but for a while after duplicates that nobody suspected came in one batch after
/// the other.
#[derive(Debug, Default)]
pub(super) struct Paths {
    missed: u32,
    staged_left: u32,
}

impl Paths {
    pub(super) fn next(&mut self) -> Path {
        match self.staged_left {
            0 => Path::Straight,
            left => {
                self.staged_left = left - 1;
                Path::Staged
            }
        }
    }

    pub(super) fn committed(&mut self, path: Path) {
        if path == Path::Straight {
            self.missed = 0;
        }
    }

    /// A batch held a duplicate although suspects had been sought.
    pub(super) fn missed_a_duplicate(&mut self) {
        self.missed += 1;
        if self.missed >= MISSES_TOLERATED {
            self.staged_left = STAGED_AFTER_MISSES;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged(paths: &mut Paths) -> usize {
        (0..100)
            .take_while(|_| paths.next() == Path::Staged)
            .count()
    }

    #[test]
    fn after_three_misses_in_a_row_eight_batches_are_staged() {
        let mut paths = Paths::default();
        assert_eq!(staged(&mut paths), 0);
        for _ in 0..2 {
            paths.missed_a_duplicate();
            // That batch is written by way of the temporary table in the end.
            paths.committed(Path::Staged);
        }
        assert_eq!(staged(&mut paths), 0);
        paths.missed_a_duplicate();
        assert_eq!(staged(&mut paths), 8);
        paths.missed_a_duplicate();
        assert_eq!(staged(&mut paths), 8, "the next of them is enough");
        paths.committed(Path::Straight);
        for _ in 0..2 {
            paths.missed_a_duplicate();
        }
        assert_eq!(staged(&mut paths), 0);
    }
}
