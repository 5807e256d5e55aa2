//! Which rows of a list are returned, and in which order.

use std::cmp::Ordering;

use super::metric::{Figures, Metric};

/// The sort key of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sort {
    Metric(Metric),
    /// By the number of a dimension of the answer.
    Dimension(usize),
}

/// Undefined values sort last, ties are broken by the dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Each with whether it is descending.
    pub order: Vec<(Sort, bool)>,
    pub limit: usize,
    pub offset: usize,
    /// What the value of the last dimension must contain.
    pub search: Option<String>,
}

impl Page {
    /// The order of two rows, each with its dimensions.
    #[must_use]
    pub fn compare<K: Ord>(&self, row: (&[K], &Figures), other: (&[K], &Figures)) -> Ordering {
        let by = |(sort, descends): &(Sort, bool)| {
            let ordering = match sort {
                Sort::Dimension(at) => row.0.get(*at).cmp(&other.0.get(*at)),
                Sort::Metric(metric) => {
                    let (a, b) = (row.1, other.1);
                    let undefined = b.is_defined(*metric).cmp(&a.is_defined(*metric));
                    if undefined != Ordering::Equal {
                        return undefined;
                    }
                    a.compare(b, *metric)
                }
            };
            if *descends {
                ordering.reverse()
            } else {
                ordering
            }
        };
        let mut orderings = self.order.iter().map(by);
        let different = orderings.find(|ordering| ordering.is_ne());
        different.unwrap_or_else(|| row.0.cmp(other.0))
    }

    /// The rows of this page, of all in order.
    #[must_use]
    pub fn cut<T>(&self, rows: Vec<T>) -> Vec<T> {
        let rows = rows.into_iter().skip(self.offset);
        rows.take(self.limit).collect()
    }
}
