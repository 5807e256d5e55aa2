//! Bodies that say they are gzip: right ones, broken ones, and those that become too large.

use std::time::{Duration, Instant};

use async_compression::{Level, tokio::bufread::GzipEncoder};
use tokio::io::AsyncReadExt as _;

use crate::daemon::Daemon;

/// The promise is 50 ms; this is without optimisation, on a machine that does other things.
const SOON: Duration = Duration::from_secs(1);

/// Of a member without optional fields.
const HEAD: usize = 10;
const TRAILER: usize = 8;
const MIB: usize = 1 << 20;

const EVENT: &[u8] = b"{\"event_type\":\"login\",\"user_id\":\"u\"}\n";

async fn gzip_as(level: Level, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = GzipEncoder::with_quality(bytes, level);
    encoder.read_to_end(&mut out).await.unwrap();
    out
}

async fn gzip(bytes: &[u8]) -> Vec<u8> {
    gzip_as(Level::Default, bytes).await
}

/// A member with these flags, and these bytes behind its head.
fn with_fields(member: &[u8], flags: u8, fields: &[u8]) -> Vec<u8> {
    let mut head = member[..HEAD].to_vec();
    head[3] = flags;
    [&head, fields, &member[HEAD..]].concat()
}

fn changed(member: &[u8], at: usize, to: u8) -> Vec<u8> {
    let mut member = member.to_vec();
    assert_ne!(member[at], to);
    member[at] = to;
    member
}

/// What to call it, the body, the status, and how many events or which code.
type Case = (&'static str, Vec<u8>, u16, &'static str);

async fn taken() -> Vec<Case> {
    let one = gzip(EVENT).await;
    let nothing = gzip(b"").await;
    let (first, second) = EVENT.split_at(11);
    let halves = [gzip(first).await, gzip(second).await].concat();
    let spaces = [EVENT, &[b' '; 60_000]].concat();
    vec![
        ("a member", one.clone(), 202, "1"),
        ("two members", one.repeat(2), 202, "2"),
        ("a thousand members", one.repeat(1_000), 202, "1000"),
        ("an event in two members", halves, 202, "1"),
        (
            "an empty member before",
            [&nothing[..], &one].concat(),
            202,
            "1",
        ),
        (
            "an empty member behind",
            [&one[..], &nothing].concat(),
            202,
            "1",
        ),
        (
            "with a name",
            with_fields(&one, 0x08, b"events.json\0"),
            202,
            "1",
        ),
        (
            "with a comment",
            with_fields(&one, 0x10, b"\x1b[31m\r\n\0"),
            202,
            "1",
        ),
        (
            "with an extra field",
            with_fields(&one, 0x04, b"\x04\0abcd"),
            202,
            "1",
        ),
        ("said to be text", with_fields(&one, 0x01, b""), 202, "1"),
        ("stored", gzip_as(Level::Precise(0), EVENT).await, 202, "1"),
        (
            "as small as can be",
            gzip_as(Level::Best, &EVENT.repeat(900)).await,
            202,
            "900",
        ),
        ("far smaller, but small", gzip(&spaces).await, 202, "1"),
    ]
}

async fn broken() -> Vec<Case> {
    let one = gzip(EVENT).await;
    let long = gzip(
        &(0..4_000_u32)
            .flat_map(u32::to_le_bytes)
            .collect::<Vec<_>>(),
    )
    .await;
    let end = one.len();
    let no = |what, body: Vec<u8>| (what, body, 400, "malformed_gzip");
    vec![
        no("one byte", one[..1].to_vec()),
        no("half a head", one[..5].to_vec()),
        no("a head alone", one[..HEAD].to_vec()),
        no("half of the data", long[..long.len() / 2].to_vec()),
        no("without a trailer", one[..end - TRAILER].to_vec()),
        no("half a trailer", one[..end - 3].to_vec()),
        no("a wrong checksum", changed(&one, end - 8, one[end - 8] ^ 1)),
        no("a wrong length", changed(&one, end - 1, 0xff)),
        no("another magic number", changed(&one, 1, 0x8c)),
        no("another method", changed(&one, 2, 7)),
        no("a block of no kind", [&one[..HEAD], &[0x07; 16]].concat()),
        no(
            "a distance before the beginning",
            [&one[..HEAD], &[0x4b, 0x04, 0x12, 0, 0]].concat(),
        ),
        no("rubbish behind", [&one[..], b"rubbish"].concat()),
        no("zeros behind", [&one[..], &[0; 512]].concat()),
        no("half a member behind", [&one[..], &one[..end / 2]].concat()),
        no(
            "a broken member behind",
            [&one[..], &changed(&one, end - 8, one[end - 8] ^ 1)].concat(),
        ),
        no(
            "a name without an end",
            with_fields(&one, 0x08, &[b'a'; 900_000])[..900_000].to_vec(),
        ),
        no(
            "an extra field longer than the body",
            with_fields(&one, 0x04, b"\xff\xff"),
        ),
        no("zlib", b"\x78\x9c\x03\x00\x00\x00\x00\x01".to_vec()),
        no("zstd", b"\x28\xb5\x2f\xfd\x04\x00\x01\x00\x00".to_vec()),
        no("JSON", EVENT.to_vec()),
        no("zeros", vec![0; 1_000]),
    ]
}

async fn too_large() -> Vec<Case> {
    let no = |what, body: Vec<u8>| (what, body, 413, "decoded_too_large");
    let mebibyte = gzip(&vec![b' '; MIB]).await;
    // A little below 100:1, as far as the rest of the limits goes.
    let mut noise = 0x2545_f491_4f6c_dd1d_u64;
    let dense: Vec<u8> = (0..100_000)
        .map(|_| {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            noise as u8
        })
        .collect();
    let dense = [dense, vec![b' '; 9 * MIB]].concat();
    let twice = gzip(&gzip(&vec![b' '; 100 * MIB]).await).await;
    vec![
        no("200 MiB", gzip(&vec![b' '; 200 * MIB]).await),
        no("a thousand times one", mebibyte.repeat(500)),
        no("a mebibyte in a kibibyte", mebibyte),
        no("9 MiB in 0.1", gzip(&dense).await),
        no("a million events", gzip(&b"{}\n".repeat(1_000_000)).await),
        no("100 MiB within 100 KiB", twice),
    ]
}

#[tokio::test]
async fn what_says_it_is_gzip_is_taken_or_refused() {
    let daemon = Daemon::start(&[]).await;
    let gzipped = [("Content-Encoding", "gzip")];
    let mut events = 0;
    let cases = [taken().await, broken().await, too_large().await].concat();
    println!("{} cases", cases.len());
    for (what, body, status, expected) in cases {
        assert!(body.len() <= MIB, "{what}: {} bytes", body.len());
        let began = Instant::now();
        let answer = daemon.post_with(&gzipped, &body).await;
        let took = began.elapsed();
        let told = answer.json();
        let got = match answer.status {
            202 => told["accepted"].to_string(),
            _ => told["code"].as_str().unwrap_or_default().to_owned(),
        };
        assert_eq!(
            (answer.status, got.as_str()),
            (status, expected),
            "{what}: {told}"
        );
        assert!(took < SOON, "{what} took {took:?}");
        events += expected.parse().unwrap_or(0);
    }
    assert_eq!(daemon.stream().await.len(), events);
    daemon.end().await;
}

#[tokio::test]
async fn members_without_end_are_no_work_without_end() {
    let daemon = Daemon::start(&[]).await;
    let nothing = gzip(b"").await;
    let body = nothing.repeat(MIB / nothing.len());
    let began = Instant::now();
    let answer = daemon
        .post_with(&[("Content-Encoding", "gzip")], &body)
        .await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (400, Some("malformed_gzip"))
    );
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    daemon.end().await;
}

#[tokio::test]
async fn a_body_has_one_encoding_that_is_known() {
    let daemon = Daemon::start(&[]).await;
    let body = gzip(EVENT).await;
    const NAME: &str = "Content-Encoding";
    for right in ["gzip", "x-gzip", "GZip"] {
        assert_eq!(
            daemon.post_with(&[(NAME, right)], &body).await.status,
            202,
            "{right}"
        );
    }
    for wrong in [
        "br",
        "deflate",
        "zstd",
        "compress",
        "gzip, gzip",
        "identity, gzip",
        "gzip;q=1",
        "\u{e9}",
    ] {
        let answer = daemon.post_with(&[(NAME, wrong)], &body).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (415, Some("unsupported_encoding")),
            "{wrong}"
        );
    }
    let twice = [(NAME, "gzip"), (NAME, "gzip")];
    assert_eq!(daemon.post_with(&twice, &body).await.status, 415);
    assert_eq!(
        daemon.post_with(&[(NAME, "identity")], EVENT).await.status,
        202
    );
    daemon.end().await;
}
