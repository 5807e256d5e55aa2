//! How many events wait in the stream: a pure estimate.

use std::collections::VecDeque;

/// Entries with their events, all that the stream was ever given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Total {
    pub(super) entries: u64,
    pub(super) events: u64,
}

/// What the stream said of itself a moment ago.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    /// Entries of other programs.
    pub(super) others: u64,
    /// Entries that are no longer in it.
    pub(super) gone: u64,
}

impl Total {
    /// `accepted`: of ours; `waiting`: entries in the stream. At least so much was given: of the
    /// entries that others added since it was `known`, those that are gone again are unknown.
    pub(super) fn of(accepted: Self, waiting: u64, known: Known) -> Self {
        let entries = (accepted.entries + known.others).max(known.gone + waiting);
        // Other programs append their events one by one.
        let others = entries - accepted.entries;
        Self {
            entries,
            events: accepted.events + others,
        }
    }

    /// The events of the first entries up to `entry`, which lies between two totals, were all
    /// entries between them equally large.
    fn events_at(before: Self, after: Self, entry: u64) -> u64 {
        let entries = after.entries.saturating_sub(before.entries).max(1);
        let events = after.events.saturating_sub(before.events);
        let part = entry.saturating_sub(before.entries).min(entries);
        before.events + (u128::from(events) * u128::from(part) / u128::from(entries)) as u64
    }
}

/// So many totals are remembered: 4 KiB.
const MAX_TOTALS: usize = 256;

/// How the events that wait are spread over the entries: some totals of the past, from the last
/// one that is all gone. Entries leave the stream in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct History(VecDeque<Total>);

impl History {
    /// Takes note of a total that is whole: nothing of others' is missing in it.
    pub(super) fn remember(&mut self, total: Total, waiting: u64) {
        // Redis lost what it had been given since.
        while self.0.back().is_some_and(|last| {
            last.entries > total.entries || last.events > total.events || last == &total
        }) {
            self.0.pop_back();
        }
        self.0.push_back(total);
        let gone = total.entries.saturating_sub(waiting);
        while self.0.get(1).is_some_and(|next| next.entries <= gone) {
            self.0.pop_front();
        }
        if self.0.len() > MAX_TOTALS {
            self.forget_one();
        }
    }

    /// Forgets the total that the estimate needs least.
    fn forget_one(&mut self) {
        let tells = |n: &usize| {
            let total = self.0[*n];
            let without = Total::events_at(self.0[n - 1], self.0[n + 1], total.entries);
            total.events.abs_diff(without)
        };
        if let Some(least) = (1..self.0.len() - 1).min_by_key(tells) {
            self.0.remove(least);
        }
    }

    /// Events of the last `waiting` entries of `total`. What came before the first look counts
    /// with the mean of all that had come until then.
    pub(super) fn backlog(&self, total: Total, waiting: u64) -> u64 {
        let gone = total.entries.saturating_sub(waiting);
        let next = self.0.partition_point(|known| known.entries <= gone);
        let before = next.checked_sub(1).map(|last| self.0[last]);
        let after = self.0.get(next).unwrap_or(&total);
        let gone = Total::events_at(before.unwrap_or_default(), *after, gone);
        total.events.saturating_sub(gone)
    }
}

#[cfg(test)]
#[path = "backlog_tests.rs"]
mod tests;
