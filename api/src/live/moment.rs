//! The last three hours by minute, as of one snapshot of the database.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use common::{rollup::Rollup, time::UnixMicros};
use serde_json::{Value, json};

use crate::query::{
    number::{decimal, distinct},
    range::MINUTE,
};

pub(super) const MAX_MINUTES: u16 = 180;

/// A minute's aggregate over all writers.
#[derive(Debug, Clone)]
pub(super) struct Minute {
    rollup: Arc<Rollup>,
    shown: (u64, u64, u64, i128),
}

impl From<Rollup> for Minute {
    fn from(rollup: Rollup) -> Self {
        Self {
            shown: shown(&rollup),
            rollup: Arc::new(rollup),
        }
    }
}

fn shown(rollup: &Rollup) -> (u64, u64, u64, i128) {
    let users = distinct(&rollup.users, rollup.events);
    let sessions = distinct(&rollup.sessions, rollup.events);
    (rollup.events, users, sessions, rollup.value_micros)
}

fn metrics((events, users, sessions, value): (u64, u64, u64, i128)) -> Value {
    json!({"events": events, "users": users, "sessions": sessions, "value": decimal(value)})
}

/// What every `metrics` frame is made of.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    minutes: BTreeMap<UnixMicros, Minute>,
    /// The last commit of each writer that is counted.
    pub(super) position: BTreeMap<i64, i64>,
    pub(super) watermark: Option<UnixMicros>,
    /// The end of the running minute.
    pub(super) end: UnixMicros,
}

/// The end of the minute that `now` lies in.
pub(super) const fn end_of_minute(now: UnixMicros) -> UnixMicros {
    UnixMicros((now.0.div_euclid(MINUTE) + 1) * MINUTE)
}

/// The first minute that any window ending at `end` holds.
pub(super) fn first_minute(end: UnixMicros) -> UnixMicros {
    UnixMicros(end.0 - i64::from(MAX_MINUTES) * MINUTE)
}

impl Moment {
    pub(super) fn new(
        minutes: BTreeMap<UnixMicros, Rollup>,
        position: BTreeMap<i64, i64>,
        watermark: Option<UnixMicros>,
        end: UnixMicros,
    ) -> Self {
        let minutes = minutes
            .into_iter()
            .map(|(at, rollup)| (at, rollup.into()))
            .collect();
        Self {
            minutes,
            position,
            watermark,
            end,
        }
    }

    /// Puts in the new state of some minutes and leaves out what is too old.
    pub(super) fn advance(&mut self, minutes: BTreeMap<UnixMicros, Rollup>, end: UnixMicros) {
        self.end = end;
        self.minutes
            .extend(minutes.into_iter().map(|(at, rollup)| (at, rollup.into())));
        self.minutes = self.minutes.split_off(&first_minute(end));
    }

    /// The minutes that a client of `earlier` doesn't know as they are now.
    pub(super) fn changes_since(&self, earlier: &Self) -> BTreeSet<UnixMicros> {
        let known = |at: &UnixMicros| earlier.minutes.get(at).map(|minute| minute.shown);
        let differs = |(at, minute): &(&UnixMicros, &Minute)| known(at) != Some(minute.shown);
        let gone = earlier
            .minutes
            .keys()
            .filter(|at| !self.minutes.contains_key(at));
        let changed = self.minutes.iter().filter(differs).map(|(at, _)| *at);
        // What lay in the future has entered the window.
        let entered = self
            .minutes
            .range(earlier.end..self.end.max(earlier.end))
            .map(|(at, _)| *at);
        changed.chain(gone.copied()).chain(entered).collect()
    }

    /// Events of a minute, as far as it is within the window.
    pub(super) fn events_at(&self, minute: UnixMicros) -> u64 {
        self.minutes.get(&minute).map_or(0, |minute| minute.shown.0)
    }

    pub(super) fn position_text(&self) -> String {
        let pairs = self
            .position
            .iter()
            .map(|(writer, seq)| format!("{writer}:{seq}"));
        pairs.collect::<Vec<_>>().join(",")
    }

    /// Totals of the last `n` minutes for each `n` asked for, merged in one pass.
    pub(super) fn totals(&self, asked: &BTreeSet<u16>) -> BTreeMap<u16, Value> {
        let mut all = Rollup::default();
        let mut at = self.end.0;
        let mut totals = BTreeMap::new();
        for n in 1..=asked.last().copied().unwrap_or_default() {
            at -= MINUTE;
            if let Some(minute) = self.minutes.get(&UnixMicros(at)) {
                all.merge(&minute.rollup);
            }
            if asked.contains(&n) {
                totals.insert(n, metrics(shown(&all)));
            }
        }
        totals
    }

    /// The body of a frame: `only` these minutes, or all of the window, empty ones too.
    pub(super) fn body(
        &self,
        window: u16,
        only: Option<&BTreeSet<UnixMicros>>,
        totals: &Value,
    ) -> Value {
        let from = self.end.0 - i64::from(window) * MINUTE;
        let minutes = (0..i64::from(window)).map(|n| UnixMicros(from + n * MINUTE));
        let minutes: Vec<_> = minutes
            .filter(|at| only.is_none_or(|only| only.contains(at)))
            .map(|at| {
                let minute = self.minutes.get(&at);
                let mut row = metrics(minute.map(|minute| minute.shown).unwrap_or_default());
                row["bucket"] = at.to_rfc3339().into();
                row
            })
            .collect();
        json!({
            "from": UnixMicros(from).to_rfc3339(),
            "to": self.end.to_rfc3339(),
            "watermark": self.watermark.map(UnixMicros::to_rfc3339),
            "minutes": minutes,
            "totals": totals,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(events: u64) -> Rollup {
        Rollup {
            events,
            value_micros: i128::from(events) * 1_500_000,
            ..Rollup::default()
        }
    }

    fn moment(minutes: &[(i64, u64)], end: i64) -> Moment {
        let minutes = minutes
            .iter()
            .map(|(at, events)| (UnixMicros(at * MINUTE), minute(*events)));
        Moment::new(
            minutes.collect(),
            BTreeMap::from([(3, 7), (12, 1)]),
            None,
            UnixMicros(end * MINUTE),
        )
    }

    #[test]
    fn a_frame_holds_what_changed_and_the_totals_of_its_window() {
        let before = moment(&[(997, 1), (999, 5), (1000, 9)], 1000);
        let mut after = before.clone();
        after.advance(
            BTreeMap::from([(UnixMicros(999 * MINUTE), minute(6))]),
            UnixMicros(1001 * MINUTE),
        );
        let changed = after.changes_since(&before);
        // 1000 lay in the future until now.
        let want = [999, 1000].map(|at| UnixMicros(at * MINUTE));
        assert_eq!(changed, want.into_iter().collect());
        let totals = after.totals(&BTreeSet::from([1, 2, 60]));
        let events: Vec<_> = totals
            .values()
            .map(|total| total["events"].clone())
            .collect();
        assert_eq!(events, [9, 15, 16]);
        let body = after.body(2, Some(&changed), &totals[&2]);
        assert_eq!(body["minutes"][0]["events"], 6);
        assert_eq!(body["minutes"][1]["value"], "13.5");
        assert_eq!(body["totals"]["events"], 15);
        assert_eq!(
            after.body(60, None, &totals[&60])["minutes"]
                .as_array()
                .map(Vec::len),
            Some(60)
        );
        assert_eq!(after.position_text(), "3:7,12:1");
    }

    #[test]
    fn old_minutes_are_forgotten() {
        let mut moment = moment(&[(10, 1), (200, 1)], 201);
        moment.advance(BTreeMap::new(), UnixMicros(380 * MINUTE));
        assert_eq!(moment.minutes.len(), 1);
        moment.advance(BTreeMap::new(), UnixMicros(381 * MINUTE));
        assert!(moment.minutes.is_empty());
    }
}
