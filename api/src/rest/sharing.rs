//! Equal queries at the same time share one computation and its answer.

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use common::time::UnixMicros;
use serde_json::Value;

use super::{
    answers::{Answer, Answers, Moment},
    body::whole,
};
use crate::{query::range::MINUTE, state::ApiState};

/// Keeps and shares the answers of the routes it is laid round. Without a recent reading of
/// the stream each request is answered by itself, and so is one that wants no kept answer:
/// whoever has just seen a commit may ask for it so.
pub(super) async fn share(
    State((state, answers)): State<(ApiState, Answers)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    // It is in memory already: `body::read` lies round this.
    let body = match whole(body).await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    let question = question(&parts, &body);
    let reading = state.reading().filter(|_| !wants_none_kept(&parts.headers));
    let (Some(question), Some(reading)) = (question, reading) else {
        return next.run(Request::from_parts(parts, body.into())).await;
    };
    // The router leaves the body out where HEAD was asked.
    if parts.method == Method::HEAD {
        parts.method = Method::GET;
    }
    let minute = UnixMicros::now().0.div_euclid(MINUTE);
    let request = Request::from_parts(parts, Body::from(body));
    let work = || async move { Answer::of(next.run(request).await).await };
    let answer = answers.get(Moment { reading, minute }, question, work);
    answer.await.into_response()
}

/// `Cache-Control: no-cache` (RFC 9111, 5.2.1.4).
fn wants_none_kept(headers: &HeaderMap) -> bool {
    let listed = headers.get_all(header::CACHE_CONTROL).iter();
    let listed = listed.filter_map(|value| value.to_str().ok());
    listed
        .flat_map(|list| list.split(','))
        .any(|directive| directive.trim().eq_ignore_ascii_case("no-cache"))
}

/// What tells two questions apart: the path and the query by name, or the path and the JSON
/// in the body. `None` for what will be refused anyway.
fn question(parts: &Parts, body: &Bytes) -> Option<String> {
    match parts.method {
        Method::GET | Method::HEAD => Some(by_name(&parts.uri)),
        Method::POST => {
            let kind = parts.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
            let body: Value = serde_json::from_slice(body).ok()?;
            Some(format!("{kind} {} {body}", by_name(&parts.uri)))
        }
        _ => None,
    }
}

fn by_name(uri: &Uri) -> String {
    let query = uri.query().unwrap_or_default();
    let mut pairs: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    // Stable, for a name may come several times.
    pairs.sort_by_key(|pair| pair.split('=').next());
    format!("{}?{}", uri.path(), pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_client_may_want_no_kept_answer() {
        let wants = |value: &'static str| {
            let value = HeaderValue::from_static(value);
            wants_none_kept(&HeaderMap::from_iter([(header::CACHE_CONTROL, value)]))
        };
        assert!(wants("no-cache") && wants("max-age=0, No-Cache"));
        assert!(!wants("max-age=0") && !wants("") && !wants("no-cached"));
        assert!(!wants_none_kept(&HeaderMap::new()));
    }

    #[test]
    fn the_order_of_names_makes_no_other_question() {
        let of = |uri: &'static str| by_name(&Uri::from_static(uri));
        assert_eq!(of("/a?y=1&x=2"), of("/a?x=2&&y=1"));
        assert_eq!(of("/a?"), of("/a"));
        assert_ne!(of("/a?x=1&x=2"), of("/a?x=2&x=1"));
        assert_ne!(of("/a?x=1"), of("/b?x=1"));
    }

    #[test]
    fn a_body_is_its_json() {
        let of = |kind: &str, body: &'static [u8]| {
            let request = Request::post("/q").header(header::CONTENT_TYPE, kind);
            let (parts, ()) = request.body(()).unwrap().into_parts();
            question(&parts, &Bytes::from_static(body))
        };
        let json = "application/json";
        assert_eq!(
            of(json, br#"{"b": 1, "a": [2]}"#),
            of(json, br#"{"a":[2],"b":1}"#)
        );
        assert_ne!(of(json, b"[1,2]"), of(json, b"[2,1]"));
        assert_ne!(of(json, b"[1]"), of("text/plain", b"[1]"));
        assert_eq!(of(json, b"{"), None);
    }
}
