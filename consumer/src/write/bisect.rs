//! Finds the rows that the database rejects by bisection: k of n rows take about k · log n
//! attempts.

use std::ops::Range;

/// What is still to be tried.
pub(super) struct Bisection {
    pieces: Vec<Range<usize>>,
}

impl Bisection {
    pub(super) fn of(rows: usize) -> Self {
        Self {
            pieces: Vec::from([Range {
                start: 0,
                end: rows,
            }]),
        }
    }

    /// Rows to try together; never none.
    pub(super) fn next(&mut self) -> Option<Range<usize>> {
        let rows = self.pieces.pop()?;
        if rows.is_empty() { None } else { Some(rows) }
    }

    /// One of `rows` is refused: which one, where it is the only one, else its halves are next.
    pub(super) fn refused(&mut self, rows: Range<usize>) -> Option<usize> {
        if rows.len() == 1 {
            return Some(rows.start);
        }
        let middle = rows.start + rows.len() / 2;
        self.pieces.extend([middle..rows.end, rows.start..middle]);
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// The refused rows, and how often some were tried.
    fn search(rows: usize, is_refused: impl Fn(usize) -> bool) -> (Vec<usize>, usize) {
        let (mut search, mut found, mut attempts) = (Bisection::of(rows), Vec::new(), 0);
        while let Some(rows) = search.next() {
            attempts += 1;
            if rows.clone().any(&is_refused) {
                found.extend(search.refused(rows));
            }
        }
        (found, attempts)
    }

    proptest! {
        #[test]
        fn every_refused_row_is_found_in_few_attempts(
            rows in 0..300_usize,
            refused in prop::collection::btree_set(0..300_usize, 0..20),
        ) {
            let refused: BTreeSet<_> = refused.into_iter().filter(|row| *row < rows).collect();
            let (found, attempts) = search(rows, |row| refused.contains(&row));
            prop_assert!(found.iter().eq(&refused), "{found:?} of {refused:?}");
            let halvings = usize::BITS - rows.leading_zeros();
            prop_assert!(attempts <= 1 + refused.len() * 2 * halvings as usize);
        }
    }

    #[test]
    fn nothing_is_not_tried() {
        assert_eq!(search(0, |_| true), (vec![], 0));
    }
}
