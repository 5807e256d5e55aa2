//! One pass of reading: what the subscriptions lack, in two statements whatever their number.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use common::{
    rollup::{Dimension, Rollup, Visits},
    time::UnixMicros,
};
use tokio::time::Instant;

use super::{
    held::{Cell, Held, Lens, Picked, Values},
    read::{self, CellKey},
    spec::{Breakdown, Spec},
    top::Top,
};
use crate::query::{
    database::{QueryError, Snapshot},
    rollups::{Merging, Sketches},
    values::{needs_whole_values, passes},
};

/// Values that are read in one tick besides those that have changed: a large window takes
/// several, so that nobody waits long for anybody's.
const CELLS_A_TICK: usize = 6_000;
/// So many values are thought to pass a filter.
const PASSING: usize = 100;
/// Minutes of a dimension whose sums are read in one tick, besides those that have changed.
const SUMS_A_TICK: usize = 60;

/// What a tick has found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) tops: HashMap<Breakdown, Top>,
    /// Lenses that would have to look into values which the rollups have shortened.
    pub(super) blurred: BTreeSet<usize>,
    /// Not everything could be read in this tick.
    pub(super) unfinished: bool,
}

pub(super) struct Fill<'a> {
    pub(super) held: &'a mut Held,
    pub(super) snapshot: &'a Snapshot,
    pub(super) end: UnixMicros,
    pub(super) tick: u64,
}

impl Fill<'_> {
    /// Makes what is held true for `specs`, as of the snapshot.
    pub(super) async fn fill(mut self, specs: &[&Spec]) -> Result<Found, QueryError> {
        let now = Instant::now();
        let mut found = Found::default();
        let lenses = specs.iter().map(|spec| Lens::of(spec));
        let lenses: Vec<_> = lenses
            .map(|lens| lens.map(|(lens, span)| (Arc::new(lens), span)))
            .collect();
        let sums = self.sums(specs, &lenses, now).await?;
        let mut wanted: Vec<(Arc<Lens>, u16)> = Vec::new();
        for (at, lens) in lenses.into_iter().enumerate() {
            let Some((lens, span)) = lens else { continue };
            if is_blurred(&lens, &sums) {
                found.blurred.insert(at);
            } else {
                wanted.push((lens, span));
            }
        }
        for spec in specs {
            let Spec::Breakdown(breakdown) = spec else {
                continue;
            };
            let table = self.held.table(breakdown.dimension, breakdown.minutes, now);
            found.unfinished |= !table.lacks(breakdown.minutes, self.end, 1).is_empty();
            let top = Top::of(table, breakdown, self.end);
            if let Some(sketches) = breakdown.sketches() {
                let lens = |key: &str| Lens::of_value(breakdown.dimension, key, sketches);
                let keys = top.rows.iter();
                wanted.extend(keys.map(|(key, _)| (Arc::new(lens(key)), breakdown.minutes)));
            }
            found.tops.insert(breakdown.clone(), top);
        }
        self.held.make_room(&wanted, self.end, now);
        self.cells(&wanted, &sums, now).await?;
        let lacks = |(lens, span): &(Arc<Lens>, u16)| {
            let slice = self.held.slices.get(lens);
            slice.is_none_or(|slice| !slice.lacks(*span, self.end, 1).is_empty())
        };
        found.unfinished |= wanted.iter().any(lacks);
        self.held.forget(self.end, now);
        Ok(found)
    }

    /// Sums by value of the minutes that breakdowns and filters lack.
    async fn sums(
        &mut self,
        specs: &[&Spec],
        lenses: &[Option<(Arc<Lens>, u16)>],
        now: Instant,
    ) -> Result<Sums, QueryError> {
        let mut pairs = BTreeSet::new();
        for spec in specs {
            if let Spec::Breakdown(breakdown) = spec {
                let table = self.held.table(breakdown.dimension, breakdown.minutes, now);
                let lacks = table.lacks(breakdown.minutes, self.end, SUMS_A_TICK);
                pairs.extend(lacks.into_iter().map(|at| (breakdown.dimension, at)));
            }
        }
        for (lens, span) in lenses.iter().flatten() {
            if matches!(lens.picked, Picked::Passing(_)) {
                let slice = self.held.slice(lens, *span, now);
                let lacks = slice.lacks(*span, self.end, CELLS_A_TICK / PASSING);
                pairs.extend(lacks.into_iter().map(|at| (lens.dimension, at)));
            }
        }
        let sums = read::sums(self.snapshot, &pairs).await?;
        for ((dimension, at), values) in &sums {
            if let Some(table) = self.held.tables.get_mut(dimension) {
                table.put(*at, values.clone());
            }
        }
        Ok(sums)
    }

    async fn cells(
        &mut self,
        wanted: &[(Arc<Lens>, u16)],
        sums: &Sums,
        now: Instant,
    ) -> Result<(), QueryError> {
        let mut places: Vec<Place> = Vec::new();
        let mut keys: HashMap<CellKey, Vec<usize>> = HashMap::new();
        let mut sketches = Sketches::default();
        let mut budget = CELLS_A_TICK;
        // A pattern is hashed and compared by its text.
        #[allow(clippy::mutable_key_type)]
        let mut planned: HashSet<(&Arc<Lens>, UnixMicros)> = HashSet::new();
        for (lens, span) in wanted {
            let slice = self.held.slice(lens, *span, now);
            for at in slice.lacks(*span, self.end, budget / weight(lens)) {
                let Some(values) = values_of(lens, at, sums) else {
                    continue;
                };
                if !planned.insert((lens, at)) {
                    continue;
                }
                budget = budget.saturating_sub(values.len().max(1));
                for value in values {
                    let key = (lens.dimension, at, value);
                    keys.entry(key).or_default().push(places.len());
                }
                sketches = union(sketches, lens.sketches);
                places.push(Place {
                    lens: lens.clone(),
                    at,
                    merged: Merging::default(),
                });
            }
        }
        read::cells(self.snapshot, &keys, sketches, |at, rollup| {
            let place = &mut places[at];
            place.merged.merge(needed(rollup, place.lens.sketches));
        })
        .await?;
        for place in places {
            let cell = Cell {
                tick: self.tick,
                rollup: place.merged.into_rollup(),
            };
            if let Some(slice) = self.held.slices.get_mut(&place.lens) {
                slice.put(place.at, cell);
            }
        }
        Ok(())
    }
}

type Sums = HashMap<(Dimension, UnixMicros), Arc<Values>>;

struct Place {
    lens: Arc<Lens>,
    at: UnixMicros,
    merged: Merging,
}

fn weight(lens: &Lens) -> usize {
    match &lens.picked {
        Picked::Values(values) => values.len().max(1),
        Picked::Passing(_) => PASSING,
    }
}

/// `None` where the minute's values weren't read in this tick.
fn values_of(lens: &Lens, at: UnixMicros, sums: &Sums) -> Option<Vec<String>> {
    match &lens.picked {
        Picked::Values(values) => Some(values.to_vec()),
        Picked::Passing(filter) => {
            let values = sums.get(&(lens.dimension, at))?.keys();
            Some(
                values
                    .filter(|value| passes(filter, value))
                    .cloned()
                    .collect(),
            )
        }
    }
}

fn is_blurred(lens: &Lens, sums: &Sums) -> bool {
    let Picked::Passing(filter) = &lens.picked else {
        return false;
    };
    let of_dimension = sums
        .iter()
        .filter(|((dimension, _), _)| *dimension == lens.dimension);
    let values = of_dimension.flat_map(|(_, values)| values.keys());
    needs_whole_values(filter, values.map(String::as_str))
}

const fn union(a: Sketches, b: Sketches) -> Sketches {
    Sketches {
        users: a.users || b.users,
        sessions: a.sessions || b.sessions,
        durations: a.durations || b.durations,
        visits: a.visits || b.visits,
    }
}

/// Without what other lenses made us read.
fn needed(mut rollup: Rollup, sketches: Sketches) -> Rollup {
    if !sketches.users {
        rollup.users = Default::default();
    }
    if !sketches.sessions {
        rollup.sessions = Default::default();
    }
    if !sketches.durations {
        rollup.durations = Default::default();
    }
    if !sketches.visits {
        rollup.visits = Visits::UNKNOWN;
    }
    rollup
}
