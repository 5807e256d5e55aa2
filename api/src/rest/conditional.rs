//! `If-None-Match`: a client whose answer is still current gets a 304.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};

/// 304 without a body where the client's tag is the answer's own.
pub(super) async fn not_modified(request: Request, next: Next) -> Response {
    let held: Vec<_> = match *request.method() {
        Method::GET | Method::HEAD => {
            let held = request.headers().get_all(header::IF_NONE_MATCH);
            held.iter().cloned().collect()
        }
        _ => Vec::new(),
    };
    let mut response = next.run(request).await;
    let tag = response.headers().get(header::ETAG);
    let same = tag.is_some_and(|tag| held.iter().any(|held| names(held, tag)));
    if same && response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        headers.remove(header::CONTENT_LENGTH);
    }
    response
}

/// Whether a list of tags, or `*`, holds `tag`; weakly compared (RFC 9110, 13.1.2).
fn names(held: &HeaderValue, tag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let (Ok(held), Ok(tag)) = (held.to_str(), tag.to_str()) else {
        return false;
    };
    held.trim() == "*" || held.split(',').any(|held| opaque(held) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly() {
        let names = |held, tag| {
            names(
                &HeaderValue::from_static(held),
                &HeaderValue::from_static(tag),
            )
        };
        for held in [r#"W/"a""#, r#""a""#, r#""b", W/"a""#, "*"] {
            assert!(names(held, r#"W/"a""#), "{held}");
        }
        for held in [r#"W/"b""#, "a", "", r#""aa""#] {
            assert!(!names(held, r#"W/"a""#), "{held}");
        }
    }
}
