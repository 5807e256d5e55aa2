//! The part of the rollups that subscriptions need, minute by minute: read once, then kept up to
//! date by reading the minutes that commits have changed.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use common::{
    rollup::{Dimension, Rollup},
    time::UnixMicros,
};
use tokio::time::Instant;

use super::{
    spec::{Metrics, REALTIME_MINUTES, Spec},
    window::{UNWANTED, Window},
};
use crate::query::{
    filter::Filter,
    kept::{Group, Sum},
    metric::Metric,
    rollups::Sketches,
    values::{Meant, meant},
};

/// Minutes of one value that are held for all channels together. One takes 8 KiB where it has
/// thousands of users and sessions, at most about 30 KiB with durations and the bounce rate.
pub(super) const MOST_CELLS: usize = 8_000;

/// Which events, and what of them is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Lens {
    pub(super) dimension: Dimension,
    pub(super) picked: Picked,
    pub(super) sketches: Sketches,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Picked {
    Values(Group),
    /// Whichever values are there and pass.
    Passing(Filter),
}

impl Lens {
    fn of_metrics(metrics: &Metrics) -> Self {
        let picked = match meant(&metrics.filter) {
            Meant::Values(values) => Picked::Values(values),
            Meant::Some => Picked::Passing(metrics.filter.clone()),
        };
        Self {
            dimension: metrics.filter.in_one_dimension().unwrap_or(Dimension::All),
            picked,
            sketches: Sketches::of(&metrics.metrics),
        }
    }

    pub(super) fn of_value(dimension: Dimension, value: &str, sketches: Sketches) -> Self {
        Self {
            dimension,
            picked: Picked::Values([value.to_owned()].into()),
            sketches,
        }
    }

    /// Of the topics that need one, and of how many minutes.
    pub(super) fn of(spec: &Spec) -> Option<(Self, u16)> {
        match spec {
            Spec::Metrics(metrics) => Some((Self::of_metrics(metrics), metrics.minutes)),
            Spec::Realtime => {
                let sketches = Sketches::of(&[Metric::Events, Metric::Users]);
                let all = Self::of_value(Dimension::All, "", sketches);
                Some((all, REALTIME_MINUTES))
            }
            Spec::Breakdown(_) | Spec::Events(_) | Spec::Pipeline => None,
        }
    }
}

/// A minute through a lens.
#[derive(Debug)]
pub(super) struct Cell {
    /// The tick that read it.
    pub(super) tick: u64,
    pub(super) rollup: Rollup,
}

pub(super) type Slice = Window<Cell>;
/// What each value of a dimension adds up to in a minute.
pub(super) type Values = HashMap<String, Sum>;
pub(super) type Table = Window<Arc<Values>>;

#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) slices: HashMap<Arc<Lens>, Slice>,
    pub(super) tables: HashMap<Dimension, Table>,
}

impl Held {
    pub(super) fn touch(&mut self, changed: &BTreeSet<UnixMicros>) {
        for slice in self.slices.values_mut() {
            slice.touch(changed);
        }
        for table in self.tables.values_mut() {
            table.touch(changed);
        }
    }

    pub(super) fn touch_all(&mut self) {
        self.slices.values_mut().for_each(Window::touch_all);
        self.tables.values_mut().for_each(Window::touch_all);
    }

    pub(super) fn slice(&mut self, lens: &Arc<Lens>, span: u16, now: Instant) -> &mut Slice {
        let slice = self.slices.entry(lens.clone());
        let slice = slice.or_insert_with(|| Window::new(now));
        slice.want(span, now);
        slice
    }

    pub(super) fn table(&mut self, dimension: Dimension, span: u16, now: Instant) -> &mut Table {
        let table = self.tables.entry(dimension);
        let table = table.or_insert_with(|| Window::new(now));
        table.want(span, now);
        table
    }

    /// Keeps to [`MOST_CELLS`] before `wanted` is read: what was of use to somebody who has
    /// left gives way, the longest unwanted first.
    pub(super) fn make_room(&mut self, wanted: &[(Arc<Lens>, u16)], end: UnixMicros, now: Instant) {
        for (lens, span) in wanted {
            self.slice(lens, *span, now);
        }
        if self.cells() <= MOST_CELLS {
            return;
        }
        let mut unwanted = Vec::new();
        for (lens, slice) in &mut self.slices {
            if slice.wanted() == now {
                slice.narrow(end);
            } else {
                unwanted.push((slice.wanted(), lens.clone()));
            }
        }
        unwanted.sort_unstable_by_key(|(at, _)| *at);
        let mut cells = self.cells();
        for (_, lens) in unwanted {
            if cells <= MOST_CELLS {
                break;
            }
            let slice = self.slices.remove(&lens);
            cells -= slice.map_or(0, |slice| slice.room());
        }
    }

    fn cells(&self) -> usize {
        self.slices.values().map(Window::room).sum()
    }

    /// Drops what is too old, or was needed only by clients that have left.
    pub(super) fn forget(&mut self, end: UnixMicros, now: Instant) {
        let wanted = |at: Instant| now.duration_since(at) < UNWANTED;
        self.slices.retain(|_, slice| wanted(slice.wanted()));
        self.tables.retain(|_, table| wanted(table.wanted()));
        self.slices.values_mut().for_each(|slice| slice.trim(end));
        self.tables.values_mut().for_each(|table| table.trim(end));
    }
}

#[cfg(test)]
#[path = "held_tests.rs"]
mod tests;
