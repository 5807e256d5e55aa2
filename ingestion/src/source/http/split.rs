//! The events of a body, each still as JSON: an object, an array, `{"batch":[…]}` or NDJSON.

use std::fmt;

use axum::http::StatusCode;
use common::{http::Problem, wire};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

/// Events in one body.
pub(super) const MAX_EVENTS: usize = 20_000;

/// # Errors
/// 400 where an array or a batch isn't JSON, 413 where there are too many, 422 where there
/// are none.
pub(super) fn split(body: &[u8], is_ndjson: bool) -> Result<Vec<&[u8]>, Problem> {
    let body = body
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(body)
        .trim_ascii();
    let events = match body.first() {
        None => Vec::new(),
        Some(b'[') if !is_ndjson => list(body)?,
        Some(b'{') if !is_ndjson => object(body),
        Some(_) => lines(body),
    };
    match events.len() {
        0 => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no_events",
            "the body holds no event",
        )),
        1..=MAX_EVENTS => Ok(events),
        _ => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_many_events",
            "at most 20000 events may be sent at once",
        )
        .with("max_events", MAX_EVENTS)),
    }
}

/// What may follow the last event that is taken isn't looked at: it is too many anyway.
fn list(body: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    let mut events = Vec::new();
    match whole(body, Elements(&mut events)) {
        Err(error) if events.len() <= MAX_EVENTS => {
            let detail = format!("the body is not a JSON array: {error}");
            Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "malformed_json",
                detail,
            ))
        }
        _ => Ok(events),
    }
}

/// One object, which is an event or holds a batch; else one object a line. What isn't JSON
/// at all is refused as an event, with its reason.
fn object(body: &[u8]) -> Vec<&[u8]> {
    let mut events = Vec::new();
    if whole(body, Envelope(&mut events)).is_ok() || events.len() > MAX_EVENTS {
        return events;
    }
    match serde_json::from_slice::<&RawValue>(body) {
        Ok(_) => vec![body],
        Err(_) => lines(body),
    }
}

fn whole<'b>(body: &'b [u8], visitor: impl Visitor<'b, Value = ()>) -> serde_json::Result<()> {
    let mut body = serde_json::Deserializer::from_slice(body);
    body.deserialize_any(visitor)?;
    body.end()
}

/// Takes the elements of an array, up to the first that is too many.
struct Elements<'e, 'b>(&'e mut Vec<&'b [u8]>);

impl<'b> DeserializeSeed<'b> for Elements<'_, 'b> {
    type Value = ();

    fn deserialize<D: Deserializer<'b>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'b> Visitor<'b> for Elements<'_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<S: SeqAccess<'b>>(self, mut elements: S) -> Result<(), S::Error> {
        while let Some(element) = elements.next_element::<&RawValue>()? {
            self.0.push(element.get().as_bytes());
            if self.0.len() > MAX_EVENTS {
                return Err(S::Error::custom("too many events"));
            }
        }
        Ok(())
    }
}

/// `{"batch":[…]}` and nothing else.
struct Envelope<'e, 'b>(&'e mut Vec<&'b [u8]>);

impl<'b> Visitor<'b> for Envelope<'_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a batch")
    }

    fn visit_map<M: MapAccess<'b>>(self, mut members: M) -> Result<(), M::Error> {
        match members.next_key::<&str>()? {
            Some("batch") => members.next_value_seed(Elements(self.0))?,
            _ => return Err(M::Error::custom("no batch")),
        }
        match members.next_key::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(M::Error::custom("more than a batch")),
        }
    }
}

fn lines(body: &[u8]) -> Vec<&[u8]> {
    wire::lines(body).take(MAX_EVENTS + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &str, is_ndjson: bool) -> Vec<&str> {
        let events = split(body.as_bytes(), is_ndjson).unwrap();
        events
            .into_iter()
            .map(|event| std::str::from_utf8(event).unwrap())
            .collect()
    }

    #[test]
    fn every_form_gives_its_events() {
        assert_eq!(texts("{\"a\":1}", false), ["{\"a\":1}"]);
        assert_eq!(texts(" {\n \"a\":1\n} ", false), ["{\n \"a\":1\n}"]);
        assert_eq!(
            texts("[{\"a\":1} , {}, 7]", false),
            ["{\"a\":1}", "{}", "7"]
        );
        assert_eq!(
            texts("{\"batch\":[{\"a\":1},{}]}", false),
            ["{\"a\":1}", "{}"]
        );
        assert_eq!(
            texts("\u{feff}{\"a\":1}\n\n{}\r\n", false),
            ["{\"a\":1}", "{}"]
        );
        assert_eq!(
            texts("{\"a\":1}\n{bad\n{}", true),
            ["{\"a\":1}", "{bad", "{}"]
        );
        assert_eq!(texts("[1]\n[2]", true), ["[1]", "[2]"]);
        assert_eq!(texts("{bad", false), ["{bad"]);
        // With other fields beside it, it is an event with a field that doesn't exist.
        assert_eq!(
            texts("{\"batch\":[{}],\"x\":1}", false),
            ["{\"batch\":[{}],\"x\":1}"]
        );
    }

    /// Behind the bound stands what would be refused otherwise, were it read.
    #[test]
    fn nothing_is_read_behind_the_last_event_that_is_taken() {
        let ones = "1,".repeat(MAX_EVENTS);
        for body in [format!("[{ones}1,bad"), format!("{{\"batch\":[{ones}1,bad")] {
            let problem = split(body.as_bytes(), false).unwrap_err();
            assert_eq!(problem.code(), "too_many_events", "{body:.20}");
        }
        let most = "1,".repeat(MAX_EVENTS - 1);
        for body in [format!("[{most}1]"), format!("{{\"batch\":[{most}1]}}")] {
            assert_eq!(split(body.as_bytes(), false).unwrap().len(), MAX_EVENTS);
        }
    }

    #[test]
    fn what_cant_be_split_is_refused() {
        let too_many = "{}\n".repeat(MAX_EVENTS + 1);
        for body in [
            "",
            " \n ",
            "[",
            "[1,]",
            "[]",
            "{\"batch\":[]}",
            too_many.as_str(),
        ] {
            assert!(split(body.as_bytes(), false).is_err(), "{:.20}", body);
        }
        let nested = "[".repeat(100_000);
        assert!(split(nested.as_bytes(), false).is_err());
    }
}
