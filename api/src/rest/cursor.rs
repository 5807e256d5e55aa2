//! Cursors: where a list continues and in which range, so that pages fit together while time
//! passes and events arrive. Opaque to clients, and valid only for the query that returned them.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use axum::{
    http::{HeaderValue, Uri, header},
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use common::time::UnixMicros;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{parameters::Parameters, time};
use crate::{error::ApiError, query::range::Range};

/// More than one of ours has: the id of a session is the longest that is in one.
const LONGEST: usize = 4_096;

/// Of `P`, the place of the last row shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor<P> {
    /// What was asked and all that follows, as a hash. It tells mistakes, not forgers: there is no
    /// secret in it.
    seal: u64,
    from: i64,
    to: i64,
    pub(super) after: P,
}

/// The parameters that make it another list.
const ASKED: [&str; 2] = ["from", "to"];

impl<P: Serialize + DeserializeOwned> Cursor<P> {
    pub(super) fn new(question: u64, range: Range, after: P) -> Self {
        let mut cursor = Self {
            seal: 0,
            from: range.from.0,
            to: range.to.0,
            after,
        };
        cursor.seal = cursor.sealed(question);
        cursor
    }

    fn sealed(&self, question: u64) -> u64 {
        let mut hash = DefaultHasher::new();
        (question, self.from, self.to).hash(&mut hash);
        // Numbers and strings can always be written.
        let after = serde_json::to_vec(&self.after).unwrap_or_default();
        after.hash(&mut hash);
        hash.finish()
    }

    /// The cursor of a request that has one.
    ///
    /// # Errors
    /// 422 where it isn't one of ours, or was given for another question.
    pub(super) fn read(parameters: &Parameters, question: u64) -> Result<Option<Self>, ApiError> {
        let Some(text) = parameters.get("cursor") else {
            return Ok(None);
        };
        let bytes = (text.len() <= LONGEST)
            .then(|| BASE64_URL_SAFE_NO_PAD.decode(text).ok())
            .flatten();
        let cursor: Option<Self> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let refused = |detail| Err(ApiError::refused("invalid_cursor", "cursor", detail));
        match cursor {
            Some(cursor) if !cursor.could_be_asked() => {
                refused("cursor has a range that can't be asked for")
            }
            None => refused("cursor must be what meta.next_cursor of the page before says"),
            Some(cursor) if cursor.seal != cursor.sealed(question) => refused(
                "cursor belongs to another question: from, to and filter must stay as they were",
            ),
            cursor => Ok(cursor),
        }
    }

    fn could_be_asked(&self) -> bool {
        let Range { from, to } = self.range();
        from < to && time::is_moment(from) && time::is_moment(to)
    }

    /// The range of the first page: `now` has moved since.
    pub(super) const fn range(&self) -> Range {
        Range {
            from: UnixMicros(self.from),
            to: UnixMicros(self.to),
        }
    }

    pub(super) fn text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }
}

/// What tells a list from others.
pub(super) fn question(list: &str, parameters: &Parameters, filter: &impl Hash) -> u64 {
    let mut hash = DefaultHasher::new();
    list.hash(&mut hash);
    ASKED.map(|name| parameters.get(name)).hash(&mut hash);
    filter.hash(&mut hash);
    hash.finish()
}

/// `Link: <…>; rel="next"` of RFC 8288: the request with the cursor of the next page.
pub(super) fn link_next(response: &mut Response, uri: &Uri, cursor: &str) {
    let query = uri.query().unwrap_or_default();
    let others = query
        .split('&')
        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("cursor"));
    let next = format!("cursor={cursor}");
    let pairs: Vec<_> = others.chain([next.as_str()]).collect();
    let link = format!("<{}?{}>; rel=\"next\"", uri.path(), pairs.join("&"));
    if let Ok(link) = HeaderValue::try_from(link) {
        response.headers_mut().insert(header::LINK, link);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(query: &str) -> Parameters {
        let uri: Uri = format!("/x?{query}").parse().unwrap();
        Parameters::read(&uri, &["from", "to", "cursor"]).unwrap()
    }

    #[test]
    fn a_cursor_goes_on_with_its_own_question_only() {
        let asked = question("events", &parameters("from=now-1h"), &1);
        let range = Range {
            from: UnixMicros(1),
            to: UnixMicros(9),
        };
        let text = Cursor::new(asked, range, ("a".to_owned(), 5)).text();
        let of_range = |from, to| {
            let range = Range {
                from: UnixMicros(from),
                to: UnixMicros(to),
            };
            let text = Cursor::new(asked, range, ("a".to_owned(), 5)).text();
            format!("from=now-1h&cursor={text}")
        };
        let read = |query: &str, filter: u8| {
            let parameters = parameters(query);
            let asked = question("events", &parameters, &i32::from(filter));
            Cursor::<(String, i64)>::read(&parameters, asked)
        };
        // Somebody else's words in our form.
        let forged = Cursor {
            seal: 0,
            from: i64::MIN,
            to: i64::MAX,
            after: ("a\0".to_owned(), 5),
        };
        let same = read(&format!("from=now-1h&cursor={text}"), 1)
            .unwrap()
            .unwrap();
        assert_eq!((same.range(), same.after), (range, ("a".to_owned(), 5)));
        assert!(read("from=now-1h", 1).unwrap().is_none());
        for (query, filter) in [
            (format!("from=now-2h&cursor={text}"), 1),
            (format!("from=now-1h&cursor={text}"), 2),
            (format!("from=now-1h&cursor={}", &text[1..]), 1),
            (format!("from=now-1h&cursor={text}{}", "A".repeat(5_000)), 1),
            ("from=now-1h&cursor=".to_owned(), 1),
            (format!("from=now-1h&cursor={}", forged.text()), 1),
            (of_range(i64::MIN, 9), 1),
            (of_range(1, i64::MAX), 1),
            (of_range(9, 9), 1),
        ] {
            assert!(read(&query, filter).is_err(), "{query}");
        }
    }

    #[test]
    fn the_next_page_is_the_same_request_further_on() {
        let mut response = Response::default();
        let uri = Uri::from_static("/api/v1/events?filter=a%3Ab&cursor=old&limit=5");
        link_next(&mut response, &uri, "new");
        assert_eq!(
            response.headers()["link"],
            "</api/v1/events?filter=a%3Ab&limit=5&cursor=new>; rel=\"next\""
        );
    }
}
