//! A lane's writer on a real database: what each batch leaves in the tables, and what comes of
//! failures.

mod accounts;
mod failures;
mod refused;

use std::{ops::Range, time::Duration};

use common::{
    admin::Health,
    event::Limits,
    rollup::Tier,
    shutdown::Shutdown,
    time::UnixMicros,
    wire::{EntryId, Payload, Source},
};
use testkit::Services;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use tokio_postgres::Client;

use super::{Committed, Ended, Writer, WriterConfig, session::Session};
use crate::{
    decode::{Batch, Decoder},
    read::{Entry, Run},
    write::free_lane_name,
};

/// For everything that is waited for.
const SOON: Duration = Duration::from_secs(30);
/// How long a lost name is asked for.
const PATIENCE: Duration = Duration::from_millis(300);
/// How long a writer tries once it is to stop.
const GRACE: Duration = Duration::from_millis(300);

struct Lane {
    services: Services,
    db: Client,
    /// A whole minute, so young that no coarser tier has it.
    began: UnixMicros,
    name: String,
    batches: mpsc::Sender<Batch>,
    committed: mpsc::Receiver<Committed>,
    health: Health,
    shutdown: Shutdown,
    writer: JoinHandle<Ended>,
}

impl Lane {
    async fn begin() -> Self {
        let services = Services::start().await;
        let (name, holder) = free_lane_name(&services.postgres, "test", 0).await.unwrap();
        let config = WriterConfig {
            postgres: services.postgres.clone(),
            stream_key: "events".into(),
            lane: name.clone(),
            limits: Limits::default(),
            max_values: 100,
            folds: true,
            timeout: Duration::from_secs(20),
            stop_grace: GRACE,
            name_patience: PATIENCE,
            recent: Default::default(),
        };
        let shutdown = Shutdown::new();
        let health = Health::new("test", "0", "test", &["postgres"], shutdown.clone());
        let (batches, batches_out) = mpsc::channel(1);
        let (committed_in, committed) = mpsc::channel(1);
        let writer = Writer::new(config, health.clone(), holder);
        let writer = tokio::spawn(writer.run(batches_out, committed_in, shutdown.clone()));
        let minutes_ago = UnixMicros::now().saturating_sub(Duration::from_secs(4 * 60));
        testkit::wait_until("it is ready", SOON, || async { health.is_ready() }).await;
        Self {
            db: services.db().await,
            services,
            began: Tier::Minute.bucket(minutes_ago),
            name,
            batches,
            committed,
            health,
            shutdown,
            writer,
        }
    }

    async fn write(&mut self, batch: Batch) -> Committed {
        self.batches.send(batch).await.unwrap();
        self.next().await
    }

    async fn next(&mut self) -> Committed {
        let done = timeout(SOON, self.committed.recv()).await;
        done.expect("committed in time").expect("a writer")
    }

    /// The rows of a query as PostgreSQL writes them.
    async fn rows(&self, query: &str) -> Vec<String> {
        let as_text = format!("SELECT found::text FROM ({query}) found");
        let rows = self.db.query(&as_text, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    async fn number(&self, query: &str) -> i64 {
        self.db.query_one(query, &[]).await.unwrap().get(0)
    }

    /// Stored rows, and what the ledger and the rollups say of them.
    async fn stored(&self) -> [i64; 3] {
        [
            self.number("SELECT count(*) FROM events").await,
            self.number("SELECT coalesce(sum(stored), 0)::bigint FROM ledger")
                .await,
            self.number(
                "SELECT coalesce(sum(events), 0)::bigint FROM rollup_1m WHERE dimension = 0",
            )
            .await,
        ]
    }

    /// An event in the second of its number.
    fn event(&self, number: u32) -> String {
        let at = UnixMicros(self.began.0 + i64::from(number) * 1_000_000).to_rfc3339();
        format!(
            r#"{{"event_id":"00000000-0000-7000-8000-{number:012x}","event_type":"click","occurred_at":"{at}","user_id":"u","page":"/","value":1.5,"duration_ms":{number}}}"#
        )
    }

    /// An entry of these lines, so many milliseconds after the beginning.
    fn entry(&self, after_ms: u64, source: Source, lines: &[String]) -> Entry {
        Entry {
            id: self.id(after_ms),
            source,
            payload: Payload::Batch(lines.join("\n").into_bytes()),
            trace: Default::default(),
        }
    }

    fn id(&self, after_ms: u64) -> EntryId {
        EntryId {
            ms: self.began.0.unsigned_abs() / 1_000 + after_ms,
            seq: 0,
        }
    }

    /// A fresh batch of one entry with these events.
    fn events(&self, after_ms: u64, numbers: Range<u32>) -> Batch {
        let lines: Vec<_> = numbers.map(|number| self.event(number)).collect();
        fresh(vec![self.entry(after_ms, Source::External, &lines)])
    }
}

fn fresh(entries: Vec<Entry>) -> Batch {
    batch(entries, Vec::new(), false)
}

pub(super) fn batch(entries: Vec<Entry>, lost: Vec<EntryId>, redelivered: bool) -> Batch {
    let mut decoder = Decoder::new(Limits::default());
    decoder.push(Run {
        epoch: "epoch".into(),
        entries,
        lost,
        redelivered,
        read_at: std::time::Instant::now(),
    });
    decoder.take().unwrap()
}

/// A session of another lane.
async fn session(services: &Services) -> Session {
    Session::open(&services.postgres, "another/0", None)
        .await
        .unwrap()
}
