//! Reads small bodies whole, within a deadline.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, to_bytes},
    http::StatusCode,
};
use tokio::time::timeout;

use super::Problem;

/// How long a client may take to send one.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A body of at most `most` bytes.
///
/// # Errors
/// 413 if it is larger, 408 if it isn't complete within ten seconds.
pub async fn whole_body(body: Body, most: usize) -> Result<Bytes, Problem> {
    match timeout(TIMEOUT, to_bytes(body, most)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => {
            let detail = format!("a body has at most {most} bytes here, and all that it announces");
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            Err(Problem::new(status, "body_too_large", detail))
        }
        Err(_) => {
            let seconds = TIMEOUT.as_secs();
            let detail = format!("the body wasn't whole within {seconds} s; send it again");
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        pin::Pin,
        task::{Context, Poll},
    };

    use axum::{body::HttpBody, http::header, response::IntoResponse as _};
    use hyper::body::Frame;

    use super::*;

    /// Gives what it has, then nothing, and doesn't end.
    struct Half(Option<&'static [u8]>);

    impl HttpBody for Half {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.0.take() {
                Some(bytes) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(bytes))))),
                None => Poll::Pending,
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_body_is_not_waited_for_for_ever() {
        let began = tokio::time::Instant::now();
        let half = Body::new(Half(Some(b"{\"range")));
        let answer = whole_body(half, 100).await.unwrap_err().into_response();
        assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(
            answer.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert_eq!(began.elapsed(), TIMEOUT);
        let long = whole_body(vec![b' '; 101].into(), 100).await;
        let long = long.unwrap_err().into_response();
        assert_eq!(long.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
