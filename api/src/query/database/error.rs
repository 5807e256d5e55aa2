//! Why a query is not answered.

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error("all places for queries are taken")]
    Busy,
    #[error("the query took longer than it may")]
    Timeout,
    #[error("the database can't be reached")]
    Unavailable(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    #[error("the schema isn't there: the consumer migrates it at its start")]
    NoSchema(#[source] tokio_postgres::Error),
    #[error("the database doesn't let this role read")]
    Denied(#[source] tokio_postgres::Error),
    /// A regular expression of a parameter that the database doesn't take, in its words.
    #[error("the database doesn't take the regular expression: {why}")]
    Pattern {
        parameter: &'static str,
        why: String,
    },
    /// A question that can't be answered as it is.
    #[error("{detail}")]
    Refused {
        code: &'static str,
        parameter: &'static str,
        detail: String,
    },
    #[error("the database refused the query")]
    Database(#[source] tokio_postgres::Error),
    #[error("a stored value can't be read")]
    Corrupt(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<tokio_postgres::Error> for QueryError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(code) = error.code() else {
            return Self::Unavailable(Some(error.into()));
        };
        match *code {
            SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE => Self::Timeout,
            SqlState::INVALID_REGULAR_EXPRESSION => {
                let message = error.as_db_error().map_or("", |error| error.message());
                Self::Pattern {
                    parameter: "filter",
                    why: message.to_owned(),
                }
            }
            SqlState::UNDEFINED_TABLE | SqlState::UNDEFINED_COLUMN => Self::NoSchema(error),
            SqlState::INSUFFICIENT_PRIVILEGE => Self::Denied(error),
            _ if ["08", "40", "53", "57", "28", "3D"]
                .iter()
                .any(|class| code.code().starts_with(class)) =>
            {
                Self::Unavailable(Some(error.into()))
            }
            _ => Self::Database(error),
        }
    }
}

impl From<PoolError> for QueryError {
    fn from(error: PoolError) -> Self {
        Self::Unavailable(Some(error.into()))
    }
}
