//! The part of the rollups that subscriptions need, minute by minute: read once, then kept true
//! by reading what commits have changed.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use common::{
    rollup::{Dimension, Rollup},
    time::UnixMicros,
};
use tokio::time::Instant;

use super::{
    spec::{MAX_MINUTES, Metrics, REALTIME_MINUTES, Spec},
    window::{Window, first},
};
use crate::query::{
    filter::Filter,
    kept::{Group, Sum},
    metric::Metric,
    rollups::Sketches,
    values::{Meant, meant},
};

/// What nobody has wanted for so long is forgotten.
const UNWANTED: Duration = Duration::from_secs(2);

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

    pub(super) fn slice(&mut self, lens: &Arc<Lens>, now: Instant) -> &mut Slice {
        let slice = self.slices.entry(lens.clone());
        let slice = slice.or_insert_with(|| Window::new(now));
        slice.wanted = now;
        slice
    }

    pub(super) fn table(&mut self, dimension: Dimension, now: Instant) -> &mut Table {
        let table = self.tables.entry(dimension);
        let table = table.or_insert_with(|| Window::new(now));
        table.wanted = now;
        table
    }

    /// Drops what is too old, or was of use to somebody who has left.
    pub(super) fn forget(&mut self, end: UnixMicros, now: Instant) {
        let from = first(MAX_MINUTES, end);
        let wanted = |at: Instant| now.duration_since(at) < UNWANTED;
        self.slices.retain(|_, slice| wanted(slice.wanted));
        self.tables.retain(|_, table| wanted(table.wanted));
        for slice in self.slices.values_mut() {
            slice.keep_from(from);
        }
        for table in self.tables.values_mut() {
            table.keep_from(from);
        }
    }
}
