//! Connections for reading: one snapshot per query, limited in number and time, cancelled in the
//! database when nobody waits for the answer any more.

mod error;
mod places;

use std::{
    pin::{Pin, pin},
    time::Duration,
};

use common::trace::{self, Kind, Span};
use deadpool_postgres::{Object, Pool};
use futures_util::{Stream, TryStreamExt as _};
use tokio::{sync::OwnedSemaphorePermit, time::timeout};
use tokio_postgres::{NoTls, Row, RowStream, types::ToSql};

pub use self::{error::QueryError, places::Places};
use super::{kept::Kept, sql_text::SqlText};

/// How long a connection may take to be there: a dead database is an answer, not a wait.
const CONNECTION_WAIT: Duration = Duration::from_millis(1_500);
/// What a statement may take beyond its own timeout before the connection counts as dead.
const GRACE: Duration = Duration::from_millis(500);
const CANCEL_WAIT: Duration = Duration::from_secs(2);

/// A constant SQL text; its first line names it.
#[derive(Debug, Clone, Copy)]
pub struct Statement(pub &'static str);

impl Statement {
    fn span(self) -> Span {
        let name = || {
            self.0
                .lines()
                .next()
                .unwrap_or_default()
                .replacen("-- ", "", 1)
        };
        Span::under(name, Kind::Client, &trace::current())
    }
}

/// Where queries are answered from; cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    pool: Pool,
    places: Places,
    kept: Kept,
}

impl Database {
    /// At most `places` snapshots for clients at once; one more waits for `wait`. About
    /// `kept_bytes` of what they read stay in memory.
    #[must_use]
    pub fn new(
        pool: Pool,
        places: usize,
        wait: Duration,
        statement_timeout: Duration,
        kept_bytes: usize,
    ) -> Self {
        Self {
            pool,
            places: Places::new(places, wait, statement_timeout),
            kept: Kept::new(kept_bytes),
        }
    }

    /// Its places for clients.
    #[must_use]
    pub const fn places(&self) -> &Places {
        &self.places
    }

    /// Connections that are lent, of how many.
    #[must_use]
    pub fn lent(&self) -> (usize, usize) {
        let status = self.pool.status();
        let lent = status.size.saturating_sub(status.available);
        (lent, status.max_size)
    }

    /// A snapshot for a client's question.
    ///
    /// # Errors
    /// [`QueryError::Busy`] where no place gets free in time, else as [`Self::internal_snapshot`].
    pub async fn snapshot(&self) -> Result<Snapshot, QueryError> {
        let permit = self.places.take().await?;
        self.begin(Some(permit)).await
    }

    /// A snapshot for a question of another kind, with its own places and time.
    ///
    /// # Errors
    /// As [`Self::snapshot`].
    pub async fn snapshot_in(&self, places: &Places) -> Result<Snapshot, QueryError> {
        let permit = places.take().await?;
        let mut snapshot = self.begin(Some(permit)).await?;
        snapshot.allow(places.limit, "").await?;
        Ok(snapshot)
    }

    /// A snapshot for our own work, of which there is one of each kind at most.
    ///
    /// # Errors
    /// [`QueryError::Unavailable`] within 1.5 s.
    pub async fn internal_snapshot(&self) -> Result<Snapshot, QueryError> {
        self.begin(None).await
    }

    /// A snapshot for rows that are taken slowly: a statement may take `limit`, and plans follow
    /// an index rather than sort, which would hold all rows and workers until the last is taken.
    /// It takes no place of [`Self::snapshot`]'s: the caller bounds their number.
    ///
    /// # Errors
    /// As [`Self::internal_snapshot`].
    pub async fn streaming_snapshot(&self, limit: Duration) -> Result<Snapshot, QueryError> {
        const FOLLOW_AN_INDEX: &str =
            "SET LOCAL enable_sort = off; SET LOCAL max_parallel_workers_per_gather = 0";
        let mut snapshot = self.begin(None).await?;
        snapshot.allow(limit, FOLLOW_AN_INDEX).await?;
        Ok(snapshot)
    }

    async fn begin(&self, permit: Option<OwnedSemaphorePermit>) -> Result<Snapshot, QueryError> {
        let client = timeout(CONNECTION_WAIT, self.pool.get()).await;
        let client = client.map_err(|_| QueryError::Unavailable(None))??;
        let limit = self.places.limit + GRACE;
        let snapshot = Snapshot {
            client: Some(client),
            limit,
            kept: self.kept.clone(),
            _permit: permit,
        };
        let begin = snapshot.client()?.batch_execute(BEGIN);
        timeout(CONNECTION_WAIT, begin)
            .await
            .map_err(|_| QueryError::Unavailable(None))??;
        Ok(snapshot)
    }
}

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// One state of the database. Dropped without [`Self::finish`], it cancels what runs and
/// throws the connection away: a cancel that comes late must not hit somebody else's query.
#[derive(Debug)]
pub struct Snapshot {
    client: Option<Object>,
    limit: Duration,
    kept: Kept,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Snapshot {
    /// What earlier snapshots have read of built buckets.
    #[must_use]
    pub const fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Lets its statements take `limit` each, under further settings.
    async fn allow(&mut self, limit: Duration, settings: &str) -> Result<(), QueryError> {
        self.limit = limit + GRACE;
        let timeout_ms = limit.as_millis();
        let settings = format!("SET LOCAL statement_timeout = {timeout_ms}; {settings}");
        let set = self.client()?.batch_execute(&settings);
        let set = timeout(CONNECTION_WAIT, set).await;
        Ok(set.map_err(|_| QueryError::Unavailable(None))??)
    }

    fn client(&self) -> Result<&Object, QueryError> {
        self.client.as_ref().ok_or(QueryError::Unavailable(None))
    }

    /// # Errors
    /// [`QueryError::Timeout`] after the statement timeout; what the database says otherwise.
    pub async fn rows(
        &self,
        statement: Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, QueryError> {
        let client = self.client()?;
        let _span = statement.span();
        let work = async {
            let statement = client.prepare_cached(statement.0).await?;
            client.query(&statement, parameters).await
        };
        match timeout(self.limit, work).await {
            Ok(rows) => Ok(rows?),
            Err(_) => Err(QueryError::Timeout),
        }
    }

    /// Rows as they come, for results too large to hold.
    ///
    /// # Errors
    /// As [`Self::rows`], and what `visit` says.
    pub async fn each_row(
        &self,
        statement: Statement,
        parameters: &[&(dyn ToSql + Sync)],
        mut visit: impl FnMut(&Row) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let client = self.client()?;
        let _span = statement.span();
        let work = async {
            let statement = client.prepare_cached(statement.0).await?;
            let parameters = parameters.iter().copied();
            let mut rows = pin!(client.query_raw(&statement, parameters).await?);
            while let Some(row) = rows.try_next().await? {
                visit(&row)?;
            }
            Ok(())
        };
        match timeout(self.limit, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(QueryError::Timeout),
        }
    }

    /// Rows of a statement made for this question.
    ///
    /// # Errors
    /// As [`Self::rows`]; [`QueryError::Pattern`] for a regular expression it can't use.
    pub async fn rows_typed(&self, sql: &SqlText) -> Result<Vec<Row>, QueryError> {
        let client = self.client()?;
        let parameters = sql.parameters();
        let _span = Span::under(|| "query".into(), Kind::Client, &trace::current());
        let work = client.query_typed(sql.text(), &parameters);
        match timeout(self.limit, work).await {
            Ok(rows) => Ok(rows?),
            Err(_) => Err(QueryError::Timeout),
        }
    }

    /// As [`Self::rows_typed`], but row by row as they come, and without a bound on the time of
    /// all: each row must come within the statement timeout.
    ///
    /// # Errors
    /// As [`Self::rows_typed`], each as an item, the last one.
    pub async fn stream_typed(
        &self,
        sql: &SqlText,
    ) -> Result<impl Stream<Item = Result<Row, QueryError>> + Send + use<>, QueryError> {
        let client = self.client()?;
        let (parameters, limit) = (sql.parameters(), self.limit);
        let work = client.query_typed_raw(sql.text(), parameters);
        let rows = match timeout(limit, work).await {
            Ok(rows) => rows?,
            Err(_) => return Err(QueryError::Timeout),
        };
        let next = move |mut rows: Pin<Box<RowStream>>| async move {
            match timeout(limit, rows.try_next()).await {
                Ok(Ok(row)) => Ok(row.map(|row| (row, rows))),
                Ok(Err(error)) => Err(QueryError::from(error)),
                Err(_) => Err(QueryError::Timeout),
            }
        };
        Ok(futures_util::stream::try_unfold(Box::pin(rows), next))
    }

    /// The only row of a statement that always gives one.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub async fn row(
        &self,
        statement: Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, QueryError> {
        let rows = self.rows(statement, parameters).await?;
        let none = || QueryError::Corrupt("an aggregate gave no row".into());
        rows.into_iter().next().ok_or_else(none)
    }

    /// Ends the snapshot and gives the connection back.
    ///
    /// # Errors
    /// The connection is gone; everything read so far is right nevertheless.
    pub async fn finish(mut self) -> Result<(), QueryError> {
        let end = self.client()?.batch_execute("COMMIT");
        timeout(CONNECTION_WAIT, end)
            .await
            .map_err(|_| QueryError::Unavailable(None))??;
        drop(self.client.take());
        Ok(())
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let Some(client) = self.client.take().map(Object::take) else {
            return;
        };
        let cancel = client.cancel_token();
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        // Bounded by its own deadline; nothing waits for it.
        runtime.spawn(async move {
            let _ = timeout(CANCEL_WAIT, cancel.cancel_query(NoTls)).await;
            drop(client);
        });
    }
}
