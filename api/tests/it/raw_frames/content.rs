//! Valid frames with invalid content.

use super::raw::{
    BINARY, Case, FIN, TEXT,
    Want::{Close, Says},
    frame,
};

pub(super) fn cases() -> Vec<Case> {
    let text = |what, bytes: &[u8], want| (what, frame(FIN | TEXT, bytes), want);
    let not_utf8 = |what, bytes: &[u8]| text(what, bytes, Close(1007));
    let refused = |what, bytes: &[u8]| text(what, bytes, Says("malformed_message"));
    let id = |what, id: &str| {
        let message = format!(r#"{{"type":"subscribe","id":"{id}","topic":"pipeline"}}"#);
        text(what, message.as_bytes(), Says("invalid_id"))
    };
    let deep = |open: &str| format!(r#"{{"type":"ping","x":{}"#, open.repeat(10_000));
    vec![
        not_utf8("bytes of no character", b"\xff\xfe"),
        not_utf8("half a character", b"\xe2\x82"),
        not_utf8("NUL written too long", b"\"\xc0\x80\""),
        not_utf8("a slash written too long", b"\"\xe0\x80\xaf\""),
        not_utf8("half of a pair", b"\"\xed\xa0\x80\""),
        not_utf8("beyond the last character", b"\"\xf4\x90\x80\x80\""),
        ("binary", frame(FIN | BINARY, b"{}"), Close(1003)),
        ("empty binary", frame(FIN | BINARY, b""), Close(1003)),
        refused("an empty text", b""),
        refused("no JSON", b"ping"),
        refused("no object", b"[1]"),
        refused("two objects", br#"{"type":"ping"}{"type":"ping"}"#),
        refused("NUL", b"\0"),
        refused("a type that is none", br#"{"type":"steal"}"#),
        refused("two types", br#"{"type":"ping","type":"steal"}"#),
        refused(
            "a number as id",
            br#"{"type":"subscribe","id":7,"topic":"events"}"#,
        ),
        refused("lists without an end", deep("[").as_bytes()),
        refused("objects without an end", deep("{\"x\":").as_bytes()),
        refused("half of an escaped pair", br#"{"type":"\ud800"}"#),
        id("an id with a line end", r"a\r\nb"),
        id("an id with an escape", r"\u001b[31m"),
        id("an id with a quote", r#"\""#),
        id("an id that is too long", &"x".repeat(65)),
        text(
            "a parameter that is a list of 10,000",
            format!(
                r#"{{"type":"subscribe","id":"a","topic":"metrics","params":{{"metrics":[{}]}}}}"#,
                r#""events","#.repeat(5_000) + r#""money""#
            )
            .as_bytes(),
            Says("invalid_parameter"),
        ),
        text(
            "a number beyond all numbers",
            br#"{"type":"subscribe","id":"a","topic":"metrics","params":{"minutes":1e400}}"#,
            Says("malformed_message"),
        ),
    ]
}
