//! A value for each of the last minutes, and which of them have to be read again.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use common::time::UnixMicros;
use tokio::time::Instant;

use crate::query::range::MINUTE;

/// Minutes that nobody has wanted for this long are dropped.
pub(super) const UNWANTED: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Window<T> {
    minutes: BTreeMap<UnixMicros, T>,
    /// Known, but no longer true.
    stale: BTreeSet<UnixMicros>,
    /// When it was wanted last.
    wanted: Instant,
    /// The most minutes that were wanted then.
    span: u16,
    /// The most minutes that were wanted lately, and when.
    widest: (u16, Instant),
}

impl<T> Window<T> {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            minutes: BTreeMap::new(),
            stale: BTreeSet::new(),
            wanted: now,
            span: 0,
            widest: (0, now),
        }
    }

    /// A subscription needs the last `span` minutes.
    pub(super) fn want(&mut self, span: u16, now: Instant) {
        self.span = if self.wanted == now {
            self.span.max(span)
        } else {
            span
        };
        self.wanted = now;
        let (most, at) = self.widest;
        if span >= most || now.duration_since(at) >= UNWANTED {
            self.widest = (span, now);
        }
    }

    pub(super) const fn wanted(&self) -> Instant {
        self.wanted
    }

    /// Minutes that are known, or will be once all that was wanted is read.
    pub(super) fn room(&self) -> usize {
        self.minutes.len().max(self.span.into())
    }

    /// Forgets what is older than anybody has wanted lately.
    pub(super) fn trim(&mut self, end: UnixMicros) {
        self.keep_from(first(self.widest.0, end));
    }

    /// Forgets what is older than was wanted last.
    pub(super) fn narrow(&mut self, end: UnixMicros) {
        self.widest = (self.span, self.wanted);
        self.trim(end);
    }

    /// These minutes have changed.
    pub(super) fn touch(&mut self, changed: &BTreeSet<UnixMicros>) {
        let known = changed.iter().filter(|at| self.minutes.contains_key(at));
        self.stale.extend(known.copied());
    }

    /// Anything may have changed.
    pub(super) fn touch_all(&mut self) {
        self.stale.extend(self.minutes.keys());
    }

    /// Of the last `span` minutes before `end`: the ones that are to be read, those that have
    /// changed before those that are missing, of which there are at most `most`, the newest.
    pub(super) fn lacks(&self, span: u16, end: UnixMicros, most: usize) -> Vec<UnixMicros> {
        let stale = self.stale.range(first(span, end)..end).copied();
        let missing = minutes(span, end).rev();
        let missing = missing.filter(|at| !self.minutes.contains_key(at));
        stale.chain(missing.take(most)).collect()
    }

    pub(super) fn put(&mut self, at: UnixMicros, value: T) {
        self.stale.remove(&at);
        self.minutes.insert(at, value);
    }

    fn keep_from(&mut self, from: UnixMicros) {
        self.minutes = self.minutes.split_off(&from);
        self.stale = self.stale.split_off(&from);
    }

    /// Those that are known from `from` to before `to`.
    pub(super) fn between(&self, from: UnixMicros, to: UnixMicros) -> impl Iterator<Item = &T> {
        self.minutes.range(from..to).map(|(_, value)| value)
    }

    /// The last `span` minutes before `end`, as far as they are known.
    pub(super) fn last(
        &self,
        span: u16,
        end: UnixMicros,
    ) -> impl Iterator<Item = (UnixMicros, &T)> {
        let known = self.minutes.range(first(span, end)..end);
        known.map(|(at, value)| (*at, value))
    }
}

/// The first of the last `span` minutes before `end`.
pub(super) const fn first(span: u16, end: UnixMicros) -> UnixMicros {
    UnixMicros(end.0 - span as i64 * MINUTE)
}

pub(super) fn minutes(span: u16, end: UnixMicros) -> impl DoubleEndedIterator<Item = UnixMicros> {
    let from = first(span, end).0;
    (0..i64::from(span)).map(move |n| UnixMicros(from + n * MINUTE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_minutes_come_first_and_missing_ones_from_the_newest() {
        let at = |minute: i64| UnixMicros(minute * MINUTE);
        let mut window = Window::new(Instant::now());
        assert_eq!(window.lacks(3, at(10), 2), [at(9), at(8)]);
        for minute in [5, 8, 9] {
            window.put(at(minute), minute);
        }
        window.touch(&BTreeSet::from([at(5), at(6), at(8)]));
        assert_eq!(window.lacks(4, at(10), 1), [at(8), at(7)]);
        window.put(at(8), 80);
        assert_eq!(window.lacks(4, at(10), 9), [at(7), at(6)]);
        window.want(2, Instant::now());
        window.trim(at(10));
        let known: Vec<_> = window.last(5, at(10)).map(|(_, value)| *value).collect();
        assert_eq!(known, [80, 9]);
        assert_eq!(window.between(at(9), at(20)).collect::<Vec<_>>(), [&9]);
        window.touch_all();
        assert_eq!(window.lacks(2, at(10), 0), [at(8), at(9)]);
    }
}
