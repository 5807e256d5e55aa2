//! When the next piece is to be sent.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// At its rate; and when all is sent, a little goes on, so that there is always something
    /// that can go wrong.
    Steady,
    /// What is left, at once.
    Finish,
}

/// Of all clients of a load.
#[derive(Debug)]
pub(super) struct Pace(watch::Sender<Phase>);

/// How much slower it goes on once all is sent.
const TRICKLE: f64 = 0.05;
/// What was missed longer ago isn't made up for: nobody floods who comes back.
const MADE_UP: Duration = Duration::from_secs(1);

impl Pace {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Phase::Steady))
    }

    pub(super) fn set(&self, phase: Phase) {
        self.0.send_replace(phase);
    }

    pub(super) fn schedule(&self, events: u64, rate: f64) -> Schedule {
        Schedule {
            phase: self.0.subscribe(),
            left: events,
            rate,
            due: Instant::now(),
        }
    }
}

/// Of one client.
#[derive(Debug)]
pub(super) struct Schedule {
    phase: watch::Receiver<Phase>,
    left: u64,
    rate: f64,
    due: Instant,
}

impl Schedule {
    /// Waits until `events` are due; false when the load is at its end.
    pub(super) async fn next(&mut self, events: u64) -> bool {
        let rate = match self.left {
            0 => self.rate * TRICKLE,
            _ => self.rate,
        };
        if *self.phase.borrow() == Phase::Steady {
            let phase = &mut self.phase;
            tokio::select! {
                () = sleep_until(self.due) => {}
                _ = phase.wait_for(|phase| *phase == Phase::Finish) => {}
            }
        }
        if *self.phase.borrow() == Phase::Finish && self.left == 0 {
            return false;
        }
        self.left = self.left.saturating_sub(events);
        let now = Instant::now();
        let gap = Duration::from_secs_f64(events as f64 / rate.max(1.0));
        self.due = self.due.max(now.checked_sub(MADE_UP).unwrap_or(now)) + gap;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_schedule_keeps_its_rate_then_trickles_then_ends() {
        let pace = Pace::new();
        let mut schedule = pace.schedule(1_000, 100.0);
        let started = Instant::now();
        for _ in 0..11 {
            assert!(schedule.next(100).await);
        }
        assert_eq!(started.elapsed().as_secs(), 10);
        assert!(schedule.next(100).await);
        assert_eq!(started.elapsed().as_secs(), 30);
        pace.set(Phase::Finish);
        assert!(!schedule.next(100).await);
        assert_eq!(started.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_is_sent_at_once() {
        let pace = Pace::new();
        let mut schedule = pace.schedule(1_000, 100.0);
        pace.set(Phase::Finish);
        let started = Instant::now();
        let mut sent = 0;
        while schedule.next(100).await {
            sent += 100;
        }
        assert_eq!((sent, started.elapsed().as_secs()), (1_000, 0));
    }
}
