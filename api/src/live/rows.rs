//! The data of the topic `metrics`: the buckets of a window, and their totals.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use common::{rollup::Rollup, time::UnixMicros};
use serde_json::{Map, Value};

use super::{held::Slice, spec::Metrics, window::first};
use crate::query::{
    metric::{Figures, Metric},
    range::MINUTE,
    rollups::Merging,
};

#[derive(Debug)]
pub(super) struct Rows {
    /// The tick that made it.
    tick: u64,
    from: UnixMicros,
    pub(super) end: UnixMicros,
    width: i64,
    /// By bucket, encoded.
    rows: BTreeMap<UnixMicros, Arc<str>>,
    totals: Arc<str>,
}

impl Rows {
    /// The state at `end`; what `earlier` knows and hasn't changed since is taken from there.
    pub(super) fn of(
        metrics: &Metrics,
        slice: &Slice,
        (tick, end): (u64, UnixMicros),
        earlier: Option<&Self>,
    ) -> Self {
        let (from, width) = (
            first(metrics.minutes, end),
            i64::from(metrics.interval) * MINUTE,
        );
        let earlier = earlier.filter(|earlier| earlier.width == width);
        let mut rows = BTreeMap::new();
        let mut anything_new = false;
        let mut at = from.0.div_euclid(width) * width;
        while at < end.0 {
            let part = UnixMicros(at.max(from.0))..UnixMicros((at + width).min(end.0));
            let known = earlier.and_then(|earlier| earlier.known(at, &part, slice));
            let row = known.unwrap_or_else(|| {
                anything_new = true;
                let minutes = slice.between(part.start, part.end);
                let figures = Figures::of(&total(minutes.map(|cell| &cell.rollup)));
                let bucket = UnixMicros(at).to_rfc3339();
                row(&figures, &metrics.metrics, Some(("bucket", bucket))).into()
            });
            rows.insert(UnixMicros(at), row);
            at += width;
        }
        let same = earlier.filter(|earlier| !anything_new && earlier.end == end);
        let totals = same.map_or_else(
            || {
                let minutes = slice.between(from, end);
                let figures = Figures::of(&total(minutes.map(|cell| &cell.rollup)));
                row(&figures, &metrics.metrics, None).into()
            },
            |earlier| earlier.totals.clone(),
        );
        Self {
            tick,
            from,
            end,
            width,
            rows,
            totals,
        }
    }

    /// The row of a bucket of which we knew the same minutes, none of which was read since.
    fn known(
        &self,
        at: i64,
        part: &std::ops::Range<UnixMicros>,
        slice: &Slice,
    ) -> Option<Arc<str>> {
        let row = self.rows.get(&UnixMicros(at))?;
        let own = at.max(self.from.0)..(at + self.width).min(self.end.0);
        let same = own == (part.start.0..part.end.0);
        let read_since = slice
            .between(part.start, part.end)
            .any(|cell| cell.tick > self.tick);
        (same && !read_since).then(|| row.clone())
    }

    /// The buckets that a client of `earlier` doesn't know as they are now.
    pub(super) fn changes_since(&self, earlier: &Self) -> BTreeSet<UnixMicros> {
        let known = |at: &UnixMicros, row: &Arc<str>| earlier.rows.get(at) == Some(row);
        let changed = self.rows.iter().filter(|(at, row)| !known(at, row));
        changed.map(|(at, _)| *at).collect()
    }

    pub(super) fn has_moved_since(&self, earlier: &Self) -> bool {
        self.end != earlier.end || self.totals != earlier.totals
    }

    /// The buckets that a client whose window ended at `end` may know otherwise, after commits
    /// that touched `minutes`.
    pub(super) fn missed(
        &self,
        minutes: &BTreeSet<UnixMicros>,
        end: UnixMicros,
    ) -> BTreeSet<UnixMicros> {
        let bucket = |at: UnixMicros| UnixMicros(at.0.div_euclid(self.width) * self.width);
        let entered = self.rows.range(bucket(end)..).map(|(at, _)| *at);
        let cut = self.rows.keys().next().filter(|_| end != self.end);
        let touched = minutes.iter().map(|at| bucket(*at));
        let touched = touched.filter(|at| self.rows.contains_key(at));
        entered
            .filter(|_| end != self.end)
            .chain(cut.copied())
            .chain(touched)
            .collect()
    }

    /// The body of a frame: all buckets, or `only` these.
    pub(super) fn body(
        &self,
        watermark: Option<UnixMicros>,
        only: Option<&BTreeSet<UnixMicros>>,
    ) -> String {
        let rows = self.rows.iter();
        let rows = rows.filter(|(at, _)| only.is_none_or(|only| only.contains(at)));
        let rows: Vec<&str> = rows.map(|(_, row)| row.as_ref()).collect();
        format!(
            r#"{{"from":"{}","to":"{}","watermark":{},"minutes":[{}],"totals":{}}}"#,
            self.from.to_rfc3339(),
            self.end.to_rfc3339(),
            timestamp(watermark),
            rows.join(","),
            self.totals
        )
    }
}

/// As JSON.
pub(super) fn timestamp(at: Option<UnixMicros>) -> String {
    at.map_or_else(|| "null".into(), |at| format!("\"{}\"", at.to_rfc3339()))
}

fn row(figures: &Figures, metrics: &[Metric], also: Option<(&str, String)>) -> String {
    let mut row = Map::new();
    figures.show(metrics, &mut row);
    row.extend(also.map(|(name, text)| (name.to_owned(), text.into())));
    Value::from(row).to_string()
}

/// All of them merged.
pub(super) fn total<'r>(rollups: impl Iterator<Item = &'r Rollup>) -> Rollup {
    let mut all = Merging::default();
    rollups
        .filter(|rollup| rollup.events > 0)
        .for_each(|rollup| all.add(rollup));
    all.into_rollup()
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
