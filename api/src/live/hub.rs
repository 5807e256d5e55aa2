//! The subscriptions of the process. Subscribers with equal parameters share a channel.

use std::{
    collections::{HashMap, hash_map::Entry},
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
    log::Log,
    protocol::{From, Refusal},
    pull::{Place, Pulled},
    quota::Load,
    spec::Spec,
};
use crate::{access::Who, observe};

/// Shared by the feed and all clients.
#[derive(Debug)]
pub struct Hub {
    channels: Mutex<Channels>,
    pub(super) log: Mutex<Log>,
    moment: Mutex<Option<Arc<Moment>>>,
    /// Passes of the feed that have begun.
    looks: AtomicU64,
    /// A client waits for a state: of the rollups, of the pipeline.
    pub(super) wanted: [Notify; 2],
    pub(super) shutdown: Shutdown,
    pub(super) sockets: TaskTracker,
}

type Channels = HashMap<Spec, Listened>;

#[derive(Debug)]
struct Listened {
    channel: Arc<Channel>,
    load: Load,
    /// How often, by whom.
    by: HashMap<Who, usize>,
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

    fn lock(&self) -> MutexGuard<'_, Channels> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the pass that begins.
    pub(super) fn look(&self) -> u64 {
        self.looks.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(super) fn channels(&self) -> Vec<Arc<Channel>> {
        let channels = self.lock();
        let channels = channels.values().map(|listened| listened.channel.clone());
        channels.collect()
    }

    pub(super) fn channel(&self, spec: &Spec) -> Option<Arc<Channel>> {
        let channels = self.lock();
        channels.get(spec).map(|listened| listened.channel.clone())
    }

    /// How much all that is listened to takes.
    pub(super) fn measure(&self) {
        let (taken, most) = (taken(self.lock().values()), Load::OF_A_NODE);
        observe::bound("live_subscriptions", (taken.channels, most.channels));
        observe::bound("live_cells", (taken.cells, most.cells));
        observe::bound("live_patterns", (taken.patterns, most.patterns));
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
        who: Who,
        from: From,
        waker: Arc<Notify>,
    ) -> Result<Subscription, Refusal> {
        let mut channels = self.lock();
        let load = Load::of(&spec);
        let known = channels.get(&spec);
        if known.is_none_or(|listened| !listened.by.contains_key(&who)) {
            let own = channels.values();
            let own = own.filter(|listened| listened.by.contains_key(&who));
            load.fits_caller(taken(own))?;
        }
        if known.is_none() {
            load.fits_node(taken(channels.values()))?;
        }
        let listened = channels.entry(spec.clone()).or_insert_with(|| Listened {
            channel: Arc::new(Channel::new(spec)),
            load,
            by: HashMap::new(),
        });
        *listened.by.entry(who).or_default() += 1;
        let channel = listened.channel.clone();
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
            who,
            channel,
            place,
        })
    }

    fn leave(&self, channel: &Arc<Channel>, who: Who, subscriber: u64) {
        let mut channels = self.lock();
        let is_last = channel.leave(subscriber);
        // What was ended may have begun anew.
        let listened = channels
            .get_mut(&channel.spec)
            .filter(|listened| Arc::ptr_eq(&listened.channel, channel));
        let Some(listened) = listened else { return };
        if is_last {
            channels.remove(&channel.spec);
        } else if let Entry::Occupied(mut times) = listened.by.entry(who) {
            *times.get_mut() -= 1;
            if *times.get() == 0 {
                times.remove();
            }
        }
    }

    /// Ends the channel: the next subscription starts a new one.
    pub(super) fn end(&self, channel: &Arc<Channel>, why: Refusal) {
        let mut channels = self.lock();
        // All may have left it and somebody begun it anew meanwhile.
        let listened = channels.get(&channel.spec);
        if listened.is_some_and(|listened| Arc::ptr_eq(&listened.channel, channel)) {
            channels.remove(&channel.spec);
        }
        drop(channels);
        channel.end(why);
    }
}

fn taken<'l>(listened: impl Iterator<Item = &'l Listened>) -> Load {
    listened.fold(Load::default(), |all, listened| all + listened.load)
}

/// A client's place in a channel. Dropped, it leaves.
#[derive(Debug)]
pub(super) struct Subscription {
    hub: Arc<Hub>,
    who: Who,
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
        self.hub
            .leave(&self.channel, self.who, self.place.subscriber);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_channel_that_began_anew_outlives_the_end_of_the_one_before() {
        let hub = Arc::new(Hub::new(Shutdown::new(), TaskTracker::new()));
        let subscribe = || {
            let who = Who::Address(Ipv4Addr::LOCALHOST.into());
            hub.subscribe(Spec::Realtime, who, From::Start, Arc::default())
                .unwrap()
        };
        let refusal = || Refusal::new("unsupported_filter", "of a test");
        let first = subscribe();
        let seen_by_a_look = hub.channel(&Spec::Realtime).unwrap();
        drop(first);
        let second = subscribe();
        hub.end(&seen_by_a_look, refusal());
        let now = hub.channel(&Spec::Realtime).unwrap();
        assert!(Arc::ptr_eq(&now, &second.channel));
        hub.end(&now, refusal());
        assert!(hub.channel(&Spec::Realtime).is_none());
    }
}
