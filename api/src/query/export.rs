//! All events of a range, in order of time, as CSV or NDJSON: read as fast as the client takes
//! them, with only a few pieces in memory.

use std::{
    collections::HashSet,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use common::{shutdown::Shutdown, time::UnixMicros};
use futures_util::{Stream, TryStreamExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    database::{QueryError, Snapshot},
    events::within,
    filter::Filter,
    number::decimal,
    range::Range,
    rows::{Format, Writer},
    sql_text::SqlText,
};
use crate::access::Who;

/// About as much is handed on at once.
const PIECE: usize = 64 * 1024;

/// What can be exported: the name it has there, and how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    sql: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Id,
    Time,
    /// Millionths.
    Decimal,
    Integer,
    Json,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        sql: name,
        kind,
    }
}

impl Column {
    pub const ALL: [Self; 15] = [
        column("event_id", Kind::Id),
        column("event_type", Kind::Text),
        column("occurred_at", Kind::Time),
        column("accepted_at", Kind::Time),
        column("user_id", Kind::Text),
        column("session_id", Kind::Text),
        column("page", Kind::Text),
        column("referrer", Kind::Text),
        column("country", Kind::Text),
        column("device", Kind::Text),
        column("browser", Kind::Text),
        column("os", Kind::Text),
        Self {
            sql: "value_micros",
            ..column("value", Kind::Decimal)
        },
        column("duration_ms", Kind::Integer),
        Self {
            sql: "properties::text",
            ..column("properties", Kind::Json)
        },
    ];

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name == name)
    }
}

/// The places for exports: each holds a connection and a snapshot for long. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Exports {
    places: Arc<Semaphore>,
    count: usize,
    callers: Callers,
    most_time: Duration,
    shutdown: Shutdown,
}

type Callers = Arc<Mutex<HashSet<Who>>>;

/// Of one export, until it is dropped.
#[derive(Debug)]
pub struct Place {
    who: Who,
    callers: Callers,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        callers.remove(&self.who);
    }
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPlace {
    /// All are taken.
    Left,
    /// This caller has one already.
    ForTwo,
}

impl Exports {
    #[must_use]
    pub fn new(places: usize, most_time: Duration, shutdown: Shutdown) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            count: places,
            callers: Callers::default(),
            most_time,
            shutdown,
        }
    }

    /// How many places are taken, of how many.
    #[must_use]
    pub fn taken(&self) -> (usize, usize) {
        (self.count - self.places.available_permits(), self.count)
    }

    /// One for each caller, as long as there are any.
    ///
    /// # Errors
    /// All are taken, or `who` has one.
    pub fn place(&self, who: Who) -> Result<Place, NoPlace> {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.contains(&who) {
            return Err(NoPlace::ForTwo);
        }
        let permit = self.places.clone().try_acquire_owned();
        let permit = permit.map_err(|_| NoPlace::Left)?;
        callers.insert(who);
        Ok(Place {
            who,
            callers: self.callers.clone(),
            _permit: permit,
        })
    }

    /// What one may take in all.
    #[must_use]
    pub const fn most_time(&self) -> Duration {
        self.most_time
    }

    /// Runs beside its response, until the process stops.
    pub fn spawn(&self, export: impl Future<Output = ()> + Send + 'static) {
        self.shutdown.spawn_until_stop("export", export);
    }
}

type Rows = Pin<Box<dyn Stream<Item = Result<Row, QueryError>> + Send>>;

/// An export on its way. Dropped before its end, it cancels what runs in the database.
pub struct Export {
    columns: Vec<Column>,
    writer: Writer,
    rows: Rows,
    snapshot: Snapshot,
    events: u64,
}

impl Export {
    /// Begins it: an error of the question is known here.
    ///
    /// # Errors
    /// As [`Snapshot::stream_typed`].
    pub async fn begin(
        snapshot: Snapshot,
        range: Range,
        filter: &Filter,
        columns: Vec<Column>,
        format: Format,
    ) -> Result<Self, QueryError> {
        let sql = statement(range, filter, &columns);
        let rows = Box::pin(snapshot.stream_typed(&sql).await?);
        let names = columns.iter().map(|column| column.name);
        Ok(Self {
            writer: Writer::new(format, names),
            columns,
            rows,
            snapshot,
            events: 0,
        })
    }

    /// The next piece; `None` after the last one.
    ///
    /// # Errors
    /// As [`Snapshot::stream_typed`]; the export is broken then.
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>, QueryError> {
        while self.writer.held() < PIECE {
            let Some(row) = self.rows.try_next().await? else {
                break;
            };
            self.row(&row)?;
            self.events += 1;
        }
        let piece = self.writer.take();
        Ok((!piece.is_empty()).then_some(piece))
    }

    fn row(&mut self, row: &Row) -> Result<(), QueryError> {
        self.writer.begin();
        for (at, column) in self.columns.iter().enumerate() {
            let out = &mut self.writer;
            match column.kind {
                Kind::Text => out.text(row.try_get(at)?),
                Kind::Json => out.json(row.try_get(at)?),
                Kind::Id => out.plain(&row.try_get::<_, Uuid>(at)?.to_string()),
                Kind::Time => {
                    let moment: UnixMicros = row.try_get(at)?;
                    out.plain(&UnixMicros::to_rfc3339(moment));
                }
                Kind::Decimal => {
                    let micros: Option<i64> = row.try_get(at)?;
                    out.optional_plain(micros.map(|micros| decimal(i128::from(micros))));
                }
                Kind::Integer => {
                    let number: Option<i32> = row.try_get(at)?;
                    out.number(number);
                }
            }
        }
        self.writer.end();
        Ok(())
    }

    /// How many events the pieces hold.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// Gives the connection back after the last piece.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn finish(self) -> Result<(), QueryError> {
        drop(self.rows);
        self.snapshot.finish().await
    }
}

fn statement(range: Range, filter: &Filter, columns: &[Column]) -> SqlText {
    let mut sql = SqlText::named("export");
    sql.push("SELECT ");
    sql.join(columns, ", ", |sql, column| {
        sql.push(column.sql);
    });
    sql.push(" FROM events WHERE ");
    within(&mut sql, range);
    sql.push(" AND ");
    filter.condition(&mut sql);
    sql.push(" ORDER BY occurred_at, event_id");
    sql
}
