//! The one reader of the process: turns what was committed since the last pass into frames.

use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::{Duration, Instant as Clock},
};

use common::{backoff::Backoff, time::UnixMicros};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};

use super::{
    channel::Moment,
    fill::Fill,
    held::Held,
    hub::Hub,
    log::Log,
    protocol::Refusal,
    publish::{Look, Publisher},
    read,
    spec::Spec,
    tail::{self, Tail},
};
use crate::{
    error::causes,
    observe,
    query::{
        database::{QueryError, Snapshot},
        range::{MINUTE, end_of_minute},
    },
    state::ApiState,
};

/// Least time between two looks, however many hints come.
const LEAST_GAP: Duration = Duration::from_millis(10);
/// The more clients there are, the fewer frames each of them gets: sending must not take all
/// of the time.
const GAP_PER_SOCKET: Duration = Duration::from_micros(5);
/// So many times as long as a look took, the feed rests.
const REST: u32 = 3;
/// Positions leave out writers that have gone: this often it is asked which.
const WRITERS_INTERVAL: Duration = Duration::from_secs(60);
/// Writers that closed 10 minutes ago aren't asked for what is new (`live_commits`): after a pause
/// that long their last commits would never be seen.
const LONGEST_PAUSE: i64 = 9 * MINUTE;

/// Feeds all topics but `pipeline` for ever.
pub(super) async fn run(state: ApiState, hub: Arc<Hub>, hints: Arc<[Notify; 2]>) {
    let mut feed = Feed::new(state, hub);
    let mut backoff = Backoff::default();
    let interval = feed.state.config.live.live_interval();
    loop {
        let started = Clock::now();
        let unfinished = match feed.tick().await {
            Ok(unfinished) => {
                observe::feed_tick(started);
                backoff.reset();
                unfinished
            }
            Err(error) => {
                observe::feed_failed(&causes(&error));
                backoff.wait().await;
                continue;
            }
        };
        sleep(rest(started.elapsed(), feed.hub.sockets.len()).min(interval)).await;
        let idle = feed.hub.is_idle();
        tokio::select! {
            () = std::future::ready(()), if unfinished => {}
            () = hints[0].notified(), if !idle => {}
            () = feed.hub.wanted[0].notified() => {}
            () = sleep_until(Instant::from_std(started) + interval) => {}
        }
    }
}

/// How long to leave database and clients alone after a look that took `look`.
fn rest(look: Duration, sockets: usize) -> Duration {
    let sockets = u32::try_from(sockets).unwrap_or(u32::MAX);
    let sending = GAP_PER_SOCKET.saturating_mul(sockets);
    LEAST_GAP.max(REST * look).max(sending)
}

struct Feed {
    state: ApiState,
    hub: Arc<Hub>,
    held: Held,
    tail: Tail,
    generation: Option<i64>,
    writers_read: Option<Instant>,
    /// When all that was committed was last in the log.
    followed: Option<UnixMicros>,
    publisher: Publisher,
}

impl Feed {
    fn new(state: ApiState, hub: Arc<Hub>) -> Self {
        Self {
            state,
            hub,
            held: Held::default(),
            tail: Tail::default(),
            generation: None,
            writers_read: None,
            followed: None,
            publisher: Publisher::default(),
        }
    }

    /// One look at the database. True: there is more to read at once.
    async fn tick(&mut self) -> Result<bool, QueryError> {
        let tick = self.hub.look();
        // Before the database is read: every event accepted before it is in what we read.
        let watermark = self.state.watermark();
        let snapshot = self.state.database.internal_snapshot().await?;
        let now = UnixMicros::now();
        let end = end_of_minute(now);
        let generation = read::generation(&snapshot).await?;
        if self.generation.replace(generation) != Some(generation) {
            self.held.touch_all();
        }
        let news = self.commits(&snapshot, now).await?;
        self.held.touch(&news.minutes);
        self.tail.note(&news);
        let channels = self.hub.channels();
        let due: Vec<_> = channels
            .iter()
            .filter(|channel| self.publisher.is_due(channel))
            .collect();
        let specs: Vec<_> = due.iter().map(|channel| &channel.spec).collect();
        let fill = Fill {
            held: &mut self.held,
            snapshot: &snapshot,
            end,
            tick,
        };
        let found = fill.fill(&specs).await?;
        let events = self.tail.look(&snapshot, &channels).await?;
        // What was read is right, whatever becomes of the connection.
        let finished = snapshot.finish().await;
        let position = lock(&self.hub).position(end, generation);
        let moment = Arc::new(Moment {
            tick,
            text: position.to_string(),
            position,
            watermark,
        });
        self.hub.set_moment(moment.clone());
        let look = Look {
            held: &self.held,
            found: &found,
            moment: &moment,
            now,
        };
        for (at, channel) in due.into_iter().enumerate() {
            if found.blurred.contains(&at) {
                self.hub.end(channel, blurred());
            } else {
                self.publisher.publish(channel, look);
            }
        }
        for channel in &channels {
            if let Spec::Events(spec) = &channel.spec {
                self.tail.show(channel, spec, events.as_ref(), &moment);
            }
        }
        self.tail.keep(&channels);
        self.publisher.keep(&channels);
        finished.map(|()| found.unfinished)
    }

    /// Puts what was committed into the log.
    async fn commits(
        &mut self,
        snapshot: &Snapshot,
        now: UnixMicros,
    ) -> Result<tail::News, QueryError> {
        let end = end_of_minute(now);
        let paused = |at: UnixMicros| now.0 - at.0 > LONGEST_PAUSE;
        let due = |at: Instant| at.elapsed() >= WRITERS_INTERVAL;
        if self.followed.is_none_or(paused) {
            self.begin(snapshot, end).await?;
        } else if self.writers_read.is_none_or(due) {
            let writers = read::writers(snapshot).await?;
            lock(&self.hub).set_writers(&writers);
            self.writers_read = Some(Instant::now());
        }
        let known = lock(&self.hub).known();
        let (news, commits) = read::news(snapshot, &known, end).await?;
        let mut log = lock(&self.hub);
        commits.into_iter().for_each(|commit| log.add(commit));
        self.followed = Some(now);
        Ok(news)
    }

    /// Begins the log with the commits of the last minutes. Which minutes those before have
    /// touched isn't known.
    async fn begin(&mut self, snapshot: &Snapshot, end: UnixMicros) -> Result<(), QueryError> {
        let writers = read::writers(snapshot).await?;
        let earlier = read::earlier(snapshot, end).await?;
        let mut log = Log::of(&writers);
        earlier
            .into_iter()
            .for_each(|commit| log.add_earlier(commit));
        *lock(&self.hub) = log;
        self.writers_read = Some(Instant::now());
        self.held.touch_all();
        self.tail.suspect();
        Ok(())
    }
}

fn lock(hub: &Hub) -> MutexGuard<'_, Log> {
    hub.log.lock().unwrap_or_else(PoisonError::into_inner)
}

fn blurred() -> Refusal {
    let detail = "some values are longer than rollups keep them, and the filter looks into them; REST answers it from single events";
    Refusal::new("unsupported_filter", detail)
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
