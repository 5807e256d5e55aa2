//! What a run has sent, recomputed from its seed: the reference for everything stored.

use std::collections::{BTreeMap, HashSet};

use common::{
    event::Limits,
    rollup::{Dimension, key_value},
};
use serde::{Deserialize, Serialize};

use super::{
    content::{Content, Run},
    kind::Kind,
    settings::Population,
};

/// From its first event on, a run has this population, until the next segment begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    pub from_index: u64,
    #[serde(flatten)]
    pub population: Population,
}

/// Exact counts over the first events of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Truth {
    /// Events sent.
    pub events: u64,
    pub kinds: KindCounts,
    /// Valid events, each counted once: what has to be stored.
    pub unique: u64,
    pub duplicates: u64,
    /// By reason code.
    pub dead_letters: BTreeMap<&'static str, u64>,
    /// Stored events by dimension and value; an absent field is `""`.
    pub dimensions: BTreeMap<Dimension, BTreeMap<String, u64>>,
    pub value_micros: i128,
    /// Stored events that have a value.
    pub values: u64,
    pub duration_ms: u64,
    /// Stored events that have a duration.
    pub durations: u64,
    pub users: u64,
    pub sessions: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct KindCounts {
    pub normal: u64,
    pub duplicate: u64,
    pub late: u64,
    pub out_of_order: u64,
    pub malformed: u64,
    pub skewed: u64,
}

impl KindCounts {
    pub const fn add(&mut self, kind: Kind) {
        *match kind {
            Kind::Normal => &mut self.normal,
            Kind::Duplicate { .. } => &mut self.duplicate,
            Kind::Late => &mut self.late,
            Kind::OutOfOrder => &mut self.out_of_order,
            Kind::Malformed(_) => &mut self.malformed,
            Kind::Skewed => &mut self.skewed,
        } += 1;
    }
}

/// Recomputes the first `count` events of a run of `seed`. `segments` are ascending and the
/// first begins at 0; without any, there is nothing. Takes about 0.3 s per million events.
#[must_use]
pub fn truth(seed: u64, segments: &[Segment], count: u64) -> Truth {
    let mut tally = Tally::default();
    for (n, segment) in segments.iter().enumerate() {
        let until = segments
            .get(n + 1)
            .map_or(count, |next| next.from_index.min(count));
        tally.segment(seed, segment, until);
    }
    tally.finish()
}

#[derive(Default)]
struct Tally {
    truth: Truth,
    users: HashSet<String>,
    sessions: HashSet<String>,
}

impl Tally {
    fn segment(&mut self, seed: u64, segment: &Segment, until: u64) {
        // Times, and the limits that they keep, don't enter into any count.
        let run = Run {
            seed,
            started: common::time::UnixMicros(0),
        };
        let limits = Limits::default();
        let content = Content::new(run, &segment.population, segment.from_index, &limits);
        let mut scratch = content.scratch();
        for i in segment.from_index..until {
            let kind = content.kind(i);
            self.truth.kinds.add(kind);
            match kind {
                Kind::Duplicate { .. } => self.truth.duplicates += 1,
                Kind::Malformed(how) => {
                    *self
                        .truth
                        .dead_letters
                        .entry(how.code().as_str())
                        .or_default() += 1;
                }
                _ => self.stored(&content.event(i, kind, run.started, &mut scratch)),
            }
        }
    }

    fn stored(&mut self, event: &common::event::Event<'_>) {
        self.truth.unique += 1;
        for dimension in Dimension::ALL {
            let values = self.truth.dimensions.entry(dimension).or_default();
            let value = key_value(dimension.value_of(event));
            match values.get_mut(&*value) {
                Some(count) => *count += 1,
                None => drop(values.insert(value.into_owned(), 1)),
            }
        }
        if let Some(micros) = event.value_micros {
            self.truth.value_micros += i128::from(micros);
            self.truth.values += 1;
        }
        if let Some(ms) = event.duration_ms {
            self.truth.duration_ms += u64::from(ms.unsigned_abs());
            self.truth.durations += 1;
        }
        insert(&mut self.users, &event.user_id);
        event
            .session_id
            .as_deref()
            .into_iter()
            .for_each(|id| insert(&mut self.sessions, id));
    }

    fn finish(mut self) -> Truth {
        self.truth.events = self.truth.unique
            + self.truth.duplicates
            + self.truth.dead_letters.values().sum::<u64>();
        self.truth.users = self.users.len() as u64;
        self.truth.sessions = self.sessions.len() as u64;
        self.truth
    }
}

fn insert(set: &mut HashSet<String>, text: &str) {
    if !set.contains(text) {
        set.insert(text.to_owned());
    }
}
