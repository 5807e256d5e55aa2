//! The credentials of a request: a key as `Authorization: Bearer`, or in the session cookie.

use axum::http::{HeaderMap, HeaderValue, header};

use super::key::Key;

/// A browser sends it to every port of its host, so that one session serves api and ingestion.
const COOKIE: &str = "tidemark_key";
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
        let mut pairs = cookies
            .filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        match pairs.find(|(name, _)| *name == COOKIE) {
            None => Self::Nothing,
            Some((_, text)) => {
                let malformed = Self::Malformed { by_cookie: true };
                Key::parse(text).map_or(malformed, Self::Cookie)
            }
        }
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// `Set-Cookie` with the key, or without one, which ends it.
pub(super) fn cookie(key: Option<&Key>, secure: bool) -> Option<HeaderValue> {
    let (text, lasts) = match key {
        Some(key) => (key.text(), COOKIE_LASTS),
        None => (String::new(), 0),
    };
    let secure = if secure { "; Secure" } else { "" };
    let cookie =
        format!("{COOKIE}={text}; Path=/; HttpOnly; SameSite=Strict; Max-Age={lasts}{secure}");
    let mut value = HeaderValue::from_str(&cookie).ok()?;
    value.set_sensitive(true);
    Some(value)
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
    fn the_cookie_is_for_our_own_pages_only() {
        let key = Key::generate().unwrap();
        let set = cookie(Some(&key), true).unwrap();
        let text = set.to_str().unwrap().to_owned();
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
        assert!(
            !cookie(None, false)
                .unwrap()
                .to_str()
                .unwrap()
                .contains("Secure")
        );
    }
}
