//! Which matching events a channel of `events` shows: the newest, at a limited rate.

use std::{collections::VecDeque, sync::Arc};

use tokio::time::Instant;

use super::event::Event;

/// Events in a snapshot.
const SHOWN: usize = 20;

/// Events that are shown together.
#[derive(Debug)]
pub(super) struct Batch {
    /// The newest first, as JSON.
    events: Vec<Arc<str>>,
    skipped: u64,
    rate: u16,
}

impl Batch {
    /// Events that it stands for.
    pub(super) fn counted(&self) -> u64 {
        self.events.len() as u64 + self.skipped
    }

    /// The body of a frame, with this many more that weren't shown before it.
    pub(super) fn body(&self, also_skipped: u64) -> String {
        let skipped = self.skipped + also_skipped;
        format!(
            r#"{{"events":[{}],"sampled":{},"skipped":{skipped},"rate":{}}}"#,
            self.events.join(","),
            skipped > 0,
            self.rate
        )
    }
}

/// What one channel has shown, and how many events it may show now.
#[derive(Debug)]
pub(super) struct Shown {
    newest: VecDeque<Arc<str>>,
    allowed: f64,
    at: Instant,
}

impl Shown {
    /// A snapshot of them; then up to a second's worth may come at once.
    pub(super) fn of<'e>(newest: impl Iterator<Item = &'e Event>, rate: u16) -> Self {
        let newest = newest.map(|event| event.text.clone()).take(SHOWN);
        Self {
            newest: newest.collect(),
            allowed: rate.into(),
            at: Instant::now(),
        }
    }

    /// All that a client holds who has just come.
    pub(super) fn whole(&self, rate: u16) -> Batch {
        Batch {
            events: self.newest.iter().cloned().collect(),
            skipped: 0,
            rate,
        }
    }

    /// As many of the newest as the rate allows; up to a second's worth may come at once.
    pub(super) fn choose<'e>(
        &mut self,
        fresh: impl Iterator<Item = &'e Event>,
        unread: u64,
        rate: u16,
    ) -> Batch {
        let passed = std::mem::replace(&mut self.at, Instant::now())
            .elapsed()
            .as_secs_f64();
        self.allowed = (self.allowed + passed * f64::from(rate)).min(rate.into());
        let mut events: Vec<_> = fresh.map(|event| event.text.clone()).collect();
        let found = events.len();
        events.truncate(self.allowed as usize);
        self.allowed -= events.len() as f64;
        for event in events.iter().rev() {
            self.newest.push_front(event.clone());
        }
        self.newest.truncate(SHOWN);
        let skipped = (found - events.len()) as u64 + unread;
        Batch {
            events,
            skipped,
            rate,
        }
    }
}
