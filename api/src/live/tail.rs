//! The newest events for topic `events`: at most so many a tick, each once.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use common::time::UnixMicros;
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    feed::News,
    frame::Frame,
    hub::{Hub, Topic},
    moment::Moment,
};
use crate::query::{
    database::{QueryError, Snapshot},
    events::{self, EventRow},
    range::MINUTE,
};

const EVENTS_SHOWN: usize = 20;
const EVENTS_A_TICK: usize = 50;
const EVENTS_GAP: Duration = Duration::from_millis(250);
/// Rows looked at for the ones not sent before.
const EVENTS_READ: i64 = 200;
const EVENTS_REMEMBERED: usize = 4_096;
/// Below this many events in the touched minutes, new ones are found by their acceptance.
const SPARSE: u64 = 5_000;

/// The newest events, and which were shown.
#[derive(Debug, Default)]
pub(super) struct Tail {
    newest: Vec<EventRow>,
    sent: HashSet<Uuid>,
    order: VecDeque<Uuid>,
    pending: News,
    last: Option<Instant>,
}

impl Tail {
    pub(super) fn note(&mut self, news: &News) {
        self.pending.stored += news.stored;
        self.pending.minutes.extend(&news.minutes);
        if let Some((first, last)) = news.accepted {
            let (from, to) = self.pending.accepted.unwrap_or((first, last));
            self.pending.accepted = Some((from.min(first), to.max(last)));
        }
    }

    pub(super) fn is_due(&mut self, hub: &Hub) -> bool {
        if !hub.has_subscribers(Topic::Events) {
            *self = Self::default();
            return false;
        }
        let rested = self.last.is_none_or(|last| last.elapsed() >= EVENTS_GAP);
        hub.lacks_state(Topic::Events) || (rested && self.pending.stored > 0)
    }

    pub(super) async fn read(
        &mut self,
        snapshot: &Snapshot,
        hub: &Hub,
        moment: &Moment,
    ) -> Result<(), QueryError> {
        let pending = std::mem::take(&mut self.pending);
        let first = self.last.replace(Instant::now()).is_none();
        let now = UnixMicros::now();
        let mut rows = events::newest(snapshot, now, EVENTS_READ).await?;
        let minutes: Vec<_> = pending.minutes.iter().copied().take(120).collect();
        let crowd: u64 = minutes.iter().map(|minute| moment.events_at(*minute)).sum();
        if let (Some(accepted), true) = (pending.accepted, crowd < SPARSE) {
            let accepted = (
                accepted.0,
                UnixMicros(accepted.1.0.saturating_add(MINUTE / 60_000)),
            );
            rows.extend(events::accepted_between(snapshot, &minutes, accepted, EVENTS_READ).await?);
        }
        rows.sort_by(|a, b| b.occurred_at.cmp(&a.occurred_at));
        rows.retain(|row| self.remember(row.event_id));
        let fresh = rows.len() as u64;
        let total = if first { 0 } else { pending.stored.max(fresh) };
        rows.truncate(if first { EVENTS_SHOWN } else { EVENTS_A_TICK });
        self.show(hub, rows, total, moment);
        Ok(())
    }

    fn show(&mut self, hub: &Hub, rows: Vec<EventRow>, total: u64, moment: &Moment) {
        let sampled = total > rows.len() as u64;
        let position = moment.position_text();
        let frame = |rows: &[EventRow], sampled: bool| {
            let body = json!({"events": rows, "sampled": sampled});
            Frame::new(Topic::Events.name(), &position, &body)
        };
        let (next, after_gap) = (frame(&rows, sampled), frame(&rows, true));
        let news = !rows.is_empty();
        self.newest.splice(0..0, rows);
        self.newest
            .sort_by(|a, b| b.occurred_at.cmp(&a.occurred_at));
        self.newest.truncate(EVENTS_SHOWN);
        let whole = frame(&self.newest, false);
        hub.publish(
            Topic::Events,
            news.then_some(next),
            news.then_some(after_gap),
            whole,
        );
    }

    /// Whether it is new.
    fn remember(&mut self, id: Uuid) -> bool {
        if !self.sent.insert(id) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > EVENTS_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.sent.remove(&oldest);
        }
        true
    }
}
