//! Random queries.

use common::time::UnixMicros;
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

use super::model::{DAYS, FILTERS, start, within};
use crate::rows::encoded;
use crate::support::{MINUTE, Sent};

const ZONES: [&str; 6] = [
    "UTC",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Asia/Kolkata",
];

/// A range in a zone, and what passes a filter in it.
pub(super) struct Asked<'e> {
    pub(super) from: UnixMicros,
    pub(super) to: UnixMicros,
    /// All of it as a query string.
    pub(super) query: String,
    pub(super) zone: &'static str,
    pub(super) passes: fn(&Sent) -> bool,
    pub(super) all: &'e [Sent],
    pub(super) events: Vec<&'e Sent>,
}

impl Asked<'_> {
    pub(super) fn passing(&self, from: UnixMicros, to: UnixMicros) -> Vec<&Sent> {
        let mut events = within(self.all, from, to);
        events.retain(|event| (self.passes)(event));
        events
    }
}

pub(super) fn question<'e>(runner: &mut TestRunner, all: &'e [Sent]) -> Asked<'e> {
    let days = DAYS * 86_400_000_000;
    let question = (
        -days / 10..days,
        1..days / 2,
        any::<bool>(),
        prop::sample::select(&ZONES[..]),
        prop::sample::select(&FILTERS[..]),
    );
    let drawn = question.new_tree(runner).unwrap().current();
    let (from, length, whole, zone, (filter, passes)) = drawn;
    let aligned = |micros: i64| {
        if whole {
            micros / MINUTE * MINUTE
        } else {
            micros
        }
    };
    let from = UnixMicros(start().0 + aligned(from));
    let to = UnixMicros(from.0 + aligned(length).max(MINUTE));
    let (shown, until) = (from.to_rfc3339(), to.to_rfc3339());
    let mut query = format!("from={shown}&to={until}&tz={zone}");
    if !filter.is_empty() {
        query.push_str(&format!("&filter={}", encoded(filter)));
    }
    let mut events = within(all, from, to);
    events.retain(|event| passes(event));
    Asked {
        from,
        to,
        query,
        zone,
        passes,
        all,
        events,
    }
}
