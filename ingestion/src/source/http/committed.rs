//! Whether an entry is in the database: the consumer acknowledges after its commit, so an
//! entry that was delivered and isn't pending is committed, as long as the stream is the one
//! that it was appended to. Where Redis has restarted meanwhile the entry itself is looked for;
//! where it, or the stream, is lost nothing is claimed.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use common::{
    config::RedisConfig,
    shutdown::Shutdown,
    wire::{EntryId, StreamKeys},
};
use deadpool_redis::Pool;
use redis::{
    RedisResult,
    streams::{StreamInfoGroupsReply, StreamPendingReply},
};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use super::recall::{Memory, Recalled};
use crate::{
    observe,
    place::{Life, Link, Place},
};

/// How often Redis is polled while a request waits.
const INTERVAL: Duration = Duration::from_millis(20);
/// After a failure.
const PAUSE: Duration = Duration::from_millis(500);

/// How far the consumer group is, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Progress {
    life: Life,
    last_delivered: EntryId,
    lowest_pending: Option<EntryId>,
}

impl Progress {
    fn has_committed(&self, Place { entry, life, .. }: Place) -> bool {
        life == Some(self.life)
            && entry <= self.last_delivered
            && self.lowest_pending.is_none_or(|lowest| entry < lowest)
    }
}

/// Waits for commits; cheap to clone.
#[derive(Debug, Clone)]
pub struct Commits {
    progress: watch::Receiver<Option<Progress>>,
    demand: Arc<Demand>,
    memory: Memory,
}

/// How many wait: without any, Redis isn't asked.
#[derive(Debug, Default)]
struct Demand {
    waiting: AtomicUsize,
    arrived: Notify,
}

struct Waiting(Arc<Demand>);

impl Waiting {
    fn new(demand: &Arc<Demand>) -> Self {
        demand.waiting.fetch_add(1, Ordering::AcqRel);
        demand.arrived.notify_one();
        Self(demand.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Commits {
    /// Whether all of `places` are known to be committed within `deadline`, or before it is
    /// known that this can't be known any more.
    pub async fn wait_for(&self, places: Vec<Place>, deadline: Duration) -> bool {
        let _waiting = Waiting::new(&self.demand);
        let committed = timeout(deadline, self.committed(places)).await;
        committed.unwrap_or(false)
    }

    async fn committed(&self, mut places: Vec<Place>) -> bool {
        let mut progress = self.progress.clone();
        loop {
            let seen = *progress.borrow_and_update();
            if let Some(seen) = seen {
                places.retain(|place| !seen.has_committed(*place));
                if !self.recall(&mut places, seen.life).await {
                    return false;
                }
            }
            if places.is_empty() {
                return true;
            }
            if progress.changed().await.is_err() {
                return false;
            }
        }
    }

    /// Looks for those places that another life than the present one has given; `false` where
    /// one is gone.
    async fn recall(&self, places: &mut Vec<Place>, present: Life) -> bool {
        let mut remaining = Vec::with_capacity(places.len());
        for mut place in places.drain(..) {
            if place.life.is_some_and(|life| life != present) {
                match self.memory.recall(place).await {
                    Ok(Recalled::Committed) => continue,
                    Ok(Recalled::Waits(life)) => place.life = Some(life),
                    Ok(Recalled::Gone) => return false,
                    Err(error) => observe::redis_failed("commits", &error),
                }
            }
            remaining.push(place);
        }
        *places = remaining;
        true
    }
}

/// Asks Redis for all who wait.
#[derive(Debug)]
pub struct CommitPoller {
    redis: RedisConfig,
    keys: StreamKeys,
    group: String,
    progress: watch::Sender<Option<Progress>>,
    demand: Arc<Demand>,
}

impl CommitPoller {
    #[must_use]
    pub fn new(redis: RedisConfig, pool: Pool, keys: StreamKeys, group: String) -> (Self, Commits) {
        let (sender, receiver) = watch::channel(None);
        let demand = Arc::<Demand>::default();
        let commits = Commits {
            progress: receiver,
            demand: demand.clone(),
            memory: Memory {
                pool,
                keys: keys.clone(),
                group: group.clone(),
            },
        };
        (
            Self {
                redis,
                keys,
                group,
                progress: sender,
                demand,
            },
            commits,
        )
    }

    /// Runs until the shutdown begins.
    ///
    /// # Errors
    /// None: without Redis nobody learns of a commit, and waits end at their deadline.
    pub async fn run(self, shutdown: Shutdown) -> Result<(), Infallible> {
        tokio::select! {
            never = self.poll() => match never {},
            () = shutdown.stopping() => Ok(()),
        }
    }

    async fn poll(&self) -> Infallible {
        let mut link: Option<Link> = None;
        loop {
            if self.demand.waiting.load(Ordering::Acquire) == 0 {
                self.demand.arrived.notified().await;
                continue;
            }
            match self.look(&mut link).await {
                Ok(progress) => {
                    self.progress.send_replace(progress);
                    sleep(INTERVAL).await;
                }
                Err(error) => {
                    observe::redis_failed("commits", &error);
                    link = None;
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// `None` while there is no such group.
    async fn look(&self, link: &mut Option<Link>) -> RedisResult<Option<Progress>> {
        let link = match link {
            Some(link) => link,
            none => none.insert(Link::open(&self.redis).await?),
        };
        // In one transaction: between two readings an entry could be delivered.
        let mut pipe = redis::pipe();
        pipe.atomic()
            .xinfo_groups(&self.keys.stream)
            .xpending(&self.keys.stream, &self.group)
            .hget(&self.keys.ledger, "epoch");
        let (groups, pending, epoch): (StreamInfoGroupsReply, StreamPendingReply, Option<String>) =
            pipe.query_async(&mut link.redis).await?;
        let life = epoch.and_then(|epoch| link.life(&epoch));
        let group = groups.groups.iter().find(|group| group.name == self.group);
        let lowest_pending = match &pending {
            StreamPendingReply::Data(data) => data.start_id.parse().ok(),
            _ => None,
        };
        Ok(group.and_then(|group| {
            let last_delivered = group.last_delivered_id.parse().ok()?;
            Some(Progress {
                life: life?,
                last_delivered,
                lowest_pending,
            })
        }))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const LIFE: Life = Life {
        epoch: Uuid::from_u128(1),
        server: 1,
    };

    #[test]
    fn committed_is_what_was_delivered_and_is_not_pending() {
        let id = |ms| EntryId { ms, seq: 0 };
        let place = |ms| Place {
            entry: id(ms),
            life: Some(LIFE),
            payload: None,
        };
        let progress = |last, lowest: Option<u64>| Progress {
            life: LIFE,
            last_delivered: id(last),
            lowest_pending: lowest.map(id),
        };
        assert!(progress(5, None).has_committed(place(5)));
        assert!(!progress(5, None).has_committed(place(6)));
        assert!(progress(5, Some(4)).has_committed(place(3)));
        assert!(!progress(5, Some(4)).has_committed(place(4)));
        assert!(!progress(5, Some(4)).has_committed(place(5)));
    }

    #[test]
    fn what_another_stream_or_server_has_says_nothing_of_ours() {
        let entry = EntryId { ms: 5, seq: 0 };
        let progress = Progress {
            life: LIFE,
            last_delivered: EntryId { ms: 9, seq: 0 },
            lowest_pending: None,
        };
        let committed = |life| {
            progress.has_committed(Place {
                entry,
                life,
                payload: None,
            })
        };
        assert!(committed(Some(LIFE)));
        let (epoch, server) = (Uuid::from_u128(2), 2);
        assert!(!committed(Some(Life { epoch, ..LIFE })));
        assert!(!committed(Some(Life { server, ..LIFE })));
        assert!(!committed(None));
    }
}
