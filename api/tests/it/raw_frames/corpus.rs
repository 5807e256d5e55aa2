//! Frames that are wrong, odd or too large.

use super::raw::{
    BINARY, CLOSE, Case, FIN, MASKED, PING, PONG, TEXT,
    Want::{self, BareClose, Close, End, Pong, Says},
    finish, frame,
};

const PROTOCOL: Want = Close(1002);
const NOT_UTF8: Want = Close(1007);
const TOO_LARGE: Want = Close(1009);

const ASK: &[u8] = br#"{"type":"ping"}"#;
const ANSWER: Want = Says(r#"{"type":"pong"}"#);
/// More than a hundred before or after a heartbeat begins to count anew.
const MANY: usize = 202;
/// What a message may have.
const MOST: usize = 64 * 1_024;

pub(super) fn cases() -> Vec<Case> {
    [
        bits(),
        control(),
        closes(),
        fragments(),
        wrong_fragments(),
        lengths(),
        ends(),
    ]
    .concat()
}

fn bits() -> Vec<Case> {
    let text = |what, first: u8| (what, frame(first, b"{}"), PROTOCOL);
    let bare = |what, first: u8| (what, frame(first, b""), PROTOCOL);
    vec![
        text("the first reserved bit", FIN | 0x40 | TEXT),
        text("the second reserved bit", FIN | 0x20 | TEXT),
        text("the third reserved bit", FIN | 0x10 | TEXT),
        text("all reserved bits", FIN | 0x70 | TEXT),
        text("a reserved bit of a ping", FIN | 0x40 | PING),
        text("a reserved bit of a pong", FIN | 0x20 | PONG),
        text("a reserved bit of a close", FIN | 0x10 | CLOSE),
        bare("opcode 3", FIN | 0x3),
        bare("opcode 4", FIN | 0x4),
        bare("opcode 5", FIN | 0x5),
        bare("opcode 6", FIN | 0x6),
        bare("opcode 7", FIN | 0x7),
        text("opcode 7 with something in it", FIN | 0x7),
        bare("opcode 11", FIN | 0xb),
        bare("opcode 12", FIN | 0xc),
        bare("opcode 13", FIN | 0xd),
        bare("opcode 14", FIN | 0xe),
        bare("opcode 15", FIN | 0xf),
        (
            "a text without a mask",
            vec![FIN | TEXT, 2, b'{', b'}'],
            PROTOCOL,
        ),
        ("a ping without a mask", vec![FIN | PING, 0], PROTOCOL),
        (
            "a close without a mask",
            vec![FIN | CLOSE, 2, 3, 232],
            PROTOCOL,
        ),
        ("nothing but zeros", vec![0; 64], PROTOCOL),
        ("nothing but ones", vec![0xff; 64], PROTOCOL),
        (
            "HTTP",
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            PROTOCOL,
        ),
        (
            "TLS",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
            PROTOCOL,
        ),
    ]
}

fn control() -> Vec<Case> {
    let long = [b'x'; 126];
    let full = [b'x'; 125];
    let then_ask = |bytes: Vec<u8>| [bytes, frame(FIN | TEXT, ASK)].concat();
    vec![
        ("a ping", frame(FIN | PING, b""), Pong(Vec::new())),
        (
            "a ping with bytes",
            frame(FIN | PING, b"\0\xff"),
            Pong(b"\0\xff".to_vec()),
        ),
        (
            "the longest ping",
            frame(FIN | PING, &full),
            Pong(full.to_vec()),
        ),
        (
            "a ping that is too long",
            frame(FIN | PING, &long),
            PROTOCOL,
        ),
        (
            "a pong that is too long",
            frame(FIN | PONG, &long),
            PROTOCOL,
        ),
        (
            "a close that is too long",
            frame(FIN | CLOSE, &long),
            PROTOCOL,
        ),
        ("a ping in parts", frame(PING, b""), PROTOCOL),
        ("a pong in parts", frame(PONG, b""), PROTOCOL),
        ("a close in parts", frame(CLOSE, b""), PROTOCOL),
        (
            "a pong that nobody asked for",
            then_ask(frame(FIN | PONG, b"x")),
            ANSWER,
        ),
        (
            "too many pings",
            frame(FIN | PING, b"").repeat(MANY),
            Close(1008),
        ),
        (
            "too many pongs",
            frame(FIN | PONG, b"").repeat(MANY),
            Close(1008),
        ),
        (
            "too many texts",
            frame(FIN | TEXT, ASK).repeat(MANY),
            Close(1008),
        ),
    ]
}

fn closes() -> Vec<Case> {
    let with = |what, code: u16, want| (what, frame(FIN | CLOSE, &code.to_be_bytes()), want);
    let reason = |what, reason: &[u8], want| {
        let payload = [&1000_u16.to_be_bytes(), reason].concat();
        (what, frame(FIN | CLOSE, &payload), want)
    };
    let then = |bytes: Vec<u8>| [frame(FIN | CLOSE, &[3, 232]), bytes].concat();
    vec![
        ("a bare close", frame(FIN | CLOSE, b""), BareClose),
        with("close 1000", 1000, Close(1000)),
        with("close 1001", 1001, Close(1001)),
        with("close 1011", 1011, Close(1011)),
        with("close 3000", 3000, Close(3000)),
        with("close 4999", 4999, Close(4999)),
        reason("a close with a reason", "für immer".as_bytes(), Close(1000)),
        reason("the longest reason", &[b'x'; 123], Close(1000)),
        reason("a reason that is not UTF-8", b"\xff", NOT_UTF8),
        ("half a code", frame(FIN | CLOSE, &[3]), PROTOCOL),
        with("close 0", 0, PROTOCOL),
        with("close 999", 999, PROTOCOL),
        with("close 1004", 1004, PROTOCOL),
        with("close 1005", 1005, PROTOCOL),
        with("close 1006", 1006, PROTOCOL),
        with("close 1015", 1015, PROTOCOL),
        with("close 1016", 1016, PROTOCOL),
        with("close 2999", 2999, PROTOCOL),
        with("close 5000", 5000, PROTOCOL),
        with("close 65535", 65_535, PROTOCOL),
        (
            "a close twice",
            then(frame(FIN | CLOSE, &[3, 232])),
            Close(1000),
        ),
        (
            "a message after the close",
            then(frame(FIN | TEXT, ASK)),
            Close(1000),
        ),
        ("rubbish after the close", then(vec![0xff; 32]), Close(1000)),
    ]
}

/// A message in two parts with `bytes` between them.
fn between(bytes: Vec<u8>) -> Vec<u8> {
    let (head, tail) = ASK.split_at(7);
    [frame(TEXT, head), bytes, frame(FIN, tail)].concat()
}

fn fragments() -> Vec<Case> {
    let bytes = |text: &[u8]| -> Vec<u8> {
        let parts = text.iter().map(|byte| frame(0, &[*byte]));
        [
            frame(TEXT, b""),
            parts.collect::<Vec<_>>().concat(),
            frame(FIN, b""),
        ]
        .concat()
    };
    vec![
        ("two parts", between(Vec::new()), ANSWER),
        (
            "three parts, one of them empty",
            between(frame(0, b"")),
            ANSWER,
        ),
        ("a part for each byte", bytes(ASK), ANSWER),
        (
            "a hundred empty parts",
            between(frame(0, b"").repeat(100)),
            ANSWER,
        ),
        (
            "a ping between parts",
            between(frame(FIN | PING, b"p")),
            Pong(b"p".to_vec()),
        ),
        (
            "a message after a ping between parts",
            between(frame(FIN | PING, b"p")),
            ANSWER,
        ),
        (
            "a close between parts",
            between(frame(FIN | CLOSE, &[3, 232])),
            Close(1000),
        ),
    ]
}

fn wrong_fragments() -> Vec<Case> {
    let endless = [
        frame(TEXT, &[b' '; 1_000]),
        frame(0, &[b' '; 1_000]).repeat(70),
    ]
    .concat();
    vec![
        ("the end of nothing", frame(FIN, b"{}"), PROTOCOL),
        ("the middle of nothing", frame(0, b"{}"), PROTOCOL),
        (
            "a text within a text",
            between(frame(FIN | TEXT, ASK)),
            PROTOCOL,
        ),
        (
            "a beginning within a text",
            between(frame(TEXT, ASK)),
            PROTOCOL,
        ),
        (
            "binary within a text",
            between(frame(FIN | BINARY, ASK)),
            PROTOCOL,
        ),
        ("parts that are too large together", endless, TOO_LARGE),
        (
            "a character in two parts",
            [frame(TEXT, b"\"\xe2\x82"), frame(FIN, b"\xac\"")].concat(),
            Says("malformed_message"),
        ),
        (
            "parts of which the second is not UTF-8",
            [frame(TEXT, b"\""), frame(FIN, b"\xff\"")].concat(),
            NOT_UTF8,
        ),
        (
            "parts of binary",
            [frame(BINARY, b"a"), frame(FIN, b"b")].concat(),
            Close(1003),
        ),
    ]
}

fn lengths() -> Vec<Case> {
    let short = u8::try_from(ASK.len()).unwrap();
    let head = |second: u8, length: &[u8]| [&[FIN | TEXT, MASKED | second][..], length].concat();
    let announced = |length: u64| finish(head(127, &length.to_be_bytes()), b"");
    let padded = |length: usize| {
        let mut text = ASK.to_vec();
        text.resize(length, b' ');
        frame(FIN | TEXT, &text)
    };
    vec![
        (
            "a length in two bytes that fits one",
            finish(head(126, &[0, short]), ASK),
            ANSWER,
        ),
        (
            "a length in eight bytes that fits one",
            finish(head(127, &[0, 0, 0, 0, 0, 0, 0, short]), ASK),
            ANSWER,
        ),
        ("the largest message", padded(MOST), ANSWER),
        ("one byte more", padded(MOST + 1), TOO_LARGE),
        ("a mebibyte announced", announced(1 << 20), TOO_LARGE),
        ("4 GiB announced", announced(1 << 32), TOO_LARGE),
        ("2^63 - 1 announced", announced(u64::MAX >> 1), TOO_LARGE),
        ("2^63 announced", announced(1 << 63), TOO_LARGE),
        ("2^64 - 1 announced", announced(u64::MAX), TOO_LARGE),
    ]
}

fn ends() -> Vec<Case> {
    let whole = frame(FIN | TEXT, ASK);
    vec![
        ("nothing", Vec::new(), End),
        ("half a head", whole[..1].to_vec(), End),
        ("a head without its mask", whole[..3].to_vec(), End),
        ("half a payload", whole[..whole.len() - 1].to_vec(), End),
        ("a message that never ends", frame(TEXT, b"{"), End),
    ]
}
