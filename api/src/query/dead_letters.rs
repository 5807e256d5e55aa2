//! What was refused.

use common::time::UnixMicros;

use super::{
    database::{Instant, QueryError, Snapshot},
    statements,
};

/// Bytes of a payload that are shown.
const SHOWN_BYTES: i32 = 2_048;

#[derive(Debug)]
pub struct DeadLetter {
    pub entry_id: String,
    pub index: i32,
    pub source: String,
    pub reason: String,
    pub detail: String,
    /// What isn't UTF-8 is replaced.
    pub payload: String,
    pub truncated: bool,
    pub received_at: UnixMicros,
    pub replayed_at: Option<UnixMicros>,
}

/// The newest first.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn newest(snapshot: &Snapshot, limit: i64) -> Result<Vec<DeadLetter>, QueryError> {
    let rows = snapshot
        .rows(statements::DEAD_LETTERS, &[&limit, &SHOWN_BYTES])
        .await?;
    rows.iter()
        .map(|row| {
            let payload: &[u8] = row.try_get(5)?;
            let replayed_at: Option<Instant> = row.try_get(8)?;
            Ok(DeadLetter {
                entry_id: row.try_get(0)?,
                index: row.try_get(1)?,
                source: row.try_get(2)?,
                reason: row.try_get(3)?,
                detail: row.try_get(4)?,
                payload: String::from_utf8_lossy(payload).into_owned(),
                truncated: row.try_get::<_, i32>(6)? > SHOWN_BYTES,
                received_at: row.try_get::<_, Instant>(7)?.0,
                replayed_at: replayed_at.map(|at| at.0),
            })
        })
        .collect()
}
