//! What an error of the database means for the batch: decided by SQLSTATE alone.

use tokio_postgres::Error;

/// Why a batch isn't committed yet.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The transaction was rolled back and may be tried again on the same connection.
    #[error("the transaction failed and is tried again")]
    Retry(#[source] Error),
    /// The connection is of no use any more. What was in flight may have been committed.
    #[error("the connection was lost; the outcome is unknown")]
    Lost(#[source] Error),
    /// No answer in time. What was in flight may have been committed.
    #[error("no answer from PostgreSQL in time; the outcome is unknown")]
    TimedOut,
    /// Somebody has to repair the schema, the rights or the address.
    #[error("the database refuses us")]
    Hold(#[source] Error),
    /// An event of the batch is already stored.
    #[error("the batch holds a duplicate event")]
    Duplicate,
    /// An entry of the batch was counted by another commit.
    #[error("the batch holds an entry that is already counted")]
    Handled,
    /// A row that validation let through and the database won't take.
    #[error("a row is refused by the database")]
    Data(#[source] Error),
    /// The rollups are being rebuilt or were: our memory of them is void.
    #[error("the rollups were rebuilt")]
    Rebuilt,
}

/// The unique index of raw events has a name of its own in each chunk.
const EVENT_KEY_SUFFIX: &str = "events_occurred_at_event_id_key";
const ENTRY_KEY: &str = "commits_entries_once";

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let Some(db) = error.as_db_error() else {
            return Self::Lost(error);
        };
        let constraint = db.constraint().unwrap_or_default();
        match db.code().code() {
            "23505" if constraint.ends_with(EVENT_KEY_SUFFIX) => Self::Duplicate,
            "23P01" if constraint == ENTRY_KEY => Self::Handled,
            code => of_class(code)(error),
        }
    }
}

fn of_class(code: &str) -> fn(Error) -> Failure {
    match &code[..2] {
        // 25006: the server became a replica; 25P03: ended for idling.
        "08" | "25" | "57" if code != "57014" => Failure::Lost,
        "22" | "23" => Failure::Data,
        "28" | "3D" | "42" => Failure::Hold,
        // 40 serialization and deadlock, 53 resources, 55P03 lock timeout, 57014 statement
        // timeout, and what we don't know: nothing is lost by trying again.
        _ => Failure::Retry,
    }
}

impl Failure {
    /// Whether this is part of ordinary work.
    pub(super) const fn is_expected(&self) -> bool {
        matches!(self, Self::Duplicate | Self::Handled | Self::Rebuilt)
    }

    /// Whether the connection, and with it the writer id, must be given up.
    pub(super) const fn ends_session(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::TimedOut | Self::Hold(_))
    }
}
