//! Errors at the HTTP edge: status and code in one place, details logged once, never sent.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::http::Problem;
pub use common::telemetry::causes;

use crate::query::{
    audit::AuditError, database::QueryError, filter::FilterError, stream::StreamError,
};

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("a parameter is wrong")]
    Parameter(Box<Problem>),
    #[error(transparent)]
    Query(#[from] QueryError),
    /// It took longer than it may, and this is what to do.
    #[error("an analysis took longer than it may")]
    Analysis(&'static str),
    #[error(transparent)]
    Stream(#[from] StreamError),
}

impl From<AuditError> for ApiError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Database(error) => Self::Query(error),
            AuditError::Stream(error) => Self::Stream(error),
        }
    }
}

impl ApiError {
    /// 422: `parameter` can't be as it is. `detail` says what would be right.
    #[must_use]
    pub fn parameter(parameter: &str, detail: impl Into<String>) -> Self {
        Self::refused("invalid_parameter", parameter, detail)
    }

    /// 422 with a code of its own.
    #[must_use]
    pub fn refused(code: &'static str, parameter: &str, detail: impl Into<String>) -> Self {
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
        Self::Parameter(Box::new(problem.with("parameter", parameter)))
    }

    /// 422: `parameter` holds something that isn't a filter or a field.
    #[must_use]
    pub fn filter(parameter: &str, error: FilterError) -> Self {
        let refused = Self::refused("invalid_filter", parameter, error.detail);
        match error.allowed.as_slice() {
            [] => refused,
            allowed => refused.with("allowed", allowed.to_vec()),
        }
    }

    /// Adds a member to a refusal.
    #[must_use]
    pub fn with(self, member: &str, value: impl Into<serde_json::Value>) -> Self {
        match self {
            Self::Parameter(problem) => Self::Parameter(Box::new(problem.with(member, value))),
            other => other,
        }
    }

    /// What a timeout of a funnel or of cohorts means.
    pub(crate) fn of_analysis(error: QueryError, what_to_do: &'static str) -> Self {
        match error {
            QueryError::Timeout => Self::Analysis(what_to_do),
            other => other.into(),
        }
    }

    fn problem(self) -> Problem {
        let unavailable = |code, detail| {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(1)
        };
        match self {
            Self::Parameter(problem) => *problem,
            Self::Query(QueryError::Busy) => {
                let detail = "too many queries at once; ask again in a second";
                Problem::new(StatusCode::TOO_MANY_REQUESTS, "busy", detail).retry_after(1)
            }
            Self::Query(QueryError::Pattern { parameter, why }) => {
                let detail = format!("the database doesn't take the regular expression: {why}");
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Problem::new(status, "invalid_filter", detail).with("parameter", parameter)
            }
            Self::Query(QueryError::Refused {
                code,
                parameter,
                detail,
            }) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
                .with("parameter", parameter),
            Self::Query(QueryError::Timeout) => unavailable(
                "query_timeout",
                "the query took too long; take a shorter range, whole minutes or fewer metrics",
            ),
            Self::Analysis(detail) => unavailable("query_timeout", detail),
            Self::Query(QueryError::Unavailable(_)) => unavailable(
                "database_unavailable",
                "the database can't be reached at present",
            ),
            Self::Query(QueryError::NoSchema(_)) => unavailable(
                "not_migrated",
                "the database is not migrated yet; the consumer does that at its start",
            ),
            Self::Query(QueryError::Denied(_)) => unavailable(
                "database_denied",
                "the database doesn't let the api read; an operator has to grant it the role tidemark_api",
            ),
            Self::Stream(_) => {
                unavailable("redis_unavailable", "Redis can't be reached at present")
            }
            Self::Query(QueryError::Database(_) | QueryError::Corrupt(_)) => Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "something went wrong here; the log says what",
            ),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match &self {
            Self::Parameter(_)
            | Self::Query(
                QueryError::Busy | QueryError::Pattern { .. } | QueryError::Refused { .. },
            ) => {}
            Self::Query(QueryError::Database(_) | QueryError::Corrupt(_)) => {
                tracing::error!(error = %causes(&self), "query failed");
            }
            _ => tracing::warn!(error = %causes(&self), "request not answered"),
        }
        self.problem().into_response()
    }
}
