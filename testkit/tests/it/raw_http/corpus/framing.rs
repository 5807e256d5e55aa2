//! Where one request ends and the next begins.

use super::{BAD, Case, HIDDEN, NOT_ALLOWED, OK, ONCE_OR_BOTH, TOO_LARGE, get, post};

pub(super) fn cases() -> Vec<Case> {
    [framing(), odd()].concat()
}

fn framing() -> Vec<Case> {
    let chunked = "Transfer-Encoding: chunked\r\n";
    let end = format!("0\r\n\r\n{HIDDEN}");
    let length = format!("Content-Length: {}\r\n", end.len());
    let bad = |what, lines: &str| (what, post(lines, &end), BAD);
    let both = format!("{length}{chunked}");
    let both_reversed = format!("{chunked}{length}");
    let short = format!("Content-Length: 4\r\n{chunked}");
    let within = format!("Content-Length: {}\r\n", HIDDEN.len());
    vec![
        ("a length, then chunks", post(&both, &end), NOT_ALLOWED),
        (
            "chunks, then a length",
            post(&both_reversed, &end),
            NOT_ALLOWED,
        ),
        (
            "a shorter length and chunks",
            post(&short, &end),
            NOT_ALLOWED,
        ),
        ("a request in a body", post(&within, HIDDEN), NOT_ALLOWED),
        (
            "a request behind a body",
            post("Content-Length: 2\r\n", &format!("{{}}{HIDDEN}")),
            ONCE_OR_BOTH,
        ),
        ("a request behind chunks", post(chunked, &end), ONCE_OR_BOTH),
        bad("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n"),
        bad("a list of lengths", "Content-Length: 5, 6\r\n"),
        bad("a length with a sign", "Content-Length: +5\r\n"),
        bad("a negative length", "Content-Length: -1\r\n"),
        bad("a hexadecimal length", "Content-Length: 0x10\r\n"),
        bad("a length with a space", "Content-Length: 1 0\r\n"),
        bad("no length", "Content-Length:\r\n"),
        (
            "a length beyond 64 bits",
            post("Content-Length: 99999999999999999999\r\n", ""),
            TOO_LARGE,
        ),
        bad("an unknown coding", "Transfer-Encoding: xchunked\r\n"),
        bad(
            "chunks not last",
            "Transfer-Encoding: chunked, identity\r\n",
        ),
        bad(
            "another coding after chunks",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n",
        ),
        bad(
            "a space before the colon",
            "Transfer-Encoding : chunked\r\n",
        ),
        bad("a tab before the colon", "Transfer-Encoding\t: chunked\r\n"),
        bad(
            "a vertical tab in the coding",
            "Transfer-Encoding: \x0bchunked\r\n",
        ),
        bad(
            "a coding on a folded line",
            "Transfer-Encoding:\r\n chunked\r\n",
        ),
        (
            "chunks in HTTP/1.0",
            format!("POST /health/live HTTP/1.0\r\n{chunked}\r\n{end}").into(),
            BAD,
        ),
    ]
}

fn odd() -> Vec<Case> {
    let three = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2) + HIDDEN;
    vec![
        ("three at once", three.into_bytes(), &[&[200, 200, 200]]),
        (
            "a body on a GET",
            get("Content-Length: 5\r\n")
                .into_iter()
                .chain(*b"hello")
                .collect(),
            OK,
        ),
        (
            "an upgrade to HTTP/2",
            get("Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
            OK,
        ),
        (
            "an upgrade to WebSocket",
            get("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"),
            OK,
        ),
        (
            "close and keep alive",
            get("Connection: keep-alive\r\n"),
            OK,
        ),
        (
            "an expectation",
            post(
                "Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n",
                "{}",
            ),
            NOT_ALLOWED,
        ),
        (
            "another method behind the method",
            post(
                "X-HTTP-Method-Override: GET\r\nContent-Length: 0\r\nConnection: close\r\n",
                "",
            ),
            NOT_ALLOWED,
        ),
    ]
}

/// Where a body is read.
pub(in super::super) fn bodies() -> Vec<Case> {
    let chunks = |what, chunks: &str, want: &'static [&'static [u16]]| {
        let head = "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
        (what, format!("{head}{chunks}").into_bytes(), want)
    };
    const REFUSED: &[&[u16]] = &[&[400], &[413]];
    vec![
        chunks("no events in chunks", "2\r\n[]\r\n0\r\n\r\n", &[&[422]]),
        chunks("a size beyond 64 bits", "fffffffffffffffff\r\n[]\r\n0\r\n\r\n", REFUSED),
        chunks("a negative size", "-2\r\n[]\r\n0\r\n\r\n", REFUSED),
        chunks("a size with its base", "0x2\r\n[]\r\n0\r\n\r\n", REFUSED),
        chunks("a size that is none", "g\r\n[]\r\n0\r\n\r\n", REFUSED),
        chunks("no size", "\r\n[]\r\n0\r\n\r\n", REFUSED),
        chunks("a chunk longer than its size", "2\r\n[{}]\r\n0\r\n\r\n", REFUSED),
        chunks("a line feed in an extension", "2;a\nb\r\n[]\r\n0\r\n\r\n", REFUSED),
        chunks("extensions without an end", &format!("2;{}\r\n[]\r\n0\r\n\r\n", "a".repeat(100_000)), REFUSED),
        chunks("trailers without an end", &format!("2\r\n[]\r\n0\r\n{}\r\n", "A: b\r\n".repeat(20_000)), &[&[400], &[413], &[422]]),
        (
            "a length beyond the limit",
            b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\nConnection: close\r\n\r\n".to_vec(),
            &[&[413]],
        ),
    ]
}
