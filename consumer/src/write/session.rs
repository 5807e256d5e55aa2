//! A lane's connection to the database, and what it owns while the connection lasts: the
//! lock on the lane's name, a writer id, and the rollup rows under that id.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use common::{clients, config::PostgresConfig};
use tokio_postgres::{Client, Error};

use super::{failure::Failure, statements::Statements, transaction::Written};
use crate::{decode::PerSource, fold::Memory};

/// Class of the advisory locks on lane names.
pub const LANE_LOCKS: i32 = 0x6c61_6e65;
/// Shared by every commit, held alone by a rebuild of rollups.
pub const REBUILD_LOCK: i64 = 0x7265_6275_696c;

const APPLICATION: &str = "tidemark-consumer";

/// A writer's rollups are closed and compacted after this time, or at this size in memory.
const ROTATE_AFTER: Duration = Duration::from_secs(15 * 60);
pub(super) const ROTATE_BYTES: usize = 8 * 1024 * 1024;

pub(super) struct Session {
    pub(super) client: Client,
    pub(super) statements: Statements,
    pub(super) writer: WriterState,
    stream_ids: HashMap<Arc<str>, i32>,
    lane: String,
}

/// The writer id and what was committed under it.
pub(super) struct WriterState {
    pub(super) id: i64,
    pub(super) seq: i64,
    pub(super) generation: Option<i64>,
    pub(super) memory: Memory,
    opened: Instant,
}

impl WriterState {
    pub(super) fn new(id: i64) -> Self {
        Self {
            id,
            seq: 0,
            generation: None,
            memory: Memory::default(),
            opened: Instant::now(),
        }
    }

    /// Advances the in-memory state, now that the commit is known.
    pub(super) fn advance(&mut self, written: Written) -> PerSource {
        self.seq = written.seq;
        self.generation = Some(written.generation);
        self.memory.advance(written.folded);
        written.counts
    }
}

impl Session {
    /// Takes the lane's name on a new connection, unless `held` has it already.
    pub(super) async fn open(
        config: &PostgresConfig,
        lane: &str,
        held: Option<Client>,
    ) -> Result<Self, Failure> {
        let client = match held {
            Some(client) => client,
            None => {
                let client = clients::postgres::connect(config, APPLICATION).await?;
                if !take_name(&client, lane).await? {
                    return Err(Failure::NameTaken);
                }
                client
            }
        };
        let statements = Statements::prepare(&client).await?;
        let id = open_writer(&client, &statements, lane).await?;
        Ok(Self {
            client,
            statements,
            writer: WriterState::new(id),
            stream_ids: HashMap::new(),
            lane: lane.to_owned(),
        })
    }

    /// A new writer id where the old one's rollups are old or large enough to be closed.
    pub(super) async fn rotate_when_due(&mut self) -> Result<(), Failure> {
        let writer = &self.writer;
        if writer.opened.elapsed() < ROTATE_AFTER && writer.memory.bytes() < ROTATE_BYTES {
            return Ok(());
        }
        self.rotate().await
    }

    /// Bytes of rollup rows that the lane remembers.
    pub(super) fn remembered(&self) -> usize {
        self.writer.memory.bytes()
    }

    pub(super) async fn rotate(&mut self) -> Result<(), Failure> {
        let id = open_writer(&self.client, &self.statements, &self.lane).await?;
        self.writer = WriterState::new(id);
        Ok(())
    }

    /// The number under which the database knows this epoch of the stream.
    pub(super) async fn stream_id(&mut self, key: &str, epoch: &Arc<str>) -> Result<i32, Failure> {
        if let Some(id) = self.stream_ids.get(epoch) {
            return Ok(*id);
        }
        let statement = &self.statements.upsert_stream;
        let row = self.client.query_one(statement, &[&key, &&**epoch]).await?;
        let id = row.get(0);
        self.stream_ids.insert(epoch.clone(), id);
        Ok(id)
    }
}

async fn open_writer(client: &Client, statements: &Statements, lane: &str) -> Result<i64, Error> {
    let row = client.query_one(&statements.open_writer, &[&lane]).await?;
    Ok(row.get(0))
}

async fn take_name(client: &Client, lane: &str) -> Result<bool, Error> {
    let lock = "SELECT pg_try_advisory_lock($1, hashtext($2))";
    let row = client.query_one(lock, &[&LANE_LOCKS, &lane]).await?;
    Ok(row.get(0))
}

/// How long a name that is taken is asked for again before the next one is tried. The server
/// needs a moment to notice that a killed lane is gone, and what is pending under its name
/// is resumed at once only by that name.
const NAME_PATIENCE: Duration = Duration::from_millis(500);
const NAME_RETRY: Duration = Duration::from_millis(25);

/// Takes a lane name of this host: `host/<preferred>`, or the first that is free. The name is
/// ours while the connection lasts.
///
/// # Errors
/// The database can't be reached.
pub async fn free_lane_name(
    config: &PostgresConfig,
    host: &str,
    preferred: usize,
) -> Result<(String, Client), Error> {
    let client = clients::postgres::connect(config, APPLICATION).await?;
    let started = Instant::now();
    let mut others = 0..;
    loop {
        let is_patient = started.elapsed() < NAME_PATIENCE;
        let number = if is_patient {
            Some(preferred)
        } else {
            others.next()
        };
        let number = number.unwrap_or(preferred);
        let lane = format!("{host}/{number}");
        if take_name(&client, &lane).await? {
            return Ok((lane, client));
        }
        if is_patient {
            tokio::time::sleep(NAME_RETRY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use common::{
        rollup::{Dimension, Rollup},
        time::UnixMicros,
    };
    use testkit::Services;

    use super::*;
    use crate::fold::Folded;

    #[tokio::test]
    async fn a_writer_is_replaced_when_it_is_old_or_remembers_much() {
        let services = Services::start().await;
        let mut session = Session::open(&services.postgres, "test/0", None)
            .await
            .unwrap();
        let first = session.writer.id;
        let minutes_ago =
            |minutes: u64| Instant::now().checked_sub(Duration::from_secs(minutes * 60));
        session.writer.opened = minutes_ago(14).unwrap();
        session.rotate_when_due().await.unwrap();
        assert_eq!(session.writer.id, first);
        session.writer.opened = minutes_ago(15).unwrap();
        session.rotate_when_due().await.unwrap();
        let second = session.writer.id;
        assert!(second > first);
        assert_eq!(session.remembered(), 0);
        let page = |bytes| Folded {
            bucket: UnixMicros(0),
            dimension: Dimension::Page,
            value: "p".repeat(bytes).into(),
            rollup: Rollup::default(),
        };
        session.writer.memory.advance(vec![page(7 * 1024 * 1024)]);
        session.rotate_when_due().await.unwrap();
        assert_eq!(session.writer.id, second);
        session.writer.memory.advance(vec![page(1024 * 1024)]);
        assert!(session.remembered() > ROTATE_BYTES);
        session.rotate_when_due().await.unwrap();
        assert!(session.writer.id > second);
        assert_eq!(session.remembered(), 0);
    }

    #[tokio::test]
    async fn a_lane_gets_the_name_it_prefers_or_the_first_that_is_free() {
        let services = Services::without_schema().await;
        let name = async |preferred| {
            free_lane_name(&services.postgres, "test", preferred)
                .await
                .unwrap()
        };
        let (preferred, _holder) = name(3).await;
        assert_eq!(preferred, "test/3");
        let (other, _holder) = name(3).await;
        assert_eq!(other, "test/0");
        let (other, _holder) = name(0).await;
        assert_eq!(other, "test/1");
    }

    #[tokio::test]
    async fn an_epoch_of_a_stream_has_one_number() {
        let services = Services::start().await;
        let mut session = Session::open(&services.postgres, "test/0", None)
            .await
            .unwrap();
        let mut other = Session::open(&services.postgres, "test/1", None)
            .await
            .unwrap();
        let (one, two) = (Arc::from("one"), Arc::from("two"));
        let first = session.stream_id("events", &one).await.unwrap();
        let second = session.stream_id("events", &two).await.unwrap();
        assert_ne!(first, second);
        assert_eq!(session.stream_id("events", &one).await.unwrap(), first);
        assert_eq!(other.stream_id("events", &one).await.unwrap(), first);
        assert_ne!(session.writer.id, other.writer.id);
    }
}
