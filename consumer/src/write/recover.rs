//! What is left out of a batch before it is tried again: entries already counted, and rows that
//! the database rejects.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    time::{Duration, Instant},
};

use common::{event::Limits, wire::EntryId};
use tokio::time::timeout;
use tokio_postgres::Error;

use super::{
    accounts::entry_number,
    bisect::Bisection,
    failure::Failure,
    session::Session,
    transaction::{copy_in, insert_staged},
};
use crate::decode::{Batch, Rejected, RowKey, decode_again};

/// Entries of the batch that some commit has counted.
pub(super) async fn handled_entries(
    session: &Session,
    stream_id: i32,
    batch: &Batch,
) -> Result<HashSet<EntryId>, Error> {
    let ids: Vec<EntryId> = batch.entry_ids().collect();
    let numbers: Vec<_> = ids.iter().map(|id| entry_number(stream_id, *id)).collect();
    let statement = &session.statements.handled_entries;
    let rows = session.client.query(statement, &[&numbers]).await?;
    let position = |row: &tokio_postgres::Row| usize::try_from(row.get::<_, i64>(0) - 1);
    Ok(rows
        .iter()
        .filter_map(|row| ids.get(position(row).ok()?).copied())
        .collect())
}

/// What a search for refused rows came to.
pub(super) struct Search {
    pub(super) refused: Rejected,
    /// What ended the search before its time. The session may be in the middle of something.
    pub(super) broken: Option<Failure>,
}

/// Finds rows that the database refuses: all of them, or the first and those found within
/// `patience` after it. An attempt takes at most `limit`, and is rolled back.
pub(super) async fn refused_rows(
    session: &Session,
    batch: &Batch,
    patience: Duration,
    limit: Duration,
) -> Search {
    let mut search = Search {
        refused: Rejected::new(),
        broken: None,
    };
    let mut first_found: Option<Instant> = None;
    let mut halves = Bisection::of(batch.rows.len());
    while first_found.is_none_or(|at| at.elapsed() < patience) {
        let Some(rows) = halves.next() else { break };
        let attempt = timeout(limit, try_rows(session, batch, rows.clone())).await;
        match attempt.unwrap_or(Err(Failure::TimedOut)) {
            Ok(None) => {}
            Ok(Some(reason)) => {
                if let Some(row) = halves.refused(rows) {
                    search.refused.insert(place(batch, row), reason);
                    first_found.get_or_insert_with(Instant::now);
                }
            }
            Err(failure) => {
                search.broken = Some(failure);
                break;
            }
        }
    }
    search
}

/// Finds all rows that the table refuses, one by one within the database: where they are many,
/// a thousand times faster than by halves. None where it can't be done this way, as with a row
/// that not even its temporary copy takes.
pub(super) async fn refused_by_table(
    session: &Session,
    batch: &Batch,
) -> Result<Rejected, Failure> {
    let work = async {
        let (client, statements) = (&session.client, &session.statements);
        copy_in(client, &statements.copy_staged, batch.copy.all()).await?;
        client.batch_execute(REFUSED_ROWS).await?;
        let found = "SELECT event_time, event, reason FROM pg_temp.refused_rows()";
        client.query(found, &[]).await
    };
    let found = match rolled_back(session, work).await {
        Ok(found) => found,
        Err(Failure::Lost(error)) => return Err(Failure::Lost(error)),
        Err(_) => return Ok(Rejected::new()),
    };
    let mut reasons: HashMap<RowKey, String> = found
        .iter()
        .map(|row| ((row.get(0), row.get(1)), row.get(2)))
        .collect();
    let rows = batch.rows.iter().enumerate();
    Ok(rows
        .filter_map(|(number, row)| Some((place(batch, number), reasons.remove(&row.key())?)))
        .collect())
}

const REFUSED_ROWS: &str = include_str!("sql/refused_rows.sql");

fn place(batch: &Batch, row: usize) -> (EntryId, u32) {
    let row = &batch.rows[row];
    (batch.entries[row.entry as usize].id, row.index)
}

/// Why the database refuses one of `rows`, if it does.
async fn try_rows(
    session: &Session,
    batch: &Batch,
    rows: Range<usize>,
) -> Result<Option<String>, Failure> {
    // All the way into the table: it may have rules that the staged copy of it hasn't.
    let stored = insert_staged(session, batch.copy.range(rows));
    match rolled_back(session, stored).await {
        Ok(_) => Ok(None),
        Err(Failure::Data(error)) => Ok(Some(reason(&error))),
        Err(failure) => Err(failure),
    }
}

/// Only a commit that has seen the temporary table empties it: what was rolled back stays in it,
/// and each attempt would have more of it to read.
const END_ATTEMPT: &str = "ROLLBACK; SELECT FROM staged_events LIMIT 0";

async fn rolled_back<T>(
    session: &Session,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    let (begun, done) = tokio::join!(biased; session.client.batch_execute("BEGIN"), work);
    begun?;
    session.client.batch_execute(END_ATTEMPT).await?;
    Ok(done?)
}

fn reason(error: &Error) -> String {
    error.as_db_error().map_or_else(
        || error.to_string(),
        |db| format!("SQLSTATE {}: {}", db.code().code(), db.message()),
    )
}

/// The batch without what is handled and with the refused rows as dead letters.
pub(super) fn without(
    batch: Batch,
    handled: &HashSet<EntryId>,
    refused: Rejected,
    limits: Limits,
) -> Batch {
    decode_again(batch, |id| !handled.contains(&id), refused, limits)
}
