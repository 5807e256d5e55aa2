//! What is left out of a batch before it is tried again: entries already counted, and rows that
//! the database rejects.

use std::{collections::HashSet, ops::Range};

use common::{event::Limits, wire::EntryId};
use tokio_postgres::Error;

use super::{
    accounts::entry_number, bisect::Bisection, failure::Failure, session::Session,
    transaction::insert_staged,
};
use crate::decode::{Batch, Rejected, decode_again};

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

/// Finds the rows that the database refuses; each attempt is rolled back.
pub(super) async fn refused_rows(session: &Session, batch: &Batch) -> Result<Rejected, Failure> {
    let mut refused = Rejected::new();
    let mut search = Bisection::of(batch.rows.len());
    while let Some(rows) = search.next() {
        let Some(reason) = try_rows(session, batch, &rows).await? else {
            continue;
        };
        if let Some(row) = search.refused(rows) {
            let row = &batch.rows[row];
            let id = batch.entries[row.entry as usize].id;
            refused.insert((id, row.index), reason);
        }
    }
    Ok(refused)
}

/// Why the database refuses one of `rows`, if it does.
async fn try_rows(
    session: &Session,
    batch: &Batch,
    rows: &Range<usize>,
) -> Result<Option<String>, Failure> {
    let rows = batch.copy.only(|row| rows.contains(&row));
    session.client.batch_execute("BEGIN").await?;
    // All the way into the table: it may have rules that the staged copy of it hasn't.
    let stored = insert_staged(session, rows).await;
    session.client.batch_execute("ROLLBACK").await?;
    match stored.map_err(Failure::from) {
        Ok(_) => Ok(None),
        Err(Failure::Data(error)) => Ok(Some(reason(&error))),
        Err(failure) => Err(failure),
    }
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
