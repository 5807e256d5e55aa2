//! First lines, targets and headers.

use super::{BAD, Case, NO_ANSWER, NOT_ALLOWED, NOT_THERE, OK, TOO_LARGE, get};

pub(super) fn cases() -> Vec<Case> {
    [ends(), versions(), methods(), targets(), fields()].concat()
}

fn raw(what: &'static str, bytes: &[u8], want: &'static [&'static [u16]]) -> Case {
    (what, bytes.to_vec(), want)
}

fn ends() -> Vec<Case> {
    vec![
        raw(
            "bare line feeds",
            b"GET /health/live HTTP/1.1\nHost: x\nConnection: close\n\n",
            OK,
        ),
        raw(
            "empty lines before",
            b"\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            OK,
        ),
        raw(
            "bare carriage returns",
            b"GET /health/live HTTP/1.1\rHost: x\r\r",
            BAD,
        ),
        raw(
            "a carriage return in a value",
            b"GET /health/live HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n",
            BAD,
        ),
        raw(
            "a folded line",
            b"GET /health/live HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
            BAD,
        ),
        raw(
            "a folded first line",
            b"GET /health/live HTTP/1.1\r\n Host: x\r\n\r\n",
            BAD,
        ),
    ]
}

fn versions() -> Vec<Case> {
    vec![
        raw("no version", b"GET /health/live\r\nHost: x\r\n\r\n", BAD),
        raw("HTTP/0.9", b"GET /\r\n\r\n", BAD),
        raw(
            "HTTP/1.2",
            b"GET /health/live HTTP/1.2\r\nHost: x\r\n\r\n",
            BAD,
        ),
        raw(
            "HTTP/11.1",
            b"GET /health/live HTTP/11.1\r\nHost: x\r\n\r\n",
            BAD,
        ),
        raw(
            "http/1.1",
            b"GET /health/live http/1.1\r\nHost: x\r\n\r\n",
            BAD,
        ),
        raw(
            "HTTP/2",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
            NO_ANSWER,
        ),
        raw(
            "TLS",
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
            NO_ANSWER,
        ),
    ]
}

fn methods() -> Vec<Case> {
    vec![
        raw(
            "two spaces",
            b"GET  /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
            BAD,
        ),
        raw(
            "a tab",
            b"GET\t/health/live HTTP/1.1\r\nHost: x\r\n\r\n",
            BAD,
        ),
        raw(
            "a space before",
            b" GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
            BAD,
        ),
        raw(
            "a space in the path",
            b"GET /health /live HTTP/1.1\r\nHost: x\r\n\r\n",
            BAD,
        ),
        raw(
            "no method",
            b"/health/live HTTP/1.1\r\nHost: x\r\n\r\n",
            BAD,
        ),
        raw(
            "a small method",
            b"get /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            NOT_ALLOWED,
        ),
        raw(
            "a method of its own",
            b"STEAL /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            NOT_ALLOWED,
        ),
        raw(
            "TRACE",
            b"TRACE /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            NOT_ALLOWED,
        ),
        raw(
            "NUL in the method",
            b"G\0T /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
            BAD,
        ),
        raw(
            "a brace in the method",
            b"G{T /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
            BAD,
        ),
        (
            "a long method",
            format!(
                "{} /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                "X".repeat(10_000)
            )
            .into(),
            &[&[405], &[400]],
        ),
    ]
}

fn targets() -> Vec<Case> {
    let to = |target: &str| {
        format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").into_bytes()
    };
    let there_is_none = |what, target: &str| (what, to(target), NOT_THERE);
    vec![
        ("the whole address", to("http://x/health/live"), OK),
        (
            "the whole address of another",
            to("http://evil.example/health/live"),
            OK,
        ),
        (
            "an address of no scheme",
            to("evil://x/health/live"),
            &[&[200], &[400]],
        ),
        there_is_none("two slashes", "//health/live"),
        there_is_none("a way out", "/../../etc/passwd"),
        there_is_none("an escaped way out", "/%2e%2e/%2e%2e/etc/passwd"),
        there_is_none("a way within", "/health/../health/live"),
        there_is_none("an escaped slash", "/health%2Flive"),
        there_is_none("an escaped NUL", "/health/live%00"),
        there_is_none("an escaped line end", "/health/live%0d%0aX:%20y"),
        ("a fragment", to("/health/live#x"), &[&[200], &[400]]),
        (
            "NUL",
            b"GET /health\0live HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            BAD,
        ),
        (
            "DEL",
            b"GET /health\x7flive HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            BAD,
        ),
        (
            "bytes beyond ASCII",
            b"GET /h\xc3\xa4lth\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec(),
            &[&[400], &[404]],
        ),
        (
            "an asterisk",
            b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec(),
            &[&[200], &[404], &[405]],
        ),
        (
            "a tunnel",
            b"CONNECT evil.example:80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec(),
            NOT_THERE,
        ),
        ("nothing", b"GET  HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), BAD),
        (
            "a path of 60,000",
            to(&format!("/{}", "a".repeat(60_000))),
            NOT_THERE,
        ),
        (
            "a path of 70,000",
            to(&format!("/{}", "a".repeat(70_000))),
            TOO_LARGE,
        ),
    ]
}

fn fields() -> Vec<Case> {
    let many = |count: usize| {
        get(&(0..count)
            .map(|n| format!("X-{n}: y\r\n"))
            .collect::<String>())
    };
    let bad = |what, line: &str| (what, get(&format!("{line}\r\n")), BAD);
    let bytes = |what, line: &[u8], want: &'static [&'static [u16]]| {
        let head = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
        (what, [head, line, b"\r\n\r\n"].concat(), want)
    };
    vec![
        ("97 headers", many(97), OK),
        ("a hundred and one headers", many(101), TOO_LARGE),
        ("ten thousand headers", many(10_000), TOO_LARGE),
        (
            "a header of 60,000",
            get(&format!("A: {}\r\n", "b".repeat(60_000))),
            OK,
        ),
        (
            "a header of 70,000",
            get(&format!("A: {}\r\n", "b".repeat(70_000))),
            TOO_LARGE,
        ),
        (
            "a header of a mebibyte",
            get(&format!("A: {}\r\n", "b".repeat(1 << 20))),
            TOO_LARGE,
        ),
        (
            "a name of 70,000",
            get(&format!("{}: b\r\n", "a".repeat(70_000))),
            TOO_LARGE,
        ),
        bad("no colon", "Header"),
        bad("no name", ": value"),
        bad("a space in a name", "He ader: x"),
        bad("a brace in a name", "He{der: x"),
        bad("a name in quotes", "\"Header\": x"),
        bytes("NUL in a value", b"A: b\0c", BAD),
        bytes("NUL in a name", b"A\0: b", BAD),
        bytes("a bell in a value", b"A: b\x07c", BAD),
        bytes("an escape in a value", b"A: \x1b[31m", BAD),
        bytes("bytes beyond ASCII in a value", b"A: \xff\xfe", OK),
        bytes("bytes beyond ASCII in a name", b"\xc3\xa4: b", BAD),
        (
            "no host",
            b"GET /health/live HTTP/1.1\r\n\r\n".to_vec(),
            BAD,
        ),
        bad("two hosts", "Host: y"),
        bad("the same host twice", "Host: x"),
        (
            "no host in HTTP/1.0",
            b"GET /health/live HTTP/1.0\r\n\r\n".to_vec(),
            OK,
        ),
    ]
}
