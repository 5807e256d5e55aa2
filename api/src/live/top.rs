//! The values of a dimension with the most events in the last minutes.

use std::{cmp::Reverse, collections::HashMap};

use common::time::UnixMicros;

use super::{held::Table, spec::Breakdown};
use crate::query::kept::Sum;

#[derive(Debug, Default)]
pub(super) struct Top {
    /// The most events first, then by value.
    pub(super) rows: Vec<(String, Sum)>,
    pub(super) total_events: u64,
}

impl Top {
    pub(super) fn of(table: &Table, breakdown: &Breakdown, end: UnixMicros) -> Self {
        let mut sums: HashMap<&str, Sum> = HashMap::new();
        for (_, values) in table.last(breakdown.minutes, end) {
            for (value, sum) in values.iter() {
                sums.entry(value).or_default().add(*sum);
            }
        }
        let total_events = sums.values().map(|sum| sum.events).sum();
        let mut rows: Vec<_> = sums.into_iter().collect();
        rows.sort_unstable_by_key(|(value, sum)| (Reverse(sum.events), *value));
        rows.truncate(breakdown.limit.into());
        let rows = rows.into_iter();
        Self {
            rows: rows.map(|(value, sum)| (value.to_owned(), sum)).collect(),
            total_events,
        }
    }
}
