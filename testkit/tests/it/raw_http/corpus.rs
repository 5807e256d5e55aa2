//! The requests and their expected answers: one list for each kind of answer.

mod framing;
mod heads;

pub(super) use self::framing::bodies;

pub(super) type Case = (&'static str, Vec<u8>, &'static [&'static [u16]]);

pub(super) const OK: &[&[u16]] = &[&[200]];
/// Refused, and the connection closed.
pub(super) const BAD: &[&[u16]] = &[&[400]];
pub(super) const NOT_ALLOWED: &[&[u16]] = &[&[405]];
/// Answered once; what follows is a request of its own, or isn't looked at any more.
pub(super) const ONCE_OR_BOTH: &[&[u16]] = &[&[405], &[405, 200]];
pub(super) const TOO_LARGE: &[&[u16]] = &[&[431], &[414], &[400]];
pub(super) const NOT_THERE: &[&[u16]] = &[&[404], &[405]];
/// Closed without a word, too.
pub(super) const NO_ANSWER: &[&[u16]] = &[&[400], &[], &[505]];

/// What somebody would like to have taken for a request.
pub(super) const HIDDEN: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

pub(super) fn cases() -> Vec<Case> {
    [framing::cases(), heads::cases()].concat()
}

/// A GET with these lines beside the usual ones.
pub(super) fn get(lines: &str) -> Vec<u8> {
    format!("GET /health/live HTTP/1.1\r\nHost: x\r\n{lines}Connection: close\r\n\r\n").into()
}

/// A POST where none is allowed, kept alive, with what follows its head.
pub(super) fn post(lines: &str, rest: &str) -> Vec<u8> {
    format!("POST /health/live HTTP/1.1\r\nHost: x\r\n{lines}\r\n{rest}").into()
}
