//! Bodies of queries, read before a query takes its place.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use common::http::Problem;
use tokio::time::timeout;

/// A query in a body; far more than its bounded filters need.
const MAX_BODY_BYTES: usize = 256 << 10;
/// How long a client may take to send one.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Lets only requests pass whose bodies are there, and small.
pub(super) async fn read(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match whole(body).await {
        Ok(body) => next.run(Request::from_parts(parts, body.into())).await,
        Err(problem) => problem.into_response(),
    }
}

pub(super) async fn whole(body: Body) -> Result<Bytes, Problem> {
    match timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => {
            let detail = format!("a query has at most {MAX_BODY_BYTES} bytes");
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            Err(Problem::new(status, "body_too_large", detail))
        }
        Err(_) => {
            let seconds = BODY_TIMEOUT.as_secs();
            let detail = format!("the body wasn't whole within {seconds} s; send it again");
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::http::header;
    use futures_util::{StreamExt as _, stream};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn half_a_body_is_not_waited_for_for_ever() {
        let half = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"{\"range"))]);
        let body = Body::from_stream(half.chain(stream::pending()));
        let began = tokio::time::Instant::now();
        let answer = whole(body).await.unwrap_err().into_response();
        assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(
            answer.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert_eq!(began.elapsed(), BODY_TIMEOUT);
        let long = whole(vec![b' '; MAX_BODY_BYTES + 1].into()).await;
        let long = long.unwrap_err().into_response();
        assert_eq!(long.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
