//! What a request is called in its answer and in the log.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Request};
use tracing::Span;
use uuid::Uuid;

/// Of requests and answers.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST: usize = 128;

/// The client's own, if it is short and plain, else a new one.
pub(super) struct RequestId(HeaderValue);

impl RequestId {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let given = request.headers().get(X_REQUEST_ID).filter(is_plain);
        Self(given.cloned().unwrap_or_else(fresh))
    }

    /// Log lines within it have the id, whatever is logged.
    pub(super) fn span(&self) -> Span {
        let id = self.0.to_str().unwrap_or_default();
        tracing::error_span!("request", id)
    }

    pub(super) fn add_to(self, headers: &mut HeaderMap) {
        headers.insert(X_REQUEST_ID, self.0);
    }
}

fn is_plain(id: &&HeaderValue) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    (1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(plain)
}

fn fresh() -> HeaderValue {
    let id = Uuid::now_v7().to_string();
    HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("unknown"))
}
