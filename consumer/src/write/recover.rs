//! What a batch loses before it is tried again: entries that are counted already, and rows
//! that the database won't take.

use std::collections::HashSet;

use common::{event::Limits, wire::EntryId};
use tokio_postgres::Error;

use super::{accounts::entry_number, failure::Failure, session::Session, transaction::copy_in};
use crate::decode::{Batch, CopyRows, Rejected, Row, decode_again, parse_row};

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

/// Finds the rows that the database refuses, by halves: k of n rows take about k · log n
/// attempts, each rolled back.
pub(super) async fn refused_rows(
    session: &Session,
    batch: &Batch,
    limits: &Limits,
) -> Result<Rejected, Failure> {
    let mut refused = Rejected::new();
    let mut pieces = vec![&batch.rows[..]];
    while let Some(rows) = pieces.pop() {
        if rows.is_empty() {
            continue;
        }
        let Some(reason) = try_rows(session, batch, rows, limits).await? else {
            continue;
        };
        if let [row] = rows {
            let id = batch.entries[row.entry as usize].id;
            refused.insert((id, row.index), reason);
        } else {
            let (left, right) = rows.split_at(rows.len() / 2);
            pieces.extend([right, left]);
        }
    }
    Ok(refused)
}

/// Why the database refuses one of `rows`, if it does.
async fn try_rows(
    session: &Session,
    batch: &Batch,
    rows: &[Row],
    limits: &Limits,
) -> Result<Option<String>, Failure> {
    let mut copy = CopyRows::default();
    for rows in rows.chunk_by(|a, b| a.entry == b.entry) {
        let entry = &batch.entries[rows[0].entry as usize];
        let mut wanted = rows.iter().map(|row| row.index).peekable();
        for (index, json) in entry.payload.events() {
            if wanted.next_if_eq(&index).is_none() {
                continue;
            }
            if let Ok(event) = parse_row(entry.id, index, json, limits) {
                copy.push(&event, entry.id.accepted_at());
            }
        }
    }
    session.client.batch_execute("BEGIN").await?;
    // All the way into the table: it may have rules that the staged copy of it hasn't.
    let statements = &session.statements;
    let copy = copy.finish();
    let stored = async {
        copy_in(&session.client, &statements.copy_staged, &copy).await?;
        session.client.execute(&statements.insert_staged, &[]).await
    };
    let stored = stored.await;
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
