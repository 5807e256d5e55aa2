//! The credentials of a request: a key as `Authorization: Bearer`, or in the session cookie.

use axum::http::{HeaderMap, HeaderValue, header};

use super::key::Key;

/// A browser sends it to every port of its host, so that one session serves api and ingestion.
const COOKIE: &str = "tidemark_key";
/// The same where it is for encrypted connections only: a browser takes it from this very host
/// and from no other of its domain.
const HOST_COOKIE: &str = "__Host-tidemark_key";
/// The end of both.
const GONE: [&str; 2] = [
    "tidemark_key=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
    "__Host-tidemark_key=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure",
];
/// Seconds for which a browser keeps it.
const COOKIE_LASTS: u32 = 30 * 86_400;

#[derive(Debug)]
pub(super) enum Shown {
    Nothing,
    Bearer(Key),
    Cookie(Key),
    /// It can't be a key.
    Malformed {
        by_cookie: bool,
    },
}

impl Shown {
    /// The header takes precedence over the cookie: it is set on purpose.
    pub(super) fn by(headers: &HeaderMap) -> Self {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let bearer = value.to_str().ok().and_then(bearer);
            let malformed = Self::Malformed { by_cookie: false };
            return bearer.and_then(Key::parse).map_or(malformed, Self::Bearer);
        }
        let cookies = headers.get_all(header::COOKIE).iter();
        let pairs: Vec<_> = cookies
            .filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .collect();
        let named = |name| pairs.iter().filter(move |pair| pair.0 == name);
        let mut ours = named(HOST_COOKIE).chain(named(COOKIE)).peekable();
        if ours.peek().is_none() {
            return Self::Nothing;
        }
        // Another host of the domain may have set one besides ours.
        let key = ours.find_map(|(_, text)| Key::parse(text));
        key.map_or(Self::Malformed { by_cookie: true }, Self::Cookie)
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// `Set-Cookie` with the key.
pub(super) fn cookie(key: &Key, secure: bool) -> Option<HeaderValue> {
    let (name, secure) = match secure {
        true => (HOST_COOKIE, "; Secure"),
        false => (COOKIE, ""),
    };
    let text = key.text();
    let cookie =
        format!("{name}={text}; Path=/; HttpOnly; SameSite=Strict; Max-Age={COOKIE_LASTS}{secure}");
    let mut value = HeaderValue::from_str(&cookie).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Ends the session, whichever cookie it has.
pub(super) fn take_away(headers: &mut HeaderMap) {
    for gone in GONE {
        headers.append(header::SET_COOKIE, HeaderValue::from_static(gone));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pairs: &[(header::HeaderName, &str)]) -> Shown {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        Shown::by(&headers)
    }

    #[test]
    fn a_key_comes_by_header_or_cookie() {
        let (key, other) = (Key::generate().unwrap(), Key::generate().unwrap());
        let bearer = format!("bearer  {}", key.text());
        let cookie = format!("a=b; tidemark_key={}; c", other.text());
        let by_header = (header::AUTHORIZATION, &*bearer);
        let by_cookie = (header::COOKIE, &*cookie);
        let both = [by_cookie.clone(), by_header.clone()];
        assert!(matches!(shown(&[by_header]), Shown::Bearer(it) if it.id() == key.id()));
        assert!(matches!(shown(&[by_cookie]), Shown::Cookie(it) if it.id() == other.id()));
        assert!(matches!(shown(&both), Shown::Bearer(_)));
        assert!(matches!(
            shown(&[(header::COOKIE, "theme=dark")]),
            Shown::Nothing
        ));
        for wrong in ["Basic abc", "Bearer", "Bearer ", "tmk_", "Bearer tmk_1_2"] {
            let shown = shown(&[(header::AUTHORIZATION, wrong)]);
            assert!(
                matches!(shown, Shown::Malformed { by_cookie: false }),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_cookie_of_another_host_doesnt_hide_ours() {
        let (key, other) = (Key::generate().unwrap(), Key::generate().unwrap());
        let (key, other) = (key.text(), other.text());
        for cookies in [
            format!("tidemark_key=x; tidemark_key={key}"),
            format!("tidemark_key={other}; __Host-tidemark_key={key}"),
            format!("__Host-tidemark_key={key}; tidemark_key=x"),
        ] {
            let shown = shown(&[(header::COOKIE, &cookies)]);
            assert!(
                matches!(&shown, Shown::Cookie(it) if it.text() == key),
                "{shown:?}"
            );
        }
        let shown = shown(&[(header::COOKIE, "tidemark_key=x; tidemark_key=y")]);
        assert!(matches!(shown, Shown::Malformed { by_cookie: true }));
    }

    #[test]
    fn the_cookie_is_for_our_own_pages_only() {
        let key = Key::generate().unwrap();
        let set = cookie(&key, true).unwrap();
        let text = set.to_str().unwrap().to_owned();
        assert!(text.starts_with("__Host-tidemark_key=tmk_"));
        for part in [
            &*key.text(),
            "; HttpOnly",
            "; SameSite=Strict",
            "; Path=/",
            "; Secure",
        ] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!format!("{set:?}").contains("tmk_"));
        let plain = cookie(&key, false).unwrap();
        let plain = plain.to_str().unwrap();
        assert!(plain.starts_with("tidemark_key=tmk_") && !plain.contains("Secure"));
    }
}
