//! What a subscriber gets next: the state, what it has missed, or the next frame.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    channel::{Inner, Kept, Moment, State},
    frame::{Frame, Kind},
    log::Log,
    position::Position,
    protocol::{From, Refusal},
    spec::Spec,
};

/// Answers kept for clients that come back from the same position.
const RECOVERED_KEPT: usize = 32;

/// A subscriber's place in a channel.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) subscriber: u64,
    /// Where it goes on; what it gets first depends on that.
    pub(super) from: From,
    /// A look that began later knows all that any position counts which was given out before.
    pub(super) after: u64,
    /// Number of the next frame to send; `None` before the first answer.
    pub(super) cursor: Option<u64>,
    /// To be sent before the next frame.
    pub(super) queued: Option<Arc<Frame>>,
    /// [`Inner::events`] of what it got.
    pub(super) events: u64,
}

/// What a client is to be sent next for one of its subscriptions.
#[derive(Debug)]
pub(super) enum Pulled {
    Frame(Kind, Arc<Frame>),
    /// It goes on from its position.
    Recovered(String),
    /// Frames were missed; this one stands for them.
    Conflated(Arc<Frame>),
    Ended(Refusal),
}

impl Inner {
    fn oldest(&self) -> u64 {
        self.next - self.ring.len() as u64
    }

    fn whole(&mut self, spec: &Spec) -> Option<Arc<Frame>> {
        if self.whole.is_none() {
            let (moment, state) = self.now.as_ref()?;
            let body = match state {
                State::Rows(rows) => rows.body(moment.watermark, None),
                State::Whole(body) => body.to_string(),
            };
            self.whole = Some(Arc::new(Frame::new(spec.topic(), &moment.text, body)));
        }
        self.whole.clone()
    }

    pub(super) fn first(
        &mut self,
        place: &mut Place,
        spec: &Spec,
        log: &Mutex<Log>,
    ) -> Option<Pulled> {
        let moment = self.now.as_ref().map(|(moment, _)| moment.clone())?;
        let kind = match &place.from {
            From::Start => Kind::Subscribed,
            From::Unreadable => Kind::Anew,
            From::Position(_) if moment.tick <= place.after => return None,
            From::Position(from) => {
                if let Some((cursor, frame)) = self.recover(from, &moment, spec, log) {
                    place.cursor = Some(cursor);
                    place.queued = frame;
                    place.events = self.events_before(cursor);
                    return Some(Pulled::Recovered(from.to_string()));
                }
                Kind::Anew
            }
        };
        place.cursor = Some(self.next);
        place.events = self.events;
        self.whole(spec).map(|frame| Pulled::Frame(kind, frame))
    }

    /// The next frame for a client of this position, and what goes before it.
    fn recover(
        &mut self,
        from: &Position,
        moment: &Moment,
        spec: &Spec,
        log: &Mutex<Log>,
    ) -> Option<(u64, Option<Arc<Frame>>)> {
        if matches!(spec, Spec::Events(_)) {
            return self.frame_after(from).map(|cursor| (cursor, None));
        }
        if let Some((_, frame)) = self.recovered.iter().find(|(known, _)| known == from) {
            return Some((self.next, frame.clone()));
        }
        let missed = log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .missed(from, &moment.position)?;
        let frame = match &self.now.as_ref()?.1 {
            State::Whole(_) => self.whole(spec),
            State::Rows(rows) => {
                let missed = rows.missed(&missed, from.end);
                let body = || rows.body(moment.watermark, Some(&missed));
                let known = missed.is_empty() && from.end == rows.end;
                (!known).then(|| Arc::new(Frame::new(spec.topic(), &moment.text, body())))
            }
        };
        if self.recovered.len() < RECOVERED_KEPT {
            self.recovered.push((from.clone(), frame.clone()));
        }
        Some((self.next, frame))
    }

    /// Of frames that don't hold the state: the first that has something which `from` doesn't
    /// count. `None` where earlier ones may have been missed.
    fn frame_after(&self, from: &Position) -> Option<u64> {
        let seen = |kept: &&Kept| from.covers(&kept.moment.position);
        let seen = self.ring.iter().take_while(seen).count() as u64;
        let before = self.before.as_ref()?;
        (seen > 0 || from.covers(&before.position)).then(|| self.oldest() + seen)
    }

    fn events_before(&self, cursor: u64) -> u64 {
        let later = (self.next - cursor) as usize;
        let later = self.ring.iter().rev().take(later);
        let later = later.filter_map(|kept| kept.events.as_ref());
        self.events - later.map(|batch| batch.counted()).sum::<u64>()
    }

    pub(super) fn next_frame(
        &mut self,
        cursor: u64,
        place: &mut Place,
        spec: &Spec,
    ) -> Option<Pulled> {
        if cursor >= self.next {
            return None;
        }
        if let Some(ahead) = cursor.checked_sub(self.oldest()) {
            let kept = self.ring.get(ahead as usize)?;
            place.cursor = Some(cursor + 1);
            place.events += kept.events.as_ref().map_or(0, |batch| batch.counted());
            return Some(Pulled::Frame(Kind::Next, kept.next.clone()));
        }
        let last = self.ring.back().and_then(|kept| {
            let missed = self.events - place.events;
            let batch = kept.events.as_ref()?;
            let body = batch.body(missed.saturating_sub(batch.counted()));
            Some(Arc::new(Frame::new(spec.topic(), &kept.moment.text, body)))
        });
        let frame = last.map_or_else(|| self.whole(spec), Some)?;
        place.cursor = Some(self.next);
        place.events = self.events;
        Some(Pulled::Conflated(frame))
    }
}
