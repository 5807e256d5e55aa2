//! The writer of one lane: a loop around one attempt.

mod learn;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use common::{
    admin::{Health, Part},
    backoff::Backoff,
    config::PostgresConfig,
    event::Limits,
    fault,
    shutdown::Shutdown,
};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, timeout},
};
use tokio_postgres::Client;

use super::{
    accounts::milliseconds,
    committed::Committed,
    failure::Failure,
    paths::Paths,
    recover,
    session::{ROTATE_BYTES, Session},
    suspects::Recent,
    transaction::Attempt,
    work::Work,
};
use crate::{
    decode::{Batch, PerSource},
    observe,
};

#[derive(Debug, Clone)]
pub struct WriterConfig {
    pub postgres: PostgresConfig,
    pub stream_key: String,
    /// The lane's name in the consumer group and in `writers`.
    pub lane: String,
    pub limits: Limits,
    pub max_values: usize,
    pub folds: bool,
    /// For one attempt.
    pub timeout: Duration,
    /// For all that is tried once a shutdown has begun.
    pub stop_grace: Duration,
    /// How long a lost name is asked for. The server may hold it for a connection of ours that is
    /// gone; afterwards others take over what is pending under it.
    pub name_patience: Duration,
    /// Shared by the lanes of a process.
    pub recent: Arc<Recent>,
}

/// Why a writer has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// There are no more batches, or a shutdown has begun.
    Stopped,
    /// Somebody else has the lane's name.
    NameTaken,
}

pub struct Writer {
    config: WriterConfig,
    health: Part,
    session: Option<Session>,
    /// The connection that holds the lane's name until the first session takes it over.
    name_holder: Option<Client>,
    nameless_since: Option<Instant>,
    paths: Paths,
}

/// Failures in a row, and how long a batch may fail, after which the database counts as not usable:
/// one attempt may wait for a lock for ten seconds.
const FAILURES_TOLERATED: u32 = 3;
const FAILING_TOLERATED: Duration = Duration::from_secs(8);

/// How often the connection is tested while there is nothing to write, and for how long.
const CHECK_EVERY: Duration = Duration::from_secs(5);
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

impl Writer {
    #[must_use]
    pub fn new(config: WriterConfig, health: Health, name_holder: Client) -> Self {
        Self {
            config,
            health: health.part(),
            session: None,
            name_holder: Some(name_holder),
            nameless_since: None,
            paths: Paths::default(),
        }
    }

    /// Writes batches until they end. In a shutdown a batch that can't be written is left
    /// pending in the stream, and so it is where the lane's name is lost.
    pub async fn run(
        mut self,
        mut batches: mpsc::Receiver<Batch>,
        committed: mpsc::Sender<Committed>,
        shutdown: Shutdown,
    ) -> Ended {
        let mut idle = tokio::time::interval(CHECK_EVERY);
        idle.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let batch = tokio::select! {
                batch = batches.recv() => batch,
                _ = idle.tick() => {
                    self.stay_connected().await;
                    if self.has_lost_its_name() {
                        return Ended::NameTaken;
                    }
                    continue;
                }
            };
            let Some(batch) = batch else {
                return Ended::Stopped;
            };
            if fault::is_on("ack_before_commit") {
                let _ = committed.send(Committed::not_yet(&batch)).await;
            }
            let done = match self.write(batch, &shutdown).await {
                Ok(done) => done,
                Err(ended) => return ended,
            };
            if committed.send(done).await.is_err() {
                return Ended::Stopped;
            }
        }
    }

    fn has_lost_its_name(&self) -> bool {
        let since = self.nameless_since;
        since.is_some_and(|since| since.elapsed() >= self.config.name_patience)
    }

    /// Keeps readiness true while nothing is written.
    async fn stay_connected(&mut self) {
        let limit = self.config.timeout.min(CHECK_TIMEOUT);
        let check = async {
            self.connect()
                .await?
                .client
                .batch_execute("SELECT 1")
                .await
                .map_err(Failure::from)
        };
        let outcome = timeout(limit, check).await;
        if let Err(failure) = outcome.unwrap_or(Err(Failure::TimedOut)) {
            self.lose_session(&failure);
        } else {
            self.health.up("postgres");
        }
    }

    async fn write(&mut self, batch: Batch, shutdown: &Shutdown) -> Result<Committed, Ended> {
        let grace = self.config.stop_grace;
        let mut work = Work::new(batch, self.paths.next());
        let began = Instant::now();
        let mut backoff = Backoff::default();
        loop {
            let failure = match self.attempt_traced(&mut work, shutdown).await {
                Ok(counts) => {
                    self.health.up("postgres");
                    self.paths.committed(work.path);
                    return Ok(work.committed(counts));
                }
                Err(failure) => failure,
            };
            if failure.is_expected() {
                observe::write_detour(&self.config.lane, &failure);
                work.detours += 1;
            } else {
                observe::write_failed(&self.config.lane, &failure, work.batch.events());
                work.failures += 1;
                if work.failures >= FAILURES_TOLERATED || began.elapsed() >= FAILING_TOLERATED {
                    self.health.down("postgres", observe::causes(&failure));
                }
            }
            let at_once = tokio::select! {
                at_once = self.learn(&mut work, failure) => at_once,
                () = shutdown.overdue(grace) => false,
            };
            // Even what seems to be cured waits if it comes again and again.
            if at_once && work.failures + work.detours < FAILURES_TOLERATED {
                continue;
            }
            let ended = match shutdown.is_stopping() {
                true => Ended::Stopped,
                false if self.has_lost_its_name() => Ended::NameTaken,
                false => {
                    backoff.wait().await;
                    continue;
                }
            };
            observe::left_pending(&self.config.lane, work.entries.len());
            work.traced.fail("left in the stream");
            return Err(ended);
        }
    }

    async fn attempt_traced(
        &mut self,
        work: &mut Work,
        shutdown: &Shutdown,
    ) -> Result<PerSource, Failure> {
        let mut span = work.traced.attempt();
        let grace = self.config.stop_grace;
        let outcome = tokio::select! {
            outcome = self.attempt_in_time(work) => outcome,
            () = shutdown.overdue(grace) => Err(Failure::TimedOut),
        };
        outcome.inspect_err(|failure| span.fail(|| observe::causes(failure)))
    }

    async fn attempt_in_time(&mut self, work: &mut Work) -> Result<PerSource, Failure> {
        timeout(work.limit(self.config.timeout), self.attempt(work))
            .await
            .unwrap_or(Err(Failure::TimedOut))
    }

    async fn attempt(&mut self, work: &mut Work) -> Result<PerSource, Failure> {
        let WriterConfig {
            stream_key,
            limits,
            max_values,
            folds,
            recent,
            lane,
            ..
        } = self.config.clone();
        let session = self.connect().await?;
        session.rotate_when_due().await?;
        let stream_id = session.stream_id(&stream_key, &work.batch.epoch).await?;
        if work.check_handled {
            let handled = recover::handled_entries(session, stream_id, &work.batch).await?;
            work.checked(&handled, limits);
        }
        if work.batch.spans.is_empty() {
            return Ok(PerSource::default());
        }
        let suspects = work
            .suspects
            .get_or_insert_with(|| recent.begin(&work.batch.rows));
        let attempt = Attempt {
            batch: &work.batch,
            stream_id,
            path: work.path,
            suspects,
            max_values,
            folds,
            queue_ms: milliseconds(work.batch.finished_at.elapsed()),
        };
        let written = attempt.run(session).await?;
        let counts = session.writer.advance(written);
        observe::remembered(&lane, session.remembered(), ROTATE_BYTES);
        Ok(counts)
    }

    async fn connect(&mut self) -> Result<&mut Session, Failure> {
        if self.session.is_none() {
            let config = &self.config;
            let held = self.name_holder.take();
            let opened = Session::open(&config.postgres, &config.lane, held).await;
            self.nameless_since = match &opened {
                Err(Failure::NameTaken) => self.nameless_since.or(Some(Instant::now())),
                Err(_) => self.nameless_since,
                Ok(_) => None,
            };
            self.session = Some(opened?);
        }
        self.session.as_mut().ok_or(Failure::TimedOut)
    }
}
