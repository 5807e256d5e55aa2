//! Dead letters: the events that were rejected.

use common::time::UnixMicros;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    database::{QueryError, Snapshot},
    statements,
};

/// Bytes of a payload that are shown.
const SHOWN_BYTES: i32 = 2_048;

#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLetter {
    entry_id: String,
    index: i32,
    source: String,
    reason: String,
    detail: String,
    /// At most 2,048 bytes; what isn't UTF-8 is replaced.
    payload: String,
    truncated: bool,
    received_at: String,
    replayed_at: Option<String>,
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
            let received_at: UnixMicros = row.try_get(7)?;
            let replayed_at: Option<UnixMicros> = row.try_get(8)?;
            Ok(DeadLetter {
                entry_id: row.try_get(0)?,
                index: row.try_get(1)?,
                source: row.try_get(2)?,
                reason: row.try_get(3)?,
                detail: row.try_get(4)?,
                payload: String::from_utf8_lossy(payload).into_owned(),
                truncated: row.try_get::<_, i32>(6)? > SHOWN_BYTES,
                received_at: received_at.to_rfc3339(),
                replayed_at: replayed_at.map(UnixMicros::to_rfc3339),
            })
        })
        .collect()
}
