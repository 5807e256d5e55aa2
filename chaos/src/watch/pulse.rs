//! Whether the machine itself keeps running: one that stalls for seconds can't keep promises of
//! seconds.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const BEAT: Duration = Duration::from_millis(50);
/// A shorter one is within what every promise allows for.
const COUNTS: Duration = Duration::from_millis(500);

/// A thread that only sleeps, and notes by how much too long.
pub(crate) struct Pulse(Arc<AtomicU64>);

impl Pulse {
    pub(crate) fn start() -> Self {
        let longest = Arc::new(AtomicU64::new(0));
        let noted = Arc::downgrade(&longest);
        thread::spawn(move || {
            while let Some(longest) = noted.upgrade() {
                let asleep = Instant::now();
                thread::sleep(BEAT);
                let late = asleep.elapsed().saturating_sub(BEAT).as_millis();
                longest.fetch_max(u64::try_from(late).unwrap_or(u64::MAX), Ordering::Relaxed);
            }
        });
        Self(longest)
    }

    /// The longest time that the machine stood still, for us at least.
    pub(crate) fn longest_pause(&self) -> Duration {
        let longest = Duration::from_millis(self.0.load(Ordering::Relaxed));
        if longest < COUNTS {
            return Duration::ZERO;
        }
        longest
    }
}
