//! What all requests and sockets share, and the tasks that keep it up to date.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use common::{
    admin::Health, backoff::Backoff, clients, shutdown::Shutdown, time::UnixMicros,
    wire::StreamKeys,
};
use tokio::sync::watch;

use crate::{
    auditor,
    config::Config,
    error::causes,
    observe,
    query::{
        database::{Database, Places, QueryError},
        export::Exports,
        pipeline::Reports,
        statements,
        stream::{Stream, StreamState},
    },
};

/// How often the stream's state is read.
const STREAM_INTERVAL: Duration = Duration::from_millis(150);
/// For how long a reading of the stream tells answers apart; longer than one takes on a busy
/// machine, and short enough that a Redis that is gone makes no answer old.
const READING_LASTS: Duration = Duration::from_secs(1);
/// How often the database is asked whether it is there.
const DATABASE_INTERVAL: Duration = Duration::from_secs(1);

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct ApiState {
    pub config: Arc<Config>,
    pub health: Health,
    pub database: Database,
    pub stream: Stream,
    pub reports: Reports,
    pub exports: Exports,
    /// For questions that read all events of a range: funnels and retention.
    pub analyses: Places,
    moment: watch::Receiver<Option<Reading>>,
}

/// The stream as it was last seen.
#[derive(Debug)]
struct Reading {
    /// Rises by one from each to the next.
    number: u64,
    at: Instant,
    state: StreamState,
}

impl ApiState {
    /// Starts the watchers.
    ///
    /// # Errors
    /// An address is wrong, which a loaded configuration excludes.
    pub fn start(config: Arc<Config>, health: Health, shutdown: &Shutdown) -> anyhow::Result<Self> {
        let bounds = &config.query;
        let (timeout, wait) = (bounds.query_timeout(), bounds.query_wait());
        let pool = clients::postgres::pool(&config.postgres, "api", timeout)?;
        let database = Database::new(
            pool.clone(),
            bounds.query_concurrency,
            wait,
            timeout,
            bounds.query_cache_bytes,
        );
        let keys = StreamKeys::new(&config.stream.stream_key);
        let redis = clients::redis::pool(&config.redis)?;
        let stream = Stream::new(redis, keys, config.stream.consumer_group.clone());
        let (known, moment) = watch::channel(None);
        let watch = watch_stream(stream.clone(), health.clone(), known);
        shutdown.spawn_until_stop("stream watcher", watch);
        shutdown.spawn_until_stop(
            "database watcher",
            watch_database(database.clone(), health.clone()),
        );
        let postgres = config.postgres.clone();
        shutdown.spawn_until_stop("idle connections", async move {
            clients::postgres::close_idle(pool, &postgres).await;
        });
        let (reports, reporter) = Reports::new(database.clone(), stream.clone());
        shutdown.spawn_until_stop("reporter", reporter.run());
        let analyses = Places::new(bounds.analysis_concurrency, wait, bounds.analysis_timeout());
        let (places, most_time) = (bounds.export_concurrency, bounds.export_timeout());
        let exports = Exports::new(places, most_time, shutdown.clone());
        let auditor = auditor::run(
            database.clone(),
            stream.clone(),
            config.server.audit_interval(),
        );
        shutdown.spawn_until_stop("auditor", auditor);
        let state = Self {
            config,
            health,
            database,
            stream,
            reports,
            exports,
            analyses,
            moment,
        };
        state.measure();
        Ok(state)
    }

    /// Measures bounds and the stream at each scrape.
    fn measure(&self) {
        let (started, moment) = (Instant::now(), self.moment.clone());
        let (database, stream) = (self.database.clone(), self.stream.clone());
        let (analyses, exports) = (self.analyses.clone(), self.exports.clone());
        self.health.sample(move |_| {
            observe::bound("query_places", database.places().taken());
            observe::bound("analysis_places", analyses.taken());
            observe::bound("export_places", exports.taken());
            observe::bound("postgres_pool", database.lent());
            observe::bound("redis_pool", stream.lent());
            match &*moment.borrow() {
                Some(reading) => observe::stream(&reading.state, reading.at),
                None => observe::no_stream(started),
            }
        });
    }

    /// Every event accepted before this is counted by a query that begins now. It may be a
    /// little old, which keeps it true; `None` until Redis has answered once.
    #[must_use]
    pub fn watermark(&self) -> Option<UnixMicros> {
        let reading = self.moment.borrow();
        reading.as_ref().map(|reading| reading.state.watermark())
    }

    /// The number of the last reading of the stream: while it stays, so may an answer. `None`
    /// where Redis has not answered lately.
    #[must_use]
    pub fn reading(&self) -> Option<u64> {
        let reading = self.moment.borrow();
        let fresh = reading
            .as_ref()
            .filter(|reading| reading.at.elapsed() < READING_LASTS);
        fresh.map(|reading| reading.number)
    }
}

async fn watch_stream(stream: Stream, health: Health, known: watch::Sender<Option<Reading>>) {
    let mut backoff = Backoff::default();
    let mut number = 0;
    loop {
        match stream.state().await {
            Ok(state) => {
                health.up("redis");
                backoff.reset();
                number += 1;
                let at = Instant::now();
                known.send_replace(Some(Reading { number, at, state }));
                tokio::time::sleep(STREAM_INTERVAL).await;
            }
            Err(error) => {
                observe::watch_failed("redis");
                health.down("redis", causes(&error));
                backoff.wait().await;
            }
        }
    }
}

async fn watch_database(database: Database, health: Health) {
    let mut backoff = Backoff::default();
    loop {
        match unreadable(&database).await {
            Ok(None) => {
                health.up("postgres");
                backoff.reset();
                tokio::time::sleep(DATABASE_INTERVAL).await;
                continue;
            }
            Ok(Some(why)) => health.down("postgres", why),
            Err(error) => health.down("postgres", causes(&error)),
        }
        observe::watch_failed("postgres");
        backoff.wait().await;
    }
}

/// Why this login can't read the tables; `None` where it can.
async fn unreadable(database: &Database) -> Result<Option<String>, QueryError> {
    let snapshot = database.internal_snapshot().await?;
    let row = snapshot.row(statements::SCHEMA_PRESENT, &[]).await?;
    let migrated: bool = row.try_get(0)?;
    let (missing, denied): (Option<String>, Option<String>) = (row.try_get(1)?, row.try_get(2)?);
    snapshot.finish().await?;
    if !migrated {
        return Ok(Some("not migrated yet: start the consumer".into()));
    }
    let missing = missing.map(|names| format!("tables are missing: restore {names} from a backup"));
    let denied = denied
        .map(|_| "tables may not be read: grant the role tidemark_api to this login".to_owned());
    Ok(missing.or(denied))
}
