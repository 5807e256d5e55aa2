//! The subscriptions of the process. Subscribers with equal parameters share a channel.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use common::shutdown::Shutdown;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use super::{
    channel::{Channel, Moment},
    held::MOST_CELLS,
    log::Log,
    protocol::{From, Refusal},
    pull::{Place, Pulled},
    spec::Spec,
};
use crate::observe;

/// Different subscriptions at once.
const MOST_CHANNELS: usize = 256;

/// Shared by the feed and all clients.
#[derive(Debug)]
pub struct Hub {
    channels: Mutex<HashMap<Spec, Arc<Channel>>>,
    pub(super) log: Mutex<Log>,
    moment: Mutex<Option<Arc<Moment>>>,
    /// Passes of the feed that have begun.
    looks: AtomicU64,
    /// A client waits for a state: of the rollups, of the pipeline.
    pub(super) wanted: [Notify; 2],
    pub(super) shutdown: Shutdown,
    pub(super) sockets: TaskTracker,
}

impl Hub {
    pub(super) fn new(shutdown: Shutdown, sockets: TaskTracker) -> Self {
        Self {
            channels: Mutex::default(),
            log: Mutex::default(),
            moment: Mutex::default(),
            looks: AtomicU64::new(0),
            wanted: [Notify::new(), Notify::new()],
            shutdown,
            sockets,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Spec, Arc<Channel>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the pass that begins.
    pub(super) fn look(&self) -> u64 {
        self.looks.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(super) fn channels(&self) -> Vec<Arc<Channel>> {
        self.lock().values().cloned().collect()
    }

    pub(super) fn channel(&self, spec: &Spec) -> Option<Arc<Channel>> {
        self.lock().get(spec).cloned()
    }

    /// How many different subscriptions there are, and how many minutes they hold.
    pub(super) fn measure(&self) {
        let channels = self.lock();
        let cells = channels.keys().map(Spec::cells).sum();
        observe::bound("live_subscriptions", (channels.len(), MOST_CHANNELS));
        observe::bound("live_cells", (cells, MOST_CELLS));
    }

    pub(super) fn is_idle(&self) -> bool {
        self.lock().is_empty()
    }

    /// The last look.
    pub(super) fn moment(&self) -> Option<Arc<Moment>> {
        self.moment
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn set_moment(&self, moment: Arc<Moment>) {
        *self.moment.lock().unwrap_or_else(PoisonError::into_inner) = Some(moment);
    }

    /// `waker` is notified whenever there may be something to pull.
    pub(super) fn subscribe(
        self: &Arc<Self>,
        spec: Spec,
        from: From,
        waker: Arc<Notify>,
    ) -> Result<Subscription, Refusal> {
        let mut channels = self.lock();
        if !channels.contains_key(&spec) {
            let cells: usize = channels.keys().map(Spec::cells).sum();
            if channels.len() >= MOST_CHANNELS || cells + spec.cells() > MOST_CELLS {
                return Err(Refusal::new(
                    "node_full",
                    format!(
                        "this node serves {} different subscriptions ({MOST_CHANNELS} at most) over {cells} minutes of single values \
                         ({MOST_CELLS} at most; this one needs {}): ask for fewer minutes or rows, or again later",
                        channels.len(),
                        spec.cells()
                    ),
                ));
            }
        }
        let channel = channels.entry(spec.clone());
        let channel = channel.or_insert_with(|| Arc::new(Channel::new(spec)));
        let place = Place {
            subscriber: channel.join(waker),
            from,
            after: self.looks.load(Ordering::SeqCst),
            cursor: None,
            queued: None,
            events: 0,
        };
        Ok(Subscription {
            hub: self.clone(),
            channel: channel.clone(),
            place,
        })
    }

    fn leave(&self, channel: &Arc<Channel>, subscriber: u64) {
        let mut channels = self.lock();
        let same = |known: &Arc<Channel>| Arc::ptr_eq(known, channel);
        if channel.leave(subscriber) && channels.get(&channel.spec).is_some_and(same) {
            channels.remove(&channel.spec);
        }
    }

    /// Ends the channel: the next subscription starts a new one.
    pub(super) fn end(&self, channel: &Arc<Channel>, why: Refusal) {
        self.lock().remove(&channel.spec);
        channel.end(why);
    }
}

/// A client's place in a channel. Dropped, it leaves.
#[derive(Debug)]
pub(super) struct Subscription {
    hub: Arc<Hub>,
    channel: Arc<Channel>,
    place: Place,
}

impl Subscription {
    pub(super) fn topic(&self) -> &'static str {
        self.channel.spec.topic()
    }

    /// What to send next, if there is something.
    pub(super) fn pull(&mut self) -> Option<Pulled> {
        let first = self.place.cursor.is_none();
        let pulled = self.channel.pull(&mut self.place, &self.hub.log);
        if first && pulled.is_none() {
            let pipeline = usize::from(self.channel.spec == Spec::Pipeline);
            self.hub.wanted[pipeline].notify_one();
        }
        pulled
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.leave(&self.channel, self.place.subscriber);
    }
}
