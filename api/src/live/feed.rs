//! The one reader of a process: what was committed since the last look becomes frames.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant as Clock},
};

use common::{backoff::Backoff, rollup::Rollup, time::UnixMicros};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};
use tokio_postgres::Row;

use super::{
    frame::Frame,
    hub::{Hub, Topic},
    moment::{Moment, end_of_minute, first_minute},
    tail::Tail,
};
use crate::{
    error::causes,
    observe,
    query::{
        database::{Instant as At, QueryError, Snapshot},
        rollups, statements,
    },
    state::ApiState,
};

/// Least time between two looks, however many hints come.
const LEAST_GAP: Duration = Duration::from_millis(20);
/// The more sockets there are, the fewer frames each of them gets: sending must not take all
/// of the time.
const GAP_PER_SOCKET: Duration = Duration::from_micros(20);
/// So many times as long as a look took, the feed rests.
const REST: u32 = 3;
/// The window is read anew this often, which heals what changed without a commit (a rebuild).
const REFRESH: Duration = Duration::from_secs(60);
const PIPELINE_GAP: Duration = Duration::from_millis(500);
const PIPELINE_INTERVAL: Duration = Duration::from_secs(1);

/// Feeds `metrics` and `events` for ever.
pub(super) async fn metrics(state: ApiState, hub: Arc<Hub>, hints: Arc<[Notify; 2]>) {
    let mut feed = Feed::new(state, hub);
    let mut backoff = Backoff::default();
    let interval = feed.state.config.api.live_interval();
    loop {
        let started = Clock::now();
        match feed.tick().await {
            Ok(()) => {
                observe::feed_tick(started);
                backoff.reset();
            }
            Err(error) => {
                observe::feed_failed(&causes(&error));
                backoff.wait().await;
                continue;
            }
        }
        sleep(rest(started.elapsed(), feed.hub.sockets.len()).min(interval)).await;
        let idle = feed.hub.is_idle();
        tokio::select! {
            () = hints[0].notified(), if !idle => {}
            () = feed.hub.wanted[0].notified() => {}
            () = sleep_until(Instant::from_std(started) + interval) => {}
        }
    }
}

/// How long to leave database and sockets alone after a look that took `look`.
fn rest(look: Duration, sockets: usize) -> Duration {
    let sockets = u32::try_from(sockets).unwrap_or(u32::MAX);
    let sending = GAP_PER_SOCKET.saturating_mul(sockets);
    LEAST_GAP.max(REST * look).max(sending)
}

/// Feeds `pipeline` for ever, while somebody listens.
pub(super) async fn pipeline(state: ApiState, hub: Arc<Hub>, hints: Arc<[Notify; 2]>) {
    loop {
        if hub.has_subscribers(Topic::Pipeline) {
            let report = state.reporter.report().await;
            let position = hub
                .watermark()
                .map(UnixMicros::to_rfc3339)
                .unwrap_or_default();
            let frame = || Frame::new(Topic::Pipeline.name(), &position, &*report);
            hub.publish(Topic::Pipeline, Some(frame()), Some(frame()), frame());
        }
        let reported = Instant::now();
        tokio::select! {
            () = somebody_waits(&hub) => {}
            () = async {
                sleep_until(reported + PIPELINE_GAP).await;
                let _ = tokio::time::timeout_at(reported + PIPELINE_INTERVAL, hints[1].notified()).await;
            } => {}
        }
    }
}

async fn somebody_waits(hub: &Hub) {
    loop {
        hub.wanted[1].notified().await;
        if hub.lacks_state(Topic::Pipeline) {
            return;
        }
    }
}

/// Commits since the last look, added up.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) minutes: BTreeSet<UnixMicros>,
    pub(super) stored: u64,
    pub(super) accepted: Option<(UnixMicros, UnixMicros)>,
}

impl News {
    fn add(&mut self, row: &Row, position: &mut BTreeMap<i64, i64>) -> Result<(), QueryError> {
        position.insert(row.try_get(0)?, row.try_get(1)?);
        self.stored += rollups::count(i64::from(row.try_get::<_, i32>(2)?));
        let buckets: Vec<At> = row.try_get(3)?;
        self.minutes.extend(buckets.into_iter().map(|At(at)| at));
        let (At(first), At(last)) = (row.try_get(4)?, row.try_get(5)?);
        let (from, to) = self.accepted.unwrap_or((first, last));
        self.accepted = Some((from.min(first), to.max(last)));
        Ok(())
    }
}

struct Feed {
    state: ApiState,
    hub: Arc<Hub>,
    moment: Option<Moment>,
    refreshed: Instant,
    tail: Tail,
}

impl Feed {
    fn new(state: ApiState, hub: Arc<Hub>) -> Self {
        Self {
            state,
            hub,
            moment: None,
            refreshed: Instant::now(),
            tail: Tail::default(),
        }
    }

    async fn tick(&mut self) -> Result<(), QueryError> {
        // Before the database is read: every event accepted before it is in what we read.
        let watermark = self.state.watermark();
        let snapshot = self.state.database.internal_snapshot().await?;
        let end = end_of_minute(UnixMicros::now());
        let mut news = News::default();
        let mut moment = match self.moment.take() {
            Some(earlier) if self.refreshed.elapsed() < REFRESH => {
                let mut moment = earlier.clone();
                self.moment = Some(earlier);
                let minutes = read_news(&snapshot, &mut moment.position, &mut news, end).await?;
                moment.advance(minutes, end);
                moment
            }
            earlier => {
                self.moment = earlier;
                let mut known = self
                    .moment
                    .as_ref()
                    .map(|moment| moment.position.clone())
                    .unwrap_or_default();
                read_commits(&snapshot, &mut known, &mut news, self.moment.is_some()).await?;
                let moment = read_window(&snapshot, end).await?;
                self.refreshed = Instant::now();
                moment
            }
        };
        moment.watermark = watermark;
        self.tail.note(&news);
        if self.tail.is_due(&self.hub) {
            self.tail.read(&snapshot, &self.hub, &moment).await?;
        }
        snapshot.finish().await?;
        self.publish(moment);
        Ok(())
    }

    fn publish(&mut self, moment: Moment) {
        let (changed, moved) = match &self.moment {
            Some(earlier) => (moment.changes_since(earlier), moment.end != earlier.end),
            None => (BTreeSet::new(), false),
        };
        let news = moved || !changed.is_empty();
        self.moment = Some(moment.clone());
        self.hub.publish_moment(moment, &changed, news);
    }
}

async fn read_commits(
    snapshot: &Snapshot,
    position: &mut BTreeMap<i64, i64>,
    news: &mut News,
    wanted: bool,
) -> Result<(), QueryError> {
    if !wanted {
        return Ok(());
    }
    let writers: Vec<i64> = position.keys().copied().collect();
    let seqs: Vec<i64> = position.values().copied().collect();
    for row in snapshot
        .rows(statements::LIVE_COMMITS, &[&writers, &seqs])
        .await?
    {
        news.add(&row, position)?;
    }
    Ok(())
}

async fn read_news(
    snapshot: &Snapshot,
    position: &mut BTreeMap<i64, i64>,
    news: &mut News,
    end: UnixMicros,
) -> Result<BTreeMap<UnixMicros, Rollup>, QueryError> {
    read_commits(snapshot, position, news, true).await?;
    let touched: Vec<_> = news
        .minutes
        .range(first_minute(end)..)
        .copied()
        .map(At)
        .collect();
    if touched.is_empty() {
        return Ok(BTreeMap::new());
    }
    by_minute(&snapshot.rows(statements::LIVE_MINUTES, &[&touched]).await?)
}

async fn read_window(snapshot: &Snapshot, end: UnixMicros) -> Result<Moment, QueryError> {
    let mut position = BTreeMap::new();
    for row in snapshot.rows(statements::LIVE_POSITION, &[]).await? {
        position.insert(row.try_get(0)?, row.try_get(1)?);
    }
    let from = At(first_minute(end));
    let minutes = by_minute(&snapshot.rows(statements::LIVE_WINDOW, &[&from]).await?)?;
    Ok(Moment::new(minutes, position, None, end))
}

/// Merges over writers.
fn by_minute(rows: &[Row]) -> Result<BTreeMap<UnixMicros, Rollup>, QueryError> {
    let mut minutes: BTreeMap<UnixMicros, Rollup> = BTreeMap::new();
    for row in rows {
        let (at, rollup) = rollups::decode(row)?;
        minutes.entry(at).or_default().merge(&rollup);
    }
    Ok(minutes)
}
