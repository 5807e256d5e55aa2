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
    /// As fast as it is taken; none of it counts as sent.
    Flood,
    /// What is left, at once.
    Finish,
}

#[derive(Debug, Clone, Copy)]
struct Tempo {
    phase: Phase,
    /// What rates and numbers of events are multiplied by.
    scale: f64,
}

/// Of all clients of a load.
#[derive(Debug)]
pub(super) struct Pace(watch::Sender<Tempo>);

/// How much slower it goes on once all is sent.
const TRICKLE: f64 = 0.05;
/// What was missed longer ago isn't made up for: nobody floods who comes back.
const MADE_UP: Duration = Duration::from_secs(1);

impl Pace {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Tempo {
            phase: Phase::Steady,
            scale: 1.0,
        }))
    }

    pub(super) fn set(&self, phase: Phase) {
        self.0.send_modify(|tempo| tempo.phase = phase);
    }

    pub(super) fn scale(&self, scale: f64) {
        self.0.send_modify(|tempo| tempo.scale = scale);
    }

    pub(super) fn schedule(&self, events: u64, rate: f64) -> Schedule {
        Schedule {
            tempo: self.0.subscribe(),
            events,
            sent: 0,
            rate,
            due: Instant::now(),
        }
    }
}

/// Of one client.
#[derive(Debug)]
pub(super) struct Schedule {
    tempo: watch::Receiver<Tempo>,
    events: u64,
    sent: u64,
    rate: f64,
    due: Instant,
}

impl Schedule {
    /// Waits until `events` are due; false when the load is at its end.
    pub(super) async fn next(&mut self, events: u64) -> bool {
        if self.tempo.borrow().phase == Phase::Steady {
            let tempo = &mut self.tempo;
            tokio::select! {
                () = sleep_until(self.due) => {}
                _ = tempo.wait_for(|tempo| tempo.phase != Phase::Steady) => {}
            }
        }
        let Tempo { phase, scale } = *self.tempo.borrow();
        let is_sent = self.sent >= (self.events as f64 * scale) as u64;
        let now = Instant::now();
        match phase {
            Phase::Flood => {
                self.due = now;
                return true;
            }
            Phase::Finish if is_sent => return false,
            Phase::Steady | Phase::Finish => {}
        }
        self.sent += events;
        let rate = self.rate * scale * if is_sent { TRICKLE } else { 1.0 };
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
    async fn a_flood_counts_for_nothing_and_what_follows_keeps_another_rate() {
        let pace = Pace::new();
        let mut schedule = pace.schedule(1_000, 100.0);
        pace.set(Phase::Flood);
        let started = Instant::now();
        for _ in 0..1_000 {
            assert!(schedule.next(100).await);
        }
        assert_eq!(started.elapsed().as_secs(), 0);
        pace.scale(2.0);
        pace.set(Phase::Steady);
        for _ in 0..21 {
            assert!(schedule.next(100).await);
        }
        assert_eq!(started.elapsed().as_secs(), 10);
        pace.set(Phase::Finish);
        assert!(!schedule.next(100).await);
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
