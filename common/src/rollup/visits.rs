//! How many of the sessions had one event alone: told by a sample of them, those with the
//! smallest hashes.
//!
//! Who is among the smallest of a union is among the smallest of every part it is in: a part
//! forgets only sessions that have [`SAMPLE`] smaller ones beside them, and so has the union. What
//! the union keeps was therefore never forgotten anywhere, and whether it had one event is known
//! of all of it. Merging is the same in any grouping and order.

use std::{fmt, num::NonZeroU64};

use super::{Identity, InvalidSketch, leb128};

/// Sessions that are kept; up to one less they are all of them.
const SAMPLE: usize = 1_024;
/// Bits of a session's hash. Of a billion sessions, one in a thousand shares its hash.
const HASH_BITS: u32 = 40;
/// Set beside the hash of a session with one event.
const ONCE: u64 = 1;
const VERSION: u8 = 1;

/// Largest standard error of a bounce rate, reached at a rate of one half: √(½ · ½ ÷ 1024). It
/// is absolute: 0.4 is rather between 0.384 and 0.416.
pub const BOUNCE_RATE_ERROR: f64 = 1.0 / 64.0;

/// The hashes of a session id: computed once for an event, used for all its dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    pub(super) identity: Identity,
    /// As it is kept after one event.
    entry: NonZeroU64,
}

impl Session {
    #[must_use]
    pub fn of(id: &str) -> Self {
        let (identity, hash) = Identity::with_hash(id);
        Self {
            identity,
            entry: NonZeroU64::MIN | (hash >> (64 - HASH_BITS) << 1),
        }
    }
}

/// A sample of sessions that can be merged and stored; of those in it, it knows which had more
/// than one event.
#[derive(Clone, PartialEq, Eq)]
pub struct Visits {
    /// Hashes in ascending order, each with [`ONCE`] or without. `None` where some of the
    /// events were counted without their sessions.
    entries: Option<Vec<u64>>,
}

impl Default for Visits {
    /// Of no events: all of them are known.
    fn default() -> Self {
        Self {
            entries: Some(Vec::new()),
        }
    }
}

impl Visits {
    /// For events whose sessions were not sampled. Merged with anything it remains unknown.
    pub const UNKNOWN: Self = Self { entries: None };

    /// Counts one event of `session`.
    #[inline]
    pub fn insert(&mut self, session: Session) {
        let entry = session.entry.get();
        // All but a few sessions of a busy minute end here. One that is kept is not larger than
        // the last, except as the last itself without `ONCE`, where nothing is left to do.
        if let Some(entries) = &mut self.entries
            && entries.get(SAMPLE - 1).is_none_or(|last| entry <= *last)
        {
            keep(entries, entry);
        }
    }

    pub fn merge(&mut self, other: &Self) {
        let (Some(mine), Some(others)) = (&self.entries, &other.entries) else {
            *self = Self::UNKNOWN;
            return;
        };
        if others.is_empty() {
            return;
        }
        let (mut i, mut j) = (0, 0);
        let mut merged = Vec::with_capacity(SAMPLE.min(mine.len() + others.len()));
        while merged.len() < SAMPLE
            && let (Some(one), Some(other)) = (mine.get(i), others.get(j))
        {
            let (hash, other_hash) = (one >> 1, other >> 1);
            // In both: it had an event in each.
            let in_both = hash == other_hash;
            merged.push(if in_both { hash << 1 } else { *one.min(other) });
            i += usize::from(hash <= other_hash);
            j += usize::from(other_hash <= hash);
        }
        let room = SAMPLE - merged.len();
        merged.extend(mine[i..].iter().chain(&others[j..]).take(room));
        self.entries = Some(merged);
    }

    /// The share of sessions with one event, 0 to 1; its standard error is at most
    /// [`BOUNCE_RATE_ERROR`]. `None` where there are no sessions or they aren't known.
    #[must_use]
    pub fn bounce_rate(&self) -> Option<f64> {
        let (once, sessions) = self.counts().filter(|(_, sessions)| *sessions > 0)?;
        Some(once as f64 / sessions as f64)
    }

    /// Sessions of the sample with one event, and all of it.
    fn counts(&self) -> Option<(usize, usize)> {
        let entries = self.entries.as_ref()?;
        let once = entries.iter().filter(|entry| *entry & ONCE != 0).count();
        Some((once, entries.len()))
    }

    /// The standard error of a rate of 0 to 1 that is an estimate; at least one session of the
    /// sample, for where all of it is alike the rest need not be.
    #[must_use]
    pub fn error_of(rate: f64) -> f64 {
        let least = 1.0 / SAMPLE as f64;
        (rate * (1.0 - rate) / SAMPLE as f64).sqrt().max(least)
    }

    /// Whether every session is in the sample, and so the rate no estimate, but for collisions
    /// of 40-bit hashes.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.entries.as_ref().is_some_and(|e| e.len() < SAMPLE)
    }

    #[must_use]
    pub fn is_known(&self) -> bool {
        self.entries.is_some()
    }

    /// About how much memory this takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let capacity = self.entries.as_ref().map_or(0, Vec::capacity);
        capacity * size_of::<u64>()
    }

    /// The stored form: a version, then the gaps between hashes, each with the mark of its
    /// second hash, as LEB128. Empty for no sessions, `None` where they aren't known.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let entries = self.entries.as_ref()?;
        if entries.is_empty() {
            return Some(Vec::new());
        }
        let mut bytes = Vec::with_capacity(1 + 5 * entries.len());
        bytes.push(VERSION);
        let mut last = 0;
        for entry in entries {
            leb128::write(entry - last, &mut bytes);
            last = entry & !ONCE;
        }
        Some(bytes)
    }

    /// # Errors
    /// Bytes that [`Self::encode`] didn't write.
    pub fn decode(bytes: Option<&[u8]>) -> Result<Self, InvalidSketch> {
        let entries = match bytes {
            None => return Ok(Self::UNKNOWN),
            Some([]) => Some(Vec::new()),
            Some([VERSION, gaps @ ..]) => read_entries(gaps),
            Some(_) => None,
        };
        match entries {
            Some(entries) => Ok(Self {
                entries: Some(entries),
            }),
            None => Err(InvalidSketch("visits")),
        }
    }
}

/// Apart from its caller, which is the lighter for it in every dimension of every event.
#[inline(never)]
fn keep(entries: &mut Vec<u64>, entry: u64) {
    let at = entries.partition_point(|known| *known < entry - ONCE);
    match entries.get_mut(at) {
        Some(known) if *known >> 1 == entry >> 1 => *known &= !ONCE,
        _ => {
            entries.truncate(SAMPLE - 1);
            entries.insert(at, entry);
        }
    }
}

impl fmt::Debug for Visits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.counts() {
            Some((once, sessions)) => write!(f, "Visits({once} of {sessions} once)"),
            None => f.write_str("Visits(unknown)"),
        }
    }
}

fn read_entries(mut gaps: &[u8]) -> Option<Vec<u64>> {
    let mut entries: Vec<u64> = Vec::with_capacity(SAMPLE.min(gaps.len() / 4));
    while !gaps.is_empty() {
        let gap = leb128::read(&mut gaps)?;
        let last = entries.last().map(|last| last & !ONCE);
        let entry = last.unwrap_or_default().checked_add(gap)?;
        let ascends = last.is_none_or(|last| entry >> 1 > last >> 1);
        if !ascends || entry >> 1 >> HASH_BITS != 0 || entries.len() == SAMPLE {
            return None;
        }
        entries.push(entry);
    }
    (!entries.is_empty()).then_some(entries)
}

#[cfg(test)]
#[path = "visits_tests.rs"]
mod tests;
