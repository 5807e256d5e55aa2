//! Why a request isn't let in, and what would help.

use std::time::Duration;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    caller::Caller,
    observe,
    rate::Exceeded,
    scope::{Scope, Scopes},
    shown::take_away,
};
use crate::http::Problem;

#[derive(Debug)]
pub(super) enum Refusal {
    NotLoaded,
    NoKey(Scope),
    WrongKey { by_cookie: bool },
    TooManyFailures(Duration),
    MissingScope { held: Scopes, needed: Scope },
    ForeignPage,
    TooOften(Exceeded, Caller),
}

/// The codes of all refusals, sorted.
pub(super) const CODES: [&str; 8] = [
    "foreign_origin",
    "key_invalid",
    "key_required",
    "keys_unavailable",
    "more_than_rate",
    "rate_exceeded",
    "scope_required",
    "too_many_failures",
];

/// For `WWW-Authenticate` (RFC 6750).
const ASK: HeaderValue = HeaderValue::from_static("Bearer realm=\"tidemark\"");
const ASK_ANOTHER: HeaderValue =
    HeaderValue::from_static("Bearer realm=\"tidemark\", error=\"invalid_token\"");

impl Refusal {
    const fn code(&self) -> &'static str {
        match self {
            Self::NotLoaded => "keys_unavailable",
            Self::NoKey(_) => "key_required",
            Self::WrongKey { .. } => "key_invalid",
            Self::TooManyFailures(_) => "too_many_failures",
            Self::MissingScope { .. } => "scope_required",
            Self::ForeignPage => "foreign_origin",
            Self::TooOften(Exceeded::For(_), _) => "rate_exceeded",
            Self::TooOften(Exceeded::Always { .. }, _) => "more_than_rate",
        }
    }

    pub(super) fn counted(&self) -> Problem {
        observe::refused(self.code());
        self.problem()
    }

    fn problem(&self) -> Problem {
        let problem = |status, detail: String| Problem::new(status, self.code(), detail);
        match self {
            Self::NotLoaded => {
                let detail = "keys can't be read from the database yet; ask again in a moment";
                problem(StatusCode::SERVICE_UNAVAILABLE, detail.into()).retry_after(2)
            }
            Self::NoKey(scope) => {
                let scope = scope.as_str();
                let detail = format!(
                    "this needs a key with the scope {scope}: send it as `Authorization: Bearer tmk_…`, \
                     or sign in on the page; `api keys create --name NAME --scope {scope}` makes one"
                );
                problem(StatusCode::UNAUTHORIZED, detail).with("scope", scope)
            }
            Self::WrongKey { .. } => {
                let detail = "this key isn't in force: it is mistyped, revoked, or was made less than \
                    five seconds ago; `api keys list` names those that are";
                problem(StatusCode::UNAUTHORIZED, detail.into())
            }
            Self::TooManyFailures(wait) => {
                let detail =
                    "too many wrong keys from this address; a right one is heard at any time";
                problem(StatusCode::TOO_MANY_REQUESTS, detail.into()).retry_after(seconds(*wait))
            }
            Self::MissingScope { held, needed } => {
                let (held, needed) = (held.names(), needed.as_str());
                let detail = format!(
                    "this needs the scope {needed}, and the key has {}; \
                     `api keys create --name NAME --scope {needed}` makes another one",
                    held.join(", ")
                );
                let problem = problem(StatusCode::FORBIDDEN, detail);
                problem.with("scope", needed).with("scopes", held)
            }
            Self::ForeignPage => {
                let detail = "what changes something is taken from our own page or an origin in \
                    CORS_ORIGINS, not from another one; programs send their key as Authorization";
                problem(StatusCode::FORBIDDEN, detail.into())
            }
            Self::TooOften(Exceeded::For(wait), _) => {
                let detail = "the key's rate is used up; ask again after Retry-After";
                problem(StatusCode::TOO_MANY_REQUESTS, detail.into()).retry_after(seconds(*wait))
            }
            Self::TooOften(Exceeded::Always { most }, _) => {
                let detail = format!("at the key's rate a body may hold {most} events, no more");
                problem(StatusCode::PAYLOAD_TOO_LARGE, detail).with("max_events", *most)
            }
        }
    }

    fn headers(&self, headers: &mut HeaderMap) {
        match self {
            Self::NoKey(_) => drop(headers.insert(header::WWW_AUTHENTICATE, ASK)),
            Self::WrongKey { by_cookie } => {
                headers.insert(header::WWW_AUTHENTICATE, ASK_ANOTHER);
                // It would be wrong again and again.
                if *by_cookie {
                    take_away(headers);
                }
            }
            Self::TooOften(_, caller) => caller.tell(headers),
            _ => {}
        }
    }
}

/// Rounded up: earlier would be in vain.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.counted().into_response();
        self.headers(response.headers_mut());
        let no_store = HeaderValue::from_static("no-store");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, no_store);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_known_to_the_metric() {
        let caller = Caller::ANYBODY;
        let wait = Duration::from_millis(1);
        let refusals = [
            Refusal::ForeignPage,
            Refusal::WrongKey { by_cookie: true },
            Refusal::NoKey(Scope::Read),
            Refusal::NotLoaded,
            Refusal::TooOften(Exceeded::Always { most: 1 }, caller.clone()),
            Refusal::TooOften(Exceeded::For(wait), caller),
            Refusal::MissingScope {
                held: Scopes::default(),
                needed: Scope::Admin,
            },
            Refusal::TooManyFailures(wait),
        ];
        assert_eq!(refusals.map(|refusal| refusal.code()), CODES);
    }
}
