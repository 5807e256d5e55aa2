//! What all subscribers to equal parameters share: the current state and a short ring of frames.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use common::time::UnixMicros;
use tokio::sync::Notify;

use super::{
    frame::{Frame, Kind},
    log::Log,
    position::Position,
    protocol::Refusal,
    pull::{Place, Pulled},
    rows::Rows,
    shown::Batch,
    spec::Spec,
};

/// Frames kept for clients that are a little behind.
const RING: usize = 16;

/// One look at the database.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) tick: u64,
    pub(super) position: Position,
    /// The position as text.
    pub(super) text: String,
    pub(super) watermark: Option<UnixMicros>,
}

/// All there is to say, as of a moment.
#[derive(Debug, Clone)]
pub(super) enum State {
    Rows(Arc<Rows>),
    /// The body of a frame.
    Whole(Arc<str>),
}

/// What a moment brought.
#[derive(Debug)]
pub(super) enum News {
    Nothing,
    /// The body of a frame.
    Body(String),
    Events(Batch),
}

#[derive(Debug)]
pub(super) struct Kept {
    pub(super) next: Arc<Frame>,
    pub(super) moment: Arc<Moment>,
    pub(super) events: Option<Arc<Batch>>,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) subscribers: HashMap<u64, Arc<Notify>>,
    /// Subscribers that can't go on before the next moment.
    pub(super) waiting: HashSet<u64>,
    pub(super) last_subscriber: u64,
    /// Number of the next frame.
    pub(super) next: u64,
    pub(super) ring: VecDeque<Kept>,
    /// What came before the oldest frame that is kept.
    pub(super) before: Option<Arc<Moment>>,
    pub(super) now: Option<(Arc<Moment>, State)>,
    /// The current state as a frame, encoded when first needed.
    pub(super) whole: Option<Arc<Frame>>,
    pub(super) recovered: Vec<(Position, Option<Arc<Frame>>)>,
    pub(super) ended: Option<Refusal>,
    /// Events of all frames so far, shown or skipped.
    pub(super) events: u64,
}

#[derive(Debug)]
pub(super) struct Channel {
    pub(super) spec: Spec,
    inner: Mutex<Inner>,
}

impl Channel {
    pub(super) fn new(spec: Spec) -> Self {
        Self {
            spec,
            inner: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The new subscriber's number.
    pub(super) fn join(&self, waker: Arc<Notify>) -> u64 {
        let mut inner = self.lock();
        inner.last_subscriber += 1;
        let number = inner.last_subscriber;
        inner.subscribers.insert(number, waker);
        number
    }

    /// Whether that was the last one.
    pub(super) fn leave(&self, subscriber: u64) -> bool {
        let mut inner = self.lock();
        inner.subscribers.remove(&subscriber);
        inner.waiting.remove(&subscriber);
        inner.subscribers.is_empty()
    }

    pub(super) fn lacks_state(&self) -> bool {
        self.lock().now.is_none()
    }

    /// A subscriber can't continue before the next moment.
    pub(super) fn is_awaited(&self) -> bool {
        !self.lock().waiting.is_empty()
    }

    pub(super) fn state(&self) -> Option<State> {
        self.lock().now.as_ref().map(|(_, state)| state.clone())
    }

    /// The state as of a new moment, and what changed with it.
    pub(super) fn publish(&self, moment: &Arc<Moment>, state: State, news: News) {
        let mut inner = self.lock();
        inner.before.get_or_insert_with(|| moment.clone());
        let body = match &news {
            News::Nothing => None,
            News::Body(body) => Some(body.clone()),
            News::Events(batch) => Some(batch.body(0)),
        };
        if let Some(body) = body {
            let events = match news {
                News::Events(batch) => Some(Arc::new(batch)),
                _ => None,
            };
            inner.events += events.as_ref().map_or(0, |batch| batch.counted());
            inner.ring.push_back(Kept {
                next: Arc::new(Frame::new(self.spec.topic(), &moment.text, body)),
                moment: moment.clone(),
                events,
            });
            if inner.ring.len() > RING {
                let oldest = inner.ring.pop_front();
                inner.before = oldest.map(|kept| kept.moment);
            }
            inner.next += 1;
            inner.waiting.clear();
            inner
                .subscribers
                .values()
                .for_each(|waker| waker.notify_one());
        } else {
            let waiting = std::mem::take(&mut inner.waiting);
            for subscriber in waiting {
                inner
                    .subscribers
                    .get(&subscriber)
                    .inspect(|waker| waker.notify_one());
            }
        }
        inner.now = Some((moment.clone(), state));
        inner.whole = None;
        inner.recovered.clear();
    }

    /// No more of it: subscribers are told why.
    pub(super) fn end(&self, why: Refusal) {
        let mut inner = self.lock();
        inner.ended = Some(why);
        inner
            .subscribers
            .values()
            .for_each(|waker| waker.notify_one());
    }

    pub(super) fn pull(&self, place: &mut Place, log: &Mutex<Log>) -> Option<Pulled> {
        let mut inner = self.lock();
        if let Some(why) = &inner.ended {
            return Some(Pulled::Ended(why.clone()));
        }
        if let Some(frame) = place.queued.take() {
            return Some(Pulled::Frame(Kind::Next, frame));
        }
        match place.cursor {
            Some(cursor) => inner.next_frame(cursor, place, &self.spec),
            None => {
                let pulled = inner.first(place, &self.spec, log);
                if pulled.is_none() {
                    inner.waiting.insert(place.subscriber);
                }
                pulled
            }
        }
    }
}
