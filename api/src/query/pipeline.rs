//! The pipeline's own state: what arrives, what waits, how long each stage takes.

use std::{sync::Arc, time::Duration};

use common::{time::UnixMicros, wire::Source};
use serde_json::{Value, value::RawValue};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout, timeout_at},
};
use tokio_postgres::Row;

use super::{
    database::{Database, QueryError},
    ledger,
    number::rounded,
    report::{Backlog, Batch, CommitTime, Commits, Latency, Percentiles, Rate, Report, Totals},
    rollups::count,
    statements,
    stream::{Stream, StreamState},
    tables::Tables,
};

/// Over which time commits are looked at.
const WINDOW_SECONDS: f64 = 10.0;
const REPORT_LIVE: Duration = Duration::from_millis(250);
/// How long one who asks waits.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How long the database may take of it: what Redis tells isn't kept from anybody.
const DATABASE_WAIT: Duration = Duration::from_secs(8);
/// Those who ask beyond these wait for a place among them.
const MOST_WAITING: usize = 64;

/// Where reports are asked for; cheap to clone.
#[derive(Debug, Clone)]
pub struct Reports(mpsc::Sender<oneshot::Sender<Arc<Report>>>);

impl Reports {
    /// With the reporter that makes them once it runs.
    #[must_use]
    pub fn new(database: Database, stream: Stream) -> (Self, Reporter) {
        let (asks, asked) = mpsc::channel(MOST_WAITING);
        let reporter = Reporter {
            asked,
            database,
            stream,
            last: None,
            tables: Tables::default(),
        };
        (Self(asks), reporter)
    }

    /// Always answers, within 10 s: what can't be known at present is `null` in it. One that is
    /// being made goes on when those who wait for it leave.
    pub async fn report(&self) -> Arc<Report> {
        let (answer, report) = oneshot::channel();
        let asked = async {
            self.0.send(answer).await.ok()?;
            report.await.ok()
        };
        let report = timeout(LONGEST_WAIT, asked).await.ok().flatten();
        report.unwrap_or_else(|| Arc::new(report_of(None, None)))
    }
}

/// Makes reports. Those who ask within 250 ms of each other share one.
#[derive(Debug)]
pub struct Reporter {
    asked: mpsc::Receiver<oneshot::Sender<Arc<Report>>>,
    database: Database,
    stream: Stream,
    last: Option<(Instant, Arc<Report>)>,
    tables: Tables,
}

#[derive(Default)]
struct FromDatabase {
    commits: Commits,
    latency_ms: Latency,
    totals: Totals,
    /// Of the stream's present epoch: entries and events.
    handled: (u64, u64),
}

impl Reporter {
    /// Answers until nobody can ask any more.
    pub async fn run(mut self) {
        while let Some(answer) = self.asked.recv().await {
            // Whoever asked may have left.
            let _ = answer.send(self.report().await);
        }
    }

    async fn report(&mut self) -> Arc<Report> {
        if let Some((at, report)) = &self.last
            && at.elapsed() < REPORT_LIVE
        {
            return report.clone();
        }
        let report = Arc::new(self.read().await);
        self.last = Some((Instant::now(), report.clone()));
        report
    }

    async fn read(&mut self) -> Report {
        let (stream, memory) = tokio::join!(self.stream.state(), self.stream.memory());
        let stream = stream
            .inspect_err(|error| tracing::debug!(%error, "no stream state"))
            .ok();
        let deadline = Instant::now() + DATABASE_WAIT;
        let database = timeout_at(deadline, self.read_database(stream.as_ref())).await;
        let database = database.unwrap_or(Err(QueryError::Timeout));
        let database = database
            .inspect_err(|error| tracing::debug!(%error, "no database state"))
            .ok();
        let known = database.is_some();
        if known {
            let renewed = self.tables.renew(&self.database);
            // What took too long is as it was, and tried again.
            let _ = timeout_at(deadline, renewed).await;
        }
        Report {
            redis: memory.ok(),
            tables: self.tables.sizes().filter(|_| known),
            dead_letters: self.tables.dead_letters().filter(|_| known),
            ..report_of(stream, database)
        }
    }

    async fn read_database(
        &self,
        stream: Option<&StreamState>,
    ) -> Result<FromDatabase, QueryError> {
        let snapshot = self.database.internal_snapshot().await?;
        let (commits, latency_ms) = commits(
            &snapshot
                .row(statements::RECENT_COMMITS, &[&WINDOW_SECONDS])
                .await?,
        )?;
        let totals = snapshot.row(statements::LEDGER_TOTALS, &[]).await?;
        let totals = Totals {
            stored: count(totals.try_get(0)?),
            duplicates: count(totals.try_get(1)?),
            dead_lettered: count(totals.try_get(2)?),
        };
        let epoch = stream.and_then(StreamState::epoch).unwrap_or_default();
        let mut handled = (0, 0);
        for source in ledger::handled(&snapshot, self.stream.key(), epoch).await? {
            handled.0 += source.entries + source.lost_entries;
            handled.1 += match source.source {
                Source::External => source.entries + source.lost_entries,
                _ => source.stored + source.duplicates + source.dead_lettered,
            };
        }
        snapshot.finish().await?;
        Ok(FromDatabase {
            commits,
            latency_ms,
            totals,
            handled,
        })
    }
}

fn report_of(stream: Option<StreamState>, database: Option<FromDatabase>) -> Report {
    let now = UnixMicros::now();
    let generator = stream.as_ref().and_then(|stream| stream.generator.clone());
    let generator = generator.and_then(|json| RawValue::from_string(json).ok());
    let backlog = stream
        .as_ref()
        .map(|stream| backlog(stream, database.as_ref()));
    let watermark = stream.as_ref().map(StreamState::watermark);
    let age = |at: UnixMicros| (now.0 - at.0).max(0) as f64 / 1e6;
    let database_known = database.is_some();
    let FromDatabase {
        commits,
        latency_ms,
        totals,
        ..
    } = database.unwrap_or_default();
    Report {
        rate: generator.as_deref().map(rate).unwrap_or_default(),
        generator,
        backlog: backlog.unwrap_or_default(),
        pending: stream.as_ref().map(|stream| stream.pending),
        consumers: stream.map(|stream| stream.consumers).unwrap_or_default(),
        commits: Commits {
            window_seconds: WINDOW_SECONDS,
            ..commits
        },
        latency_ms,
        totals: database_known.then_some(totals),
        dead_letters: None,
        redis: None,
        tables: None,
        watermark: watermark.map(UnixMicros::to_rfc3339),
        watermark_age_seconds: watermark.map(age).map(rounded),
        generated_at: now.to_rfc3339(),
    }
}

/// The rates within ingestion's report.
fn rate(report: &RawValue) -> Rate {
    let report: Value = serde_json::from_str(report.get()).unwrap_or_default();
    let status = |name: &str| report["status"][name].as_f64();
    Rate {
        wanted: status("wanted_rate"),
        achieved: status("achieved_rate"),
    }
}

/// Entries appended and not yet handled, those being written included. How many events other
/// programs put into an entry isn't known before it is read: it counts as one.
fn backlog(stream: &StreamState, database: Option<&FromDatabase>) -> Backlog {
    let quiet = stream.oldest_open().is_none();
    let ours = [Source::Collector, Source::Generator];
    let accepted: u64 = ours.iter().map(|source| stream.accepted(*source)).sum();
    let accepted = accepted + stream.entries(Source::External);
    let open = |known: u64, handled: u64| {
        if quiet {
            0
        } else {
            known.saturating_sub(handled)
        }
    };
    Backlog {
        entries: database.map(|database| open(stream.appended(), database.handled.0)),
        events: database.map(|database| open(accepted, database.handled.1)),
        seconds: Some(rounded(stream.backlog_seconds())),
    }
}

fn commits(row: &Row) -> Result<(Commits, Latency), QueryError> {
    let commits: i64 = row.try_get(0)?;
    let per_second = |total: i64| rounded(total as f64 / WINDOW_SECONDS);
    let real = |column| {
        row.try_get::<_, Option<f64>>(column)
            .map(|n| n.map(rounded))
    };
    let pair = |column| -> Result<Percentiles, QueryError> {
        let both: Option<Vec<f64>> = row.try_get(column)?;
        Ok(match both.as_deref() {
            Some([p50, p99]) => Percentiles {
                p50: Some(rounded(*p50)),
                p99: Some(rounded(*p99)),
            },
            _ => Percentiles::default(),
        })
    };
    let latency = Latency {
        stream: pair(6)?,
        decode: pair(7)?,
        queue: pair(8)?,
        write: pair(9)?,
        total: pair(10)?,
    };
    let commits = Commits {
        window_seconds: WINDOW_SECONDS,
        commits: Some(count(commits)),
        events_per_second: Some(per_second(row.try_get(1)?)),
        bytes_per_second: Some(per_second(row.try_get(2)?)),
        batch: Batch {
            mean: real(3)?,
            max: row.try_get(4)?,
        },
        commit_ms: CommitTime {
            mean: real(5)?,
            p50: latency.write.p50,
            p99: latency.write.p99,
        },
    };
    Ok((commits, latency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let (asks, _asked) = mpsc::channel(1);
        let started = Instant::now();
        let report = Reports(asks).report().await;
        assert_eq!(started.elapsed().as_secs(), LONGEST_WAIT.as_secs());
        assert!(report.totals.is_none() && report.pending.is_none());
    }
}
