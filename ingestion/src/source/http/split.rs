//! The events of a body, each still as JSON: an object, an array, `{"batch":[…]}` or NDJSON.

use axum::http::StatusCode;
use common::{http::Problem, wire};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Events in one body.
pub(super) const MAX_EVENTS: usize = 20_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    #[serde(borrow)]
    batch: Vec<&'a RawValue>,
}

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

fn list(body: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    let raw: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| {
        let detail = format!("the body is not a JSON array: {error}");
        Problem::new(StatusCode::BAD_REQUEST, "malformed_json", detail)
    })?;
    Ok(bytes(raw))
}

fn bytes(raw: Vec<&RawValue>) -> Vec<&[u8]> {
    raw.into_iter().map(|raw| raw.get().as_bytes()).collect()
}

/// One object, which is an event or holds a batch; else one object a line. What isn't JSON
/// at all is refused as an event, with its reason.
fn object(body: &[u8]) -> Vec<&[u8]> {
    if let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(body) {
        return bytes(envelope.batch);
    }
    match serde_json::from_slice::<&RawValue>(body) {
        Ok(_) => vec![body],
        Err(_) => lines(body),
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
