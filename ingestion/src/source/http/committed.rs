//! Whether an entry is in the database: the consumer acknowledges after its commit, so an
//! entry that was delivered and isn't pending is committed.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use common::{
    clients,
    config::RedisConfig,
    shutdown::Shutdown,
    wire::{EntryId, StreamKeys},
};
use redis::{
    RedisResult,
    aio::MultiplexedConnection,
    streams::{StreamInfoGroupsReply, StreamPendingReply},
};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use crate::observe;

/// How often Redis is asked while somebody waits.
const INTERVAL: Duration = Duration::from_millis(20);
/// After a failure.
const PAUSE: Duration = Duration::from_millis(500);

/// How far the consumer group is, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Progress {
    last_delivered: EntryId,
    lowest_pending: Option<EntryId>,
}

impl Progress {
    fn has_committed(&self, entry: EntryId) -> bool {
        entry <= self.last_delivered && self.lowest_pending.is_none_or(|lowest| entry < lowest)
    }
}

/// Waits for commits; cheap to clone.
#[derive(Debug, Clone)]
pub struct Commits {
    progress: watch::Receiver<Option<Progress>>,
    demand: Arc<Demand>,
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
    /// Whether `entry` was committed within `deadline`.
    pub async fn wait_for(&self, entry: EntryId, deadline: Duration) -> bool {
        let _waiting = Waiting::new(&self.demand);
        let mut progress = self.progress.clone();
        let committed = progress.wait_for(|seen| seen.is_some_and(|p| p.has_committed(entry)));
        matches!(timeout(deadline, committed).await, Ok(Ok(_)))
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
    pub fn new(redis: RedisConfig, keys: StreamKeys, group: String) -> (Self, Commits) {
        let (sender, receiver) = watch::channel(None);
        let demand = Arc::<Demand>::default();
        let commits = Commits {
            progress: receiver,
            demand: demand.clone(),
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
        let mut connection: Option<MultiplexedConnection> = None;
        loop {
            if self.demand.waiting.load(Ordering::Acquire) == 0 {
                self.demand.arrived.notified().await;
                continue;
            }
            match self.look(&mut connection).await {
                Ok(progress) => {
                    self.progress.send_replace(progress);
                    sleep(INTERVAL).await;
                }
                Err(error) => {
                    observe::redis_failed("commits", &error);
                    connection = None;
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// `None` while there is no such group.
    async fn look(
        &self,
        connection: &mut Option<MultiplexedConnection>,
    ) -> RedisResult<Option<Progress>> {
        let connection = match connection {
            Some(connection) => connection,
            none => none.insert(clients::redis::connect(&self.redis, Duration::ZERO).await?),
        };
        // In one transaction: between two readings an entry could be delivered.
        let mut pipe = redis::pipe();
        pipe.atomic()
            .xinfo_groups(&self.keys.stream)
            .xpending(&self.keys.stream, &self.group);
        let (groups, pending): (StreamInfoGroupsReply, StreamPendingReply) =
            pipe.query_async(connection).await?;
        let group = groups.groups.iter().find(|group| group.name == self.group);
        let lowest_pending = match &pending {
            StreamPendingReply::Data(data) => data.start_id.parse().ok(),
            _ => None,
        };
        Ok(group.and_then(|group| {
            let last_delivered = group.last_delivered_id.parse().ok()?;
            Some(Progress {
                last_delivered,
                lowest_pending,
            })
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_is_what_was_delivered_and_is_not_pending() {
        let id = |ms| EntryId { ms, seq: 0 };
        let progress = |last, lowest: Option<u64>| Progress {
            last_delivered: id(last),
            lowest_pending: lowest.map(id),
        };
        assert!(progress(5, None).has_committed(id(5)));
        assert!(!progress(5, None).has_committed(id(6)));
        assert!(progress(5, Some(4)).has_committed(id(3)));
        assert!(!progress(5, Some(4)).has_committed(id(4)));
        assert!(!progress(5, Some(4)).has_committed(id(5)));
    }
}
