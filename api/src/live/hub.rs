//! Hands the feed's frames to the sockets. A socket pulls at its own pace from a short ring
//! that all subscribers of a topic share; one that falls behind gets the newest state instead.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use common::{shutdown::Shutdown, time::UnixMicros};
use tokio::sync::{Notify, watch};
use tokio_util::task::TaskTracker;

use super::{frame::Frame, moment::Moment};

/// Frames kept per topic for sockets that are a little behind.
const RING: usize = 16;

/// What can be subscribed to; equal ones share their frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Topic {
    Metrics { minutes: u16 },
    Events,
    Pipeline,
}

impl Topic {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Metrics { .. } => "metrics",
            Self::Events => "events",
            Self::Pipeline => "pipeline",
        }
    }
}

#[derive(Debug)]
struct Kept {
    next: Arc<Frame>,
    /// What a socket that missed earlier frames gets instead; `None`: the whole state.
    after_gap: Option<Arc<Frame>>,
}

#[derive(Debug, Default)]
struct Channel {
    subscribers: usize,
    /// Number of the next frame.
    next: u64,
    ring: VecDeque<Kept>,
    /// The whole state as of the last frame, once somebody needed it.
    whole: Option<Arc<Frame>>,
}

#[derive(Debug, Default)]
struct Inner {
    channels: HashMap<Topic, Channel>,
    moment: Option<Arc<Moment>>,
}

/// Shared by the feed and all sockets.
#[derive(Debug)]
pub struct Hub {
    inner: Mutex<Inner>,
    ticks: watch::Sender<u64>,
    /// Somebody waits for a first state.
    pub(super) wanted: [Notify; 2],
    pub(super) shutdown: Shutdown,
    pub(super) sockets: TaskTracker,
}

impl Hub {
    pub(super) fn new(shutdown: Shutdown, sockets: TaskTracker) -> Self {
        Self {
            inner: Mutex::default(),
            ticks: watch::Sender::new(0),
            wanted: [Notify::new(), Notify::new()],
            shutdown,
            sockets,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes whenever there is something to pull.
    pub(super) fn ticks(&self) -> watch::Receiver<u64> {
        self.ticks.subscribe()
    }

    pub(super) fn has_subscribers(&self, topic: Topic) -> bool {
        self.lock().channels.contains_key(&topic)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.lock().channels.is_empty()
    }

    /// Whether somebody waits for the topic's first state.
    pub(super) fn lacks_state(&self, topic: Topic) -> bool {
        self.lock()
            .channels
            .get(&topic)
            .is_some_and(|channel| channel.whole.is_none())
    }

    pub(super) fn watermark(&self) -> Option<UnixMicros> {
        self.lock()
            .moment
            .as_ref()
            .and_then(|moment| moment.watermark)
    }

    pub(super) fn subscribe(self: &Arc<Self>, id: String, topic: Topic) -> Subscription {
        self.lock().channels.entry(topic).or_default().subscribers += 1;
        self.wanted.iter().for_each(Notify::notify_one);
        Subscription {
            hub: self.clone(),
            id,
            topic,
            cursor: None,
        }
    }

    /// A new moment of the metrics: a frame for each window that is subscribed to.
    pub(super) fn publish_moment(
        &self,
        moment: Moment,
        changed: &BTreeSet<UnixMicros>,
        news: bool,
    ) {
        let mut inner = self.lock();
        let moment = Arc::new(moment);
        inner.moment = Some(moment.clone());
        let windows: BTreeSet<u16> = inner.channels.keys().filter_map(window).collect();
        if news && !windows.is_empty() {
            let (totals, position) = (moment.totals(&windows), moment.position_text());
            for (topic, channel) in &mut inner.channels {
                let Some(minutes) = window(topic) else {
                    continue;
                };
                let body = moment.body(minutes, Some(changed), &totals[&minutes]);
                channel.push(
                    Arc::new(Frame::new(topic.name(), &position, &body)),
                    None,
                    None,
                );
            }
        } else {
            // The state is as it was, but for its watermark: whoever comes now gets the new one.
            for (topic, channel) in &mut inner.channels {
                if window(topic).is_some() {
                    channel.whole = None;
                }
            }
        }
        drop(inner);
        self.ticks.send_modify(|tick| *tick += 1);
    }

    /// A frame of `events` or `pipeline`. `whole` is the state that newcomers get.
    pub(super) fn publish(
        &self,
        topic: Topic,
        next: Option<Frame>,
        after_gap: Option<Frame>,
        whole: Frame,
    ) {
        let mut inner = self.lock();
        let Some(channel) = inner.channels.get_mut(&topic) else {
            return;
        };
        let whole = Arc::new(whole);
        match next {
            Some(next) => channel.push(Arc::new(next), after_gap.map(Arc::new), Some(whole)),
            None => channel.whole = Some(whole),
        }
        drop(inner);
        self.ticks.send_modify(|tick| *tick += 1);
    }
}

const fn window(topic: &Topic) -> Option<u16> {
    match topic {
        Topic::Metrics { minutes } => Some(*minutes),
        _ => None,
    }
}

impl Channel {
    fn push(&mut self, next: Arc<Frame>, after_gap: Option<Arc<Frame>>, whole: Option<Arc<Frame>>) {
        self.ring.push_back(Kept { next, after_gap });
        if self.ring.len() > RING {
            self.ring.pop_front();
        }
        self.next += 1;
        self.whole = whole;
    }
}

impl Inner {
    fn whole(&mut self, topic: Topic) -> Option<Arc<Frame>> {
        let moment = self.moment.clone();
        let channel = self.channels.get_mut(&topic)?;
        if let (None, Some(minutes), Some(moment)) = (&channel.whole, window(&topic), moment) {
            let totals = moment.totals(&BTreeSet::from([minutes]));
            let body = moment.body(minutes, None, &totals[&minutes]);
            channel.whole = Some(Arc::new(Frame::new(
                topic.name(),
                &moment.position_text(),
                &body,
            )));
        }
        channel.whole.clone()
    }
}

/// What a socket is to send next for one of its subscriptions.
#[derive(Debug)]
pub(super) enum Pulled {
    Snapshot(Arc<Frame>),
    Next(Arc<Frame>),
    /// Frames were missed; this one stands for them.
    Conflated(Arc<Frame>),
}

/// One socket's place in a topic. Dropped, it leaves.
#[derive(Debug)]
pub(super) struct Subscription {
    hub: Arc<Hub>,
    pub(super) id: String,
    topic: Topic,
    /// Number of the next frame to send; `None` before the snapshot.
    cursor: Option<u64>,
}

impl Subscription {
    /// The next frame, if there is one.
    pub(super) fn pull(&mut self) -> Option<Pulled> {
        let mut inner = self.hub.lock();
        let channel = inner.channels.get(&self.topic)?;
        let (next, oldest) = (channel.next, channel.next - channel.ring.len() as u64);
        let Some(cursor) = self.cursor else {
            let whole = inner.whole(self.topic)?;
            self.cursor = Some(next);
            return Some(Pulled::Snapshot(whole));
        };
        if cursor >= next {
            return None;
        }
        if cursor >= oldest {
            self.cursor = Some(cursor + 1);
            let kept = channel.ring.get((cursor - oldest) as usize)?;
            return Some(Pulled::Next(kept.next.clone()));
        }
        let substitute = channel.ring.back().and_then(|kept| kept.after_gap.clone());
        let frame = match substitute {
            Some(frame) => frame,
            None => inner.whole(self.topic)?,
        };
        self.cursor = Some(next);
        Some(Pulled::Conflated(frame))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut inner = self.hub.lock();
        let Some(channel) = inner.channels.get_mut(&self.topic) else {
            return;
        };
        channel.subscribers -= 1;
        if channel.subscribers == 0 {
            inner.channels.remove(&self.topic);
        }
    }
}
