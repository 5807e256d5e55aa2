//! The running generator: keeps its schedule, builds blocks, waits for room.

use std::{convert::Infallible, sync::Arc, time::Duration};

use common::{event::Limits, shutdown::Shutdown, time::UnixMicros, trace::Trace};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout},
};

use super::{
    content::{Content, Run, Scratch},
    schedule::Schedule,
    settings::Settings,
    status::{Meter, Status},
    truth::Segment,
};
use crate::{
    observe,
    publish::{BatchPolicy, Limit, Pressure},
    source::{Ack, Block, Tally},
};

/// How often the schedule is looked at.
const TICK: Duration = Duration::from_millis(2);
/// How often the status is renewed.
const REPORT: Duration = Duration::from_millis(100);
/// How often the population of one run may change.
pub const MAX_SEGMENTS: usize = 1_000;

/// The generator's ends of its channels.
#[derive(Debug)]
pub struct Generator {
    pub limits: Limits,
    pub policy: BatchPolicy,
    pub blocks: mpsc::Sender<Block>,
    pub wanted: watch::Receiver<Settings>,
    pub pressure: watch::Receiver<Pressure>,
    pub status: watch::Sender<Status>,
}

impl Generator {
    /// Runs until the shutdown begins; then its end of the channel closes.
    ///
    /// # Errors
    /// None.
    pub async fn run(mut self, shutdown: Shutdown) -> Result<(), Infallible> {
        let settings = self.wanted.borrow_and_update().clone();
        let mut live = Live::begin(settings, &self.limits);
        live.look(&self.pressure.borrow_and_update());
        self.report(&mut live);
        let ended = tokio::select! {
            ended = self.follow(&mut live) => ended,
            () = shutdown.stopping() => Ok(()),
        };
        self.report(&mut live);
        ended
    }

    async fn follow(&mut self, live: &mut Live) -> Result<(), Infallible> {
        loop {
            if self.pressure.has_changed().unwrap_or(false) {
                live.look(&self.pressure.borrow_and_update());
            }
            live.advance(Instant::now());
            self.emit(live).await;
            let idle = live.due() == 0;
            if self.told_otherwise(idle).await {
                let settings = self.wanted.borrow_and_update().clone();
                live.apply(settings, &self.limits);
                self.report(live);
            }
            if live.reported.elapsed() >= REPORT {
                self.report(live);
            }
        }
    }

    /// Whether there are new settings; waits for them until the next tick where `idle`.
    async fn told_otherwise(&mut self, idle: bool) -> bool {
        if !idle {
            return self.wanted.has_changed().unwrap_or(false);
        }
        match timeout(TICK, self.wanted.changed()).await {
            Ok(Ok(())) => true,
            Err(_) => false,
            // Nobody can change them any more.
            Ok(Err(_)) => {
                sleep(TICK).await;
                false
            }
        }
    }

    /// Sends what is due, a block at a time, until nothing is or something else is to be done.
    async fn emit(&mut self, live: &mut Live) {
        while live.due() > 0 && !self.wanted.has_changed().unwrap_or(false) {
            // Waiting for room is cut short, so that new settings and the status don't wait.
            let Ok(Ok(room)) = timeout(TICK, self.blocks.reserve()).await else {
                return;
            };
            room.send(live.block(&self.policy));
            if live.reported.elapsed() >= REPORT {
                return;
            }
            live.advance(Instant::now());
        }
    }

    fn report(&self, live: &mut Live) {
        self.status.send_replace(live.report());
    }
}

/// A run and where it is.
struct Live {
    settings: Settings,
    run: Run,
    content: Content,
    scratch: Scratch,
    schedule: Schedule,
    scheduled_from: Instant,
    next: u64,
    /// Events that the stream has room for, as far as is known.
    room: u64,
    tally: Arc<Tally>,
    meter: Meter,
    status: Status,
    reported: Instant,
}

impl Live {
    fn begin(settings: Settings, limits: &Limits) -> Self {
        let started = UnixMicros::now();
        let run = Run {
            seed: settings.seed,
            started,
        };
        let content = Content::new(run, &settings.population(), 0, limits);
        let segment = Segment {
            from_index: 0,
            population: settings.population(),
        };
        observe::generator_set(&settings, 0);
        Self {
            run,
            scratch: content.scratch(),
            content,
            schedule: Schedule::new(&settings),
            scheduled_from: Instant::now(),
            next: 0,
            room: 0,
            tally: Arc::default(),
            meter: Meter::default(),
            status: Status {
                since: Some(started),
                run_started: Some(started),
                segments: vec![segment],
                ..Status::default()
            },
            reported: Instant::now(),
            settings,
        }
    }

    fn apply(&mut self, settings: Settings, limits: &Limits) {
        let again = self.finished() && settings.running && !self.settings.running;
        if settings.seed != self.run.seed || again {
            let room = self.room;
            *self = Self::begin(settings, limits);
            self.room = room;
            return;
        }
        if settings.population() != self.settings.population() {
            self.begin_segment(&settings, limits);
        }
        let pace = |s: &Settings| {
            (
                s.running,
                s.rate,
                s.profile.clone(),
                s.arrivals,
                s.day_shape,
            )
        };
        // Nothing was due since the run was finished.
        if self.finished() || pace(&settings) != pace(&self.settings) {
            self.schedule = Schedule::new(&settings);
            self.scheduled_from = Instant::now();
        }
        self.status.since = Some(UnixMicros::now());
        observe::generator_set(&settings, self.next);
        self.settings = settings;
    }

    fn begin_segment(&mut self, settings: &Settings, limits: &Limits) {
        let segment = Segment {
            from_index: self.next,
            population: settings.population(),
        };
        let segments = &mut self.status.segments;
        segments.retain(|earlier| earlier.from_index < segment.from_index);
        segments.push(segment);
        self.content = Content::new(self.run, &settings.population(), self.next, limits);
        self.scratch = self.content.scratch();
    }

    fn finished(&self) -> bool {
        self.settings.limit.is_some_and(|limit| self.next >= limit)
    }

    fn advance(&mut self, now: Instant) {
        if !self.settings.running || self.finished() {
            return;
        }
        let elapsed = (now - self.scheduled_from).as_secs_f64();
        self.schedule.advance(elapsed, UnixMicros::now());
        let missed = self.schedule.take_missed();
        if missed > 0 {
            self.status.missed += missed;
            observe::missed(missed);
        }
    }

    /// Takes note of how full the stream is. What is sent until the next look is taken off
    /// its room: the backlog comes up to its bound and stays there.
    fn look(&mut self, pressure: &Pressure) {
        self.room = match pressure.limit {
            None => pressure.room_events,
            Some(_) => 0,
        };
        self.status.paused_by = pressure.limit;
    }

    /// Events that may be sent now.
    fn due(&self) -> u64 {
        if !self.settings.running {
            return 0;
        }
        let left = self
            .settings
            .limit
            .map_or(u64::MAX, |limit| limit.saturating_sub(self.next));
        self.schedule.due().min(left).min(self.room)
    }

    fn block(&mut self, policy: &BatchPolicy) -> Block {
        let from = self.next;
        let until = from + self.due().min(policy.max_events.into());
        let now = UnixMicros::now();
        let mut ndjson = Vec::with_capacity(policy.max_bytes.min((until - from) as usize * 320));
        let mut events = 0;
        while self.next < until
            && policy.append(events, &mut ndjson, |out| {
                self.content.write(self.next, now, &mut self.scratch, out);
            })
        {
            self.next += 1;
            events += 1;
        }
        self.schedule.emitted(events.into());
        self.room -= u64::from(events);
        if self.room == 0 {
            self.status.paused_by = Some(Limit::Backlog);
        }
        let ack = Ack::Generator {
            from,
            tally: self.tally.clone(),
        };
        Block {
            ndjson,
            events,
            ack,
            trace: Trace::default(),
        }
    }

    fn report(&mut self) -> Status {
        let now = Instant::now();
        self.reported = now;
        let working = self.settings.running && !self.finished();
        let wanted = self.schedule.rate_at(UnixMicros::now());
        Status {
            settings: self.settings.clone(),
            wanted_rate: if working { wanted } else { 0.0 },
            achieved_rate: self.meter.rate(now, self.tally.stored()),
            generated: self.next,
            sent: self.tally.stored(),
            ambiguous: self.tally.ambiguous(),
            dropped: self.tally.dropped(),
            uncertain: self.tally.uncertain(),
            finished: self.finished(),
            ..self.status.clone()
        }
    }
}

#[cfg(test)]
#[path = "task_tests.rs"]
mod tests;
