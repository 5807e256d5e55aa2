//! Which web origin a request comes from.

use std::net::IpAddr;

use axum::http::{HeaderMap, header, uri::Authority};

use crate::config::Origins;

const FETCH_SITE: &str = "sec-fetch-site";

/// Whether `origin` is that of the host that was asked, over TLS where `is_https`. A proxy must
/// leave `Host` as it is.
#[must_use]
pub fn is_own_origin(origin: &str, headers: &HeaderMap, is_https: bool) -> bool {
    let plain = origin.strip_prefix("http://").filter(|_| !is_https);
    let own = plain.or_else(|| origin.strip_prefix("https://"));
    own.zip(text(headers, header::HOST.as_str()))
        .is_some_and(|(own, host)| own.eq_ignore_ascii_case(host))
}

/// Whether a request was sent to one of the names that a machine has for itself: browsers take
/// what comes from there for safe, but not all of them a `Secure` cookie without TLS.
pub(super) fn is_local(headers: &HeaderMap) -> bool {
    let host = text(headers, header::HOST.as_str()).map(str::parse::<Authority>);
    host.and_then(Result::ok).is_some_and(|host| {
        let name = host.host().trim_matches(['[', ']']);
        let ip = name.parse().map(|ip: IpAddr| ip.is_loopback());
        ip.unwrap_or_else(|_| name.eq_ignore_ascii_case("localhost"))
    })
}

/// Empty where it is no text.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get(name)?;
    Some(value.to_str().unwrap_or_default())
}

/// What a request says of the page that sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// Our own page, or one of an origin that is listed.
    Trusted,
    Foreign,
    /// No browser, or one that is too old to say.
    Unknown,
}

impl Sender {
    pub(super) fn of(headers: &HeaderMap, allowed: &Origins, is_https: bool) -> Self {
        let origin = text(headers, header::ORIGIN.as_str());
        if origin.is_some_and(|origin| allowed.allow(origin)) {
            return Self::Trusted;
        }
        match (text(headers, FETCH_SITE), origin) {
            // Nobody's page: typed, or from a bookmark.
            (Some("same-origin" | "none"), _) => Self::Trusted,
            (Some(_), _) => Self::Foreign,
            (None, Some(origin)) if is_own_origin(origin, headers, is_https) => Self::Trusted,
            (None, Some(_)) => Self::Foreign,
            (None, None) => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_machine_has_names_for_itself() {
        let is_local = |host: &'static str| {
            let host = HeaderValue::from_static(host);
            is_local(&HeaderMap::from_iter([(header::HOST, host)]))
        };
        for host in [
            "localhost:3001",
            "LOCALHOST",
            "127.0.0.1:3001",
            "[::1]:3001",
        ] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "example.org",
            "localhost.example.org",
            "10.0.0.1:3001",
            "a b",
        ] {
            assert!(!is_local(host), "{host}");
        }
        assert!(!super::is_local(&HeaderMap::new()));
    }

    #[test]
    fn a_page_is_ours_listed_or_foreign() {
        let cases = [
            (&[("sec-fetch-site", "same-origin")][..], Sender::Trusted),
            (&[("sec-fetch-site", "same-site")], Sender::Foreign),
            (&[("sec-fetch-site", "cross-site")], Sender::Foreign),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://listed.example"),
                ],
                Sender::Trusted,
            ),
            (&[("origin", "http://own.example:3001")], Sender::Trusted),
            (&[("origin", "http://own.example")], Sender::Foreign),
            (
                &[("origin", "http://own.example:3001.evil.example")],
                Sender::Foreign,
            ),
            (&[("origin", "null")], Sender::Foreign),
            (&[], Sender::Unknown),
        ];
        for (pairs, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("own.example:3001"));
            for (name, value) in pairs {
                headers.insert(
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                );
            }
            let allowed = Origins::try_from("https://listed.example".to_owned()).unwrap();
            assert_eq!(Sender::of(&headers, &allowed, false), expected, "{pairs:?}");
        }
    }

    #[test]
    fn what_is_asked_over_tls_has_no_page_without() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("own.example"));
        for (origin, is_https, is_own) in [
            ("https://own.example", true, true),
            ("http://own.example", true, false),
            ("http://own.example", false, true),
            ("https://own.example", false, true),
        ] {
            assert_eq!(
                is_own_origin(origin, &headers, is_https),
                is_own,
                "{origin}"
            );
        }
    }
}
