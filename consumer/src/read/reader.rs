//! The reader of one lane.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use common::{
    admin::Health,
    backoff::Backoff,
    clients,
    config::RedisConfig,
    fault,
    shutdown::Shutdown,
    wire::{EntryId, StreamKeys},
};
use redis::{RedisError, RedisResult, aio::MultiplexedConnection};
use tokio::{sync::mpsc, time::timeout};

use super::{
    alive,
    claim::Claimer,
    group,
    pace::Pace,
    reply::{self, Delivered, Run},
};
use crate::observe;

/// How long an empty read waits in Redis.
const BLOCK: Duration = Duration::from_millis(500);
/// Between two sweeps for entries that a dead consumer holds.
const CLAIM_EVERY: Duration = Duration::from_secs(3);

#[derive(Debug, Clone)]
pub struct ReaderConfig {
    pub redis: RedisConfig,
    pub keys: StreamKeys,
    pub group: String,
    /// The lane's name in the group.
    pub consumer: String,
    pub claim_idle: Duration,
}

pub struct Reader {
    config: ReaderConfig,
    health: Health,
    claimer: Claimer,
    last_claim: Instant,
    /// When Redis last heard of us.
    heard: Instant,
    pace: Pace,
    /// As the last read has found it.
    epoch: Option<Arc<str>>,
}

/// One connection's state: reading goes from what is pending to what is new.
struct Session {
    redis: MultiplexedConnection,
    epoch: Arc<str>,
    /// The next own pending entry to ask for; `None` once they are all in hand.
    pending_after: Option<EntryId>,
}

impl Reader {
    #[must_use]
    pub fn new(config: ReaderConfig, health: Health) -> Self {
        Self {
            claimer: Claimer::new(config.claim_idle),
            config,
            health,
            last_claim: Instant::now(),
            heard: Instant::now(),
            pace: Pace::default(),
            epoch: None,
        }
    }

    /// Reads until the shutdown begins or nobody takes the runs any more. A full channel is
    /// the backpressure: nothing is read meanwhile.
    pub async fn run(mut self, runs: mpsc::Sender<Run>, shutdown: Shutdown) {
        let mut backoff = Backoff::default();
        let mut session = None;
        while !shutdown.is_stopping() {
            // A place for the run first: what is read must never wait in our hands.
            let place = tokio::select! {
                () = shutdown.stopping() => break,
                place = timeout(alive::SAY_EVERY, runs.reserve()) => place,
            };
            let step = match place {
                Ok(Ok(place)) => {
                    let run = self.step(&mut session).await;
                    run.map(|run| {
                        if let Some(run) = run {
                            place.send(run);
                        }
                    })
                }
                Ok(Err(_)) => break,
                Err(_) => self.say_alive(session.as_mut()).await,
            };
            match step {
                Ok(()) => backoff.reset(),
                Err(error) => {
                    self.fail(&mut session, &error);
                    tokio::select! {
                        () = shutdown.stopping() => break,
                        () = backoff.wait() => {}
                    }
                }
            }
        }
    }

    /// One read on a connection that is made when there is none.
    async fn step(&mut self, session: &mut Option<Session>) -> RedisResult<Option<Run>> {
        let session = match session {
            Some(session) => session,
            None => session.insert(self.connect().await?),
        };
        let (delivered, redelivered) = self.read(session).await?;
        if delivered.is_empty() {
            return Ok(None);
        }
        if self.epoch.as_ref() != Some(&session.epoch) {
            // A blocked read survives the loss of the stream if another lane has made the
            // group again. A new session asks for what this one was given.
            return Err((redis::ErrorKind::Io, "the stream was lost and begun anew").into());
        }
        self.pace
            .adapt(delivered.entries.len(), delivered.payload_bytes());
        Ok(Some(Run {
            epoch: session.epoch.clone(),
            entries: delivered.entries,
            lost: delivered.lost,
            redelivered,
            read_at: Instant::now(),
        }))
    }

    fn fail(&mut self, session: &mut Option<Session>, error: &RedisError) {
        observe::read_failed(&self.config.consumer, error);
        self.pace.failed();
        self.health.down("redis", error);
        // What a timed-out read has taken is pending under our name: a new session asks.
        *session = None;
    }

    async fn connect(&mut self) -> RedisResult<Session> {
        let mut redis = clients::redis::connect(&self.config.redis, BLOCK).await?;
        group::ensure(&mut redis, &self.config.keys, &self.config.group).await?;
        let epoch = self.epoch(&mut redis).await?;
        self.health.up("redis");
        Ok(Session {
            redis,
            epoch,
            pending_after: Some(EntryId::MIN),
        })
    }

    async fn epoch(&mut self, redis: &mut MultiplexedConnection) -> RedisResult<Arc<str>> {
        let epoch = group::epoch(redis, &self.config.keys, self.epoch.as_deref()).await?;
        self.epoch = Some(epoch.clone());
        Ok(epoch)
    }

    async fn read(&mut self, session: &mut Session) -> RedisResult<(Delivered, bool)> {
        if let Some(after) = session.pending_after {
            let delivered = self.read_group(session, &after.to_string()).await?;
            session.pending_after = delivered.last_id();
            if !delivered.is_empty() {
                return Ok((delivered, true));
            }
        }
        if self.claimer.is_under_way() || self.last_claim.elapsed() >= CLAIM_EVERY {
            let delivered = self.claim(&mut session.redis).await?;
            if !delivered.is_empty() {
                self.epoch(&mut session.redis).await?;
                return Ok((delivered, true));
            }
        }
        let delivered = self.read_group(session, ">").await?;
        if !delivered.is_empty() {
            self.heard = Instant::now();
        } else if self.heard.elapsed() >= alive::SAY_EVERY {
            self.say_alive(Some(session)).await?;
        }
        Ok((delivered, false))
    }

    async fn say_alive(&mut self, session: Option<&mut Session>) -> RedisResult<()> {
        let Some(session) = session else {
            return Ok(());
        };
        let (stream, config) = (&self.config.keys.stream, &self.config);
        alive::say(&mut session.redis, stream, &config.group, &config.consumer)
            .await
            .map_err(|error| self.noted(error))?;
        self.heard = Instant::now();
        Ok(())
    }

    fn noted(&self, error: RedisError) -> RedisError {
        if group::is_missing(&error) {
            observe::group_recreated(&self.config.group);
        }
        error
    }

    async fn read_group(&mut self, session: &mut Session, after: &str) -> RedisResult<Delivered> {
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP")
            .arg(&self.config.group)
            .arg(&self.config.consumer);
        read.arg("COUNT").arg(self.pace.count());
        if after == ">" {
            read.arg("BLOCK").arg(BLOCK.as_millis() as u64);
        }
        read.arg("STREAMS").arg(&self.config.keys.stream).arg(after);
        let (keys, known) = (&self.config.keys, self.epoch.as_deref());
        let read = group::read_with_epoch(&mut session.redis, read, keys, known);
        let (reply, epoch) = read.await?;
        self.epoch = Some(epoch);
        let reply = reply.map_err(|error| self.noted(error))?;
        let delivered = reply::from_read(reply).map_err(|error| {
            RedisError::from((redis::ErrorKind::Parse, "XREADGROUP", error.to_string()))
        })?;
        if !delivered.is_empty() {
            fault::point("after_read");
        }
        Ok(delivered)
    }

    async fn claim(&mut self, redis: &mut MultiplexedConnection) -> RedisResult<Delivered> {
        let config = &self.config;
        let (stream, group) = (&config.keys.stream, &config.group);
        let delivered = self
            .claimer
            .claim(redis, stream, group, &config.consumer, self.pace.count())
            .await?;
        self.last_claim = Instant::now();
        if !delivered.is_empty() {
            fault::point("after_claim");
            observe::claimed(&config.consumer, delivered.entries.len());
        }
        let silence = alive::silence(config.claim_idle);
        match alive::remove_dead(redis, stream, group, silence).await {
            Ok(dead) => dead
                .iter()
                .for_each(|dead| observe::dead_consumer_removed(dead)),
            // What was claimed is ours to hand on: nobody would hear of lost entries again.
            Err(error) => observe::read_failed(&config.consumer, &error),
        }
        Ok(delivered)
    }
}
