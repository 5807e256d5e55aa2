//! The values of a dimension in a range, and which of them match a filter.

use std::{collections::HashMap, sync::Arc};

use common::rollup::{Dimension, OTHER, key_value};
use futures_util::future::try_join_all;

use super::{
    database::{QueryError, Snapshot},
    filter::{Filter, Operator},
    kept::{Group, Sum, Sums},
    parts::Part,
    pieces,
    plan::Piece,
};

/// What each value of a dimension adds up to.
#[derive(Debug)]
pub struct Values<'p> {
    pieces: Vec<Arc<Sums>>,
    parts: &'p [Part],
}

impl<'p> Values<'p> {
    /// Of the pieces and parts of a range.
    ///
    /// # Errors
    /// As [`Snapshot::rows`].
    pub async fn of(
        snapshot: &Snapshot,
        pieces: &[Arc<Piece>],
        dimension: Dimension,
        parts: &'p [Part],
    ) -> Result<Self, QueryError> {
        let read = pieces
            .iter()
            .map(|piece| pieces::sums(snapshot, piece, dimension));
        let pieces = try_join_all(read).await?;
        Ok(Self { pieces, parts })
    }

    #[must_use]
    pub fn sums(&self) -> HashMap<&str, Sum> {
        let mut sums: HashMap<&str, Sum> = HashMap::new();
        for (value, sum) in self.pieces.iter().flat_map(|sums| sums.iter()) {
            sums.entry(value).or_default().add(*sum);
        }
        for (value, rollup) in self.parts.iter().flat_map(|part| &part.values) {
            sums.entry(value).or_default().add(Sum {
                events: rollup.events,
                value_micros: rollup.value_micros,
            });
        }
        sums
    }
}

impl Values<'_> {
    /// The matching values, in order; `None` as for [`passing`].
    #[must_use]
    pub fn passing(&self, filter: &Filter) -> Option<Vec<String>> {
        let passing = passing(filter, self.sums())?.into_keys();
        let mut passing: Vec<_> = passing.map(str::to_owned).collect();
        passing.sort_unstable();
        Some(passing)
    }
}

/// What a filter can be decided from: its own values, all values, or the raw events.
#[derive(Debug, PartialEq, Eq)]
pub enum Meant {
    Values(Group),
    /// [`passes`] says which.
    Some,
}

/// Of a filter in one dimension.
#[must_use]
pub fn meant(filter: &Filter) -> Meant {
    match filter {
        Filter::Test(test) if test.operator == Operator::Is => {
            let mut values: Vec<String> = test
                .values
                .iter()
                .map(|value| key_value(value).into_owned())
                .collect();
            values.dedup();
            Meant::Values(values.into())
        }
        filter if filter.is_everything() => Meant::Values([String::new()].into()),
        _ => Meant::Some,
    }
}

/// Whether a value of the rollups passes. What `(other)` stands for isn't known, so it passes
/// only where it is named, or where everything does.
#[must_use]
pub fn passes(filter: &Filter, value: &str) -> bool {
    let known = value != OTHER || filter.names_other() || filter.is_everything();
    known && filter.holds(value)
}

/// Those of `sums` that pass; `None` where values that were shortened would have to be looked
/// into.
#[must_use]
pub fn passing<'v>(
    filter: &Filter,
    mut sums: HashMap<&'v str, Sum>,
) -> Option<HashMap<&'v str, Sum>> {
    if needs_whole_values(filter, sums.keys().copied()) {
        return None;
    }
    sums.retain(|value, _| passes(filter, value));
    Some(sums)
}

/// Whether some value was shortened and the filter would have to look into it.
#[must_use]
pub fn needs_whole_values<'v>(filter: &Filter, mut values: impl Iterator<Item = &'v str>) -> bool {
    filter.looks_into_values() && values.any(is_shortened)
}

/// Whether [`key_value`] made it, from all that can be seen.
fn is_shortened(value: &str) -> bool {
    const MARK: &str = "…0123456789abcdef";
    let mark = value.len().checked_sub(MARK.len());
    value.len() > 480
        && mark
            .and_then(|at| value.get(at..))
            .is_some_and(|mark| mark.starts_with('…'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_passes_only_by_its_name() {
        let filter = |text| Filter::from_query([text]).unwrap();
        assert!(passes(&Filter::everything(), OTHER));
        assert!(passes(&filter("page:(other)"), OTHER));
        assert!(!passes(&filter("page:is_not:/"), OTHER));
        assert!(!passes(&filter("page:contains:other"), OTHER));
        assert!(passes(&filter("page:is_not:/"), "/a"));
    }

    #[test]
    fn long_values_are_looked_into_as_they_were() {
        let long = "x".repeat(600);
        let short = key_value(&long).into_owned();
        let filter = |text| Filter::from_query([text]).unwrap();
        let contains = filter("page:contains:y");
        assert!(needs_whole_values(&contains, [short.as_str()].into_iter()));
        assert!(!needs_whole_values(&contains, ["/"].into_iter()));
        let is = Filter::is(
            super::super::filter::Field::Dimension(Dimension::Page),
            &long,
        );
        let is = is.unwrap();
        assert!(!needs_whole_values(&is, [short.as_str()].into_iter()));
        assert_eq!(meant(&is), Meant::Values([short].into()));
    }
}
