//! The newest events for the topic `events`: read once for all subscriptions, each shown once and
//! at a limited rate; those not shown are counted.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use common::time::UnixMicros;
use tokio::time::Instant;
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use super::{
    channel::{Channel, Moment, News as Brought, State},
    event::Event,
    read,
    shown::Shown,
    spec::{Events, Spec},
};
use crate::query::{
    database::{QueryError, Snapshot},
    range::MINUTE,
    statements,
};

const GAP: Duration = Duration::from_millis(250);
/// Rows looked at for the ones not met before.
const READ: i64 = 200;
const REMEMBERED: usize = 4_096;
/// Below this many events in the touched minutes, new ones are also found by their acceptance:
/// they may have occurred long ago.
const SPARSE: i64 = 5_000;
const MOST_MINUTES: usize = 120;

/// Commits since the last look, added up.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) minutes: BTreeSet<UnixMicros>,
    pub(super) stored: u64,
    accepted: Option<(UnixMicros, UnixMicros)>,
}

impl News {
    pub(super) fn accept(&mut self, first: UnixMicros, last: UnixMicros) {
        let (from, to) = self.accepted.unwrap_or((first, last));
        self.accepted = Some((from.min(first), to.max(last)));
    }

    fn add(&mut self, news: &Self) {
        self.stored += news.stored;
        self.minutes.extend(&news.minutes);
        if let Some((first, last)) = news.accepted {
            self.accept(first, last);
        }
    }
}

/// What was read of the database.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// The newest first.
    events: Vec<Event>,
    /// Those that were never met before.
    fresh: HashSet<Uuid>,
    /// Events stored since the last look that weren't read.
    unread: u64,
}

#[derive(Debug, Default)]
pub(super) struct Tail {
    met: HashSet<Uuid>,
    order: VecDeque<Uuid>,
    pending: News,
    last: Option<Instant>,
    /// The oldest of the newest [`READ`] events when they were read last: what has become newer
    /// than all but them occurred no earlier. `None` where there were fewer.
    oldest: Option<UnixMicros>,
    shown: HashMap<Events, Shown>,
}

impl Tail {
    /// Something was committed.
    pub(super) fn note(&mut self, news: &News) {
        self.pending.add(news);
    }

    /// Events may have been stored, nobody knows how many.
    pub(super) fn suspect(&mut self) {
        self.pending.stored = self.pending.stored.max(1);
    }

    /// What the channels of `events` need to be told; `None`: nothing yet. Without any nothing is
    /// remembered.
    pub(super) async fn look(
        &mut self,
        snapshot: &Snapshot,
        channels: &[Arc<Channel>],
    ) -> Result<Option<Read>, QueryError> {
        let wanted = |channel: &&Arc<Channel>| matches!(channel.spec, Spec::Events(_));
        let mut wanted = channels.iter().filter(wanted).peekable();
        if wanted.peek().is_none() {
            let oldest = self.oldest;
            *self = Self {
                oldest,
                ..Self::default()
            };
            return Ok(None);
        }
        let urgent = wanted.any(|channel| channel.lacks_state());
        let rested = self.last.is_none_or(|last| last.elapsed() >= GAP);
        if !urgent && (self.pending.stored == 0 || !rested) {
            return Ok(None);
        }
        self.read(snapshot).await.map(Some)
    }

    /// Whether everything that is committed has been looked at.
    pub(super) const fn is_up_to_date(&self) -> bool {
        self.pending.stored == 0
    }

    async fn read(&mut self, snapshot: &Snapshot) -> Result<Read, QueryError> {
        let mut rows = self.newest(snapshot).await?;
        let minutes = self
            .pending
            .minutes
            .iter()
            .rev()
            .take(MOST_MINUTES)
            .copied();
        let bounds = read::bounds(minutes.clone());
        if let (Some((first, last)), Some((from, to))) = (self.pending.accepted, bounds) {
            let minutes: Vec<_> = minutes.collect();
            let last = UnixMicros(last.0 + MINUTE / 60_000);
            let late: [&(dyn ToSql + Sync); 7] =
                [&minutes, &first, &last, &READ, &SPARSE, &from, &to];
            rows.extend(
                snapshot
                    .rows(statements::LIVE_ACCEPTED_EVENTS, &late)
                    .await?,
            );
        }
        let mut events: Vec<_> = rows.iter().map(Event::read).collect::<Result<_, _>>()?;
        events.sort_by_key(|event| Reverse((event.at, event.id)));
        events.dedup_by_key(|event| event.id);
        let begun = self.last.replace(Instant::now()).is_some();
        let fresh = events.iter().map(|event| event.id);
        let fresh: HashSet<_> = fresh.filter(|id| self.meet(*id) && begun).collect();
        let stored = std::mem::take(&mut self.pending).stored;
        let unread = if begun {
            stored.saturating_sub(fresh.len() as u64)
        } else {
            0
        };
        Ok(Read {
            events,
            fresh,
            unread,
        })
    }

    /// The newest events there are. Without a bound in the past the statement is planned over
    /// all chunks, which takes longer than reading the few that matter.
    async fn newest(&mut self, snapshot: &Snapshot) -> Result<Vec<Row>, QueryError> {
        let from = self.oldest.unwrap_or(UnixMicros(0));
        let to = UnixMicros::now();
        let rows = snapshot
            .rows(statements::LIVE_NEWEST_EVENTS, &[&from, &to, &READ])
            .await?;
        // Fewer than before: retention has dropped some, so look further back the next time.
        let last = rows.last().filter(|_| rows.len() as i64 == READ);
        self.oldest = last.map(|row| row.try_get(2)).transpose()?;
        Ok(rows)
    }

    /// Gives a channel what was read, or the present moment where there was nothing to read.
    pub(super) fn show(
        &mut self,
        channel: &Channel,
        spec: &Events,
        read: Option<&Read>,
        moment: &Arc<Moment>,
    ) {
        let Some(read) = read else {
            if let Some(state) = channel.state().filter(|_| self.is_up_to_date()) {
                channel.publish(moment, state, Brought::Nothing);
            }
            return;
        };
        let passing = read
            .events
            .iter()
            .filter(|event| event.passes(&spec.filter));
        let (shown, news) = match self.shown.remove(spec).filter(|_| !channel.lacks_state()) {
            None => (Shown::of(passing, spec.rate), Brought::Nothing),
            Some(mut shown) => {
                let fresh = passing.filter(|event| read.fresh.contains(&event.id));
                let batch = shown.choose(fresh, read.unread, spec.rate);
                let news = match batch.counted() {
                    0 => Brought::Nothing,
                    _ => Brought::Events(batch),
                };
                (shown, news)
            }
        };
        let whole = shown.whole(spec.rate);
        self.shown.insert(spec.clone(), shown);
        channel.publish(moment, State::Whole(whole.body(0).into()), news);
    }

    /// Forgets channels that nobody listens to any more.
    pub(super) fn keep(&mut self, channels: &[Arc<Channel>]) {
        self.shown.retain(|known, _| {
            let same = |channel: &Arc<Channel>| matches!(&channel.spec, Spec::Events(spec) if spec == known);
            channels.iter().any(same)
        });
    }

    /// Whether it is new.
    fn meet(&mut self, id: Uuid) -> bool {
        if !self.met.insert(id) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.met.remove(&oldest);
        }
        true
    }
}
