//! `/api/v1/session`: a browser's key, in a cookie that no script can read.

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};

use super::{
    caller::Caller,
    gate::Gate,
    key::Key,
    origin::Sender,
    refusal::Refusal,
    scope::Scopes,
    shown::{Shown, cookie, take_away},
};
use crate::http::{Problem, whole_body};

/// This route is open: sessions are created here.
pub const ROUTE: &str = "/api/v1/session";
const MAX_BODY: usize = 1_024;

/// The caller, and its scopes.
#[derive(Debug, Serialize)]
struct Session<'a> {
    /// `on` or `off`; where it is off, everybody may do everything.
    auth: &'static str,
    /// The key's name; null where there is no key.
    name: Option<&'a str>,
    scopes: Scopes,
}

impl<'a> Session<'a> {
    fn of(gate: &Gate, caller: Option<&'a Caller>) -> Self {
        Self {
            auth: if gate.is_on() { "on" } else { "off" },
            name: caller.and_then(Caller::name),
            scopes: caller.map_or(Scopes::default(), Caller::scopes),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    key: String,
}

pub fn router(gate: Gate) -> Router {
    Router::new()
        .route(ROUTE, get(show).post(begin).delete(end))
        .with_state(gate)
}

async fn show(State(gate): State<Gate>, request: Request) -> Response {
    let client = request.extensions().get();
    match gate.identify(Shown::by(request.headers()), client) {
        Ok(caller) => unkept(Json(Session::of(&gate, caller.as_ref()))),
        Err(refusal) => refusal.into_response(),
    }
}

async fn begin(State(gate): State<Gate>, request: Request) -> Response {
    // Else another page could sign somebody in as somebody else.
    let client = request.extensions().get();
    if gate.sender(request.headers(), client) == Sender::Foreign {
        return Refusal::ForeignPage.into_response();
    }
    let (parts, body) = request.into_parts();
    let asked = match read(&parts.headers, body).await {
        Ok(asked) => asked,
        Err(problem) => return problem.into_response(),
    };
    let malformed = Shown::Malformed { by_cookie: false };
    let key = Key::parse(asked.key.trim());
    let shown = key.clone().map_or(malformed, Shown::Bearer);
    let client = parts.extensions.get();
    let caller = match gate.identify(shown, client) {
        Ok(caller) => caller,
        Err(refusal) => return refusal.into_response(),
    };
    let response = unkept(Json(Session::of(&gate, caller.as_ref())));
    with_cookie(
        response,
        key.and_then(|key| cookie(&key, gate.secure(&parts.headers, client))),
    )
}

async fn end(State(gate): State<Gate>, request: Request) -> Response {
    let client = request.extensions().get();
    if gate.sender(request.headers(), client) == Sender::Foreign {
        return Refusal::ForeignPage.into_response();
    }
    let mut response = unkept(StatusCode::NO_CONTENT);
    take_away(response.headers_mut());
    response
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Asked, Problem> {
    let kind = headers.get(header::CONTENT_TYPE);
    // Another page's form can't send this type.
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json")) {
        let detail = "the body must be JSON, with Content-Type: application/json";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, "unsupported_media_type", detail));
    }
    let body = whole_body(body, MAX_BODY).await?;
    serde_json::from_slice(&body).map_err(|_| {
        let detail = "the body must be {\"key\": \"tmk_…\"}";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail)
    })
}

fn unkept(answer: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
