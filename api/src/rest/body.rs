//! Bodies of queries, read before a query takes a place among the concurrent ones.

use axum::{
    body::{Body, Bytes},
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use common::http::{Problem, whole_body};

/// A query in a body; far more than its bounded filters need.
const MAX_BODY_BYTES: usize = 256 << 10;

/// Lets only requests pass whose bodies are there, and small.
pub(super) async fn read(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match whole(body).await {
        Ok(body) => next.run(Request::from_parts(parts, body.into())).await,
        Err(problem) => problem.into_response(),
    }
}

pub(super) async fn whole(body: Body) -> Result<Bytes, Problem> {
    whole_body(body, MAX_BODY_BYTES).await
}
