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
