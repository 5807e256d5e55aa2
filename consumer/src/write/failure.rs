//! What an error of the database means for the batch: decided by SQLSTATE alone.

use tokio_postgres::Error;

/// Why a batch isn't committed yet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The transaction was rolled back and may be tried again on the same connection.
    #[error("the transaction failed and is tried again")]
    Retry(#[source] Error),
    /// The connection is of no use any more. What was in flight may have been committed.
    #[error("the connection was lost; the outcome is unknown")]
    Lost(#[source] Error),
    /// No answer in time. What was in flight may have been committed.
    #[error("no answer from PostgreSQL in time; the outcome is unknown")]
    TimedOut,
    /// An operator has to repair the schema, the privileges or the address.
    #[error("the database refuses us")]
    Hold(#[source] Error),
    /// Another session holds the lane's name: ours that was lost, or another lane.
    #[error("the lane's name is taken")]
    NameTaken,
    /// An event of the batch is already stored.
    #[error("the batch holds a duplicate event")]
    Duplicate,
    /// An entry of the batch was counted by another commit.
    #[error("the batch holds an entry that is already counted")]
    Handled,
    /// A row that validation let through and the database won't take.
    #[error("a row is refused by the database")]
    Data(#[source] Error),
    /// So many rows vanished on their way into the table.
    #[error("the database dropped {0} rows without an error")]
    Dropped(u64),
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
    /// Its kind, for a metric.
    pub(crate) fn cause(&self) -> &'static str {
        match self {
            Self::Retry(error) => match error.code().map_or("", |code| code.code()) {
                "57014" => "timed_out",
                code if code.starts_with("53") => "no_room",
                code if code.starts_with("40") || code.starts_with("55") => "conflict",
                _ => "other",
            },
            Self::Lost(_) => "lost",
            Self::TimedOut => "timed_out",
            Self::NameTaken => "conflict",
            Self::Hold(_) | Self::Dropped(_) => "refused",
            Self::Data(_) => "data",
            Self::Duplicate | Self::Handled | Self::Rebuilt => "other",
        }
    }

    /// What happens now, and what an operator can do.
    pub(crate) fn next_step(&self) -> &'static str {
        if matches!(self, Self::Dropped(_)) {
            return "tried again; look for a trigger or a rule on the table `events`";
        }
        match self.cause() {
            "no_room" => "tried again; give PostgreSQL more disk, memory or connections",
            "refused" => "tried again; repair the schema, the rights or the address",
            "data" => "the row that is refused is sought; it becomes a dead letter",
            "lost" | "timed_out" => {
                "tried again on a new connection, after asking what was committed"
            }
            _ => "tried again",
        }
    }

    /// Whether this is part of ordinary work.
    pub(super) const fn is_expected(&self) -> bool {
        matches!(self, Self::Duplicate | Self::Handled | Self::Rebuilt)
    }

    /// Whether the connection, and with it the writer id, must be given up.
    pub(super) const fn ends_session(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::TimedOut | Self::Hold(_))
    }
}

#[cfg(test)]
mod tests {
    use testkit::Services;

    use super::*;

    /// What is made of `code` when the database raises it.
    async fn failure_of(client: &tokio_postgres::Client, code: &str) -> Failure {
        let raise = format!("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$");
        Failure::from(client.batch_execute(&raise).await.unwrap_err())
    }

    fn kind(failure: &Failure) -> &'static str {
        match failure {
            Failure::Retry(_) => "retry",
            Failure::Lost(_) => "lost",
            Failure::Hold(_) => "hold",
            Failure::Data(_) => "data",
            Failure::Duplicate => "duplicate",
            Failure::Handled => "handled",
            Failure::Dropped(_) | Failure::TimedOut | Failure::NameTaken | Failure::Rebuilt => {
                "another"
            }
        }
    }

    #[tokio::test]
    async fn the_class_decides() {
        let services = Services::without_schema().await;
        let client = services.db().await;
        for (codes, wanted) in [
            (
                &[
                    "40001", "40P01", "53100", "53200", "53300", "55P03", "57014", "XX000",
                ][..],
                "retry",
            ),
            (
                &[
                    "08006", "08000", "57P01", "57P02", "57P03", "25006", "25P03",
                ],
                "lost",
            ),
            (
                &["42P01", "42501", "42703", "28P01", "28000", "3D000"],
                "hold",
            ),
            (
                &[
                    "22003", "22021", "22P02", "22P05", "23502", "23514", "23505",
                ],
                "data",
            ),
        ] {
            for code in codes {
                assert_eq!(kind(&failure_of(&client, code).await), wanted, "{code}");
            }
        }
    }

    #[tokio::test]
    async fn each_has_a_cause() {
        let services = Services::without_schema().await;
        let client = services.db().await;
        for (code, cause) in [
            ("40001", "conflict"),
            ("55P03", "conflict"),
            ("53100", "no_room"),
            ("57014", "timed_out"),
            ("XX000", "other"),
            ("57P01", "lost"),
            ("42501", "refused"),
            ("22003", "data"),
        ] {
            assert_eq!(failure_of(&client, code).await.cause(), cause, "{code}");
        }
        assert_eq!(Failure::TimedOut.cause(), "timed_out");
        assert_eq!(Failure::NameTaken.cause(), "conflict");
        assert_eq!(Failure::Handled.cause(), "other");
        for ordinary in [Failure::Duplicate, Failure::Handled, Failure::Rebuilt] {
            assert!(ordinary.is_expected() && !ordinary.ends_session());
        }
        assert!(!Failure::TimedOut.is_expected() && Failure::TimedOut.ends_session());
    }

    #[tokio::test]
    async fn a_connection_that_is_gone_is_lost() {
        let services = Services::without_schema().await;
        let (client, other) = (services.db().await, services.db().await);
        let pid: i32 = client
            .query_one("SELECT pg_backend_pid()", &[])
            .await
            .unwrap()
            .get(0);
        other
            .execute("SELECT pg_terminate_backend($1)", &[&pid])
            .await
            .unwrap();
        for _ in 0..2 {
            let error = client
                .batch_execute("SELECT pg_sleep(20)")
                .await
                .unwrap_err();
            assert!(matches!(Failure::from(error), Failure::Lost(_)));
        }
    }
}
