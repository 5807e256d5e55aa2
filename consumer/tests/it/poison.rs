//! Poison becomes dead letters; its neighbours are stored.

use std::time::{Duration, Instant};

use crate::harness::{World, at, event, event_with, events, instant};

/// An event with everything right but `fields`, which replace the required ones.
fn object(fields: &str) -> Vec<u8> {
    format!("{{{fields}}}").into_bytes()
}

fn valid_with(more: &str) -> Vec<u8> {
    object(&format!(r#""event_type":"login","user_id":"u",{more}"#))
}

type Cases = Vec<(&'static str, Vec<u8>)>;

/// What isn't shaped as an event.
fn misshapen() -> Cases {
    vec![
        ("malformed_json", b"{\"event_type\":".to_vec()),
        ("malformed_json", b"not json".to_vec()),
        (
            "malformed_json",
            b"{\"event_type\":\"login\",\"user_id\":\"\xff\xfe\"}".to_vec(),
        ),
        ("malformed_json", b"\xff\xfe\x00".to_vec()),
        ("malformed_json", valid_with(r#""page":"\ud800""#)),
        (
            "malformed_json",
            valid_with(r#""properties":{"a":"\udc00"}"#),
        ),
        (
            "malformed_json",
            valid_with(r#""properties":{"a":1e400000}"#),
        ),
        ("malformed_json", "[".repeat(10_000).into_bytes()),
        ("not_an_object", b"[]".to_vec()),
        ("not_an_object", b"\"text\"".to_vec()),
        ("not_an_object", b"null".to_vec()),
        ("unknown_field", valid_with(r#""colour":"red""#)),
        ("duplicate_field", valid_with(r#""user_id":"v""#)),
        (
            "invalid_type",
            object(r#""event_type":"login","user_id":7"#),
        ),
        ("invalid_type", valid_with(r#""properties":[1]"#)),
        ("invalid_type", valid_with(r#""duration_ms":1.5"#)),
    ]
}

/// What breaks a rule on a field.
fn forbidden() -> Cases {
    let day = 86_400;
    let keys: Vec<_> = (0..65).map(|n| format!(r#""k{n}":1"#)).collect();
    let occurred = |seconds: i64| valid_with(&format!(r#""occurred_at":"{}""#, at(seconds)));
    vec![
        ("required", object(r#""user_id":"u""#)),
        (
            "required",
            object(r#""event_type":"page_view","user_id":"u""#),
        ),
        (
            "required",
            object(r#""event_type":"purchase","user_id":"u""#),
        ),
        ("too_short", object(r#""event_type":"login","user_id":"""#)),
        (
            "too_long",
            object(&format!(
                r#""event_type":"login","user_id":"{}""#,
                "é".repeat(129)
            )),
        ),
        (
            "too_long",
            valid_with(&format!(r#""properties":{{"a":"{}"}}"#, "x".repeat(8_192))),
        ),
        (
            "invalid_format",
            object(r#""event_type":"Login","user_id":"u""#),
        ),
        ("invalid_format", valid_with(r#""event_id":"not-a-uuid""#)),
        ("invalid_format", valid_with(r#""occurred_at":"yesterday""#)),
        ("invalid_format", valid_with(r#""country":"de""#)),
        ("invalid_format", valid_with(r#""value":0.0000001"#)),
        ("out_of_range", valid_with(r#""duration_ms":-1"#)),
        ("out_of_range", valid_with(r#""duration_ms":2147483648"#)),
        (
            "out_of_range",
            valid_with(r#""properties":{"tiny":1e-20000}"#),
        ),
        ("too_old", occurred(-366 * day)),
        ("too_far_in_future", occurred(day)),
        ("nul_character", valid_with(r#""page":"a\u0000b""#)),
        (
            "nul_character",
            valid_with(r#""properties":{"a":"\u0000"}"#),
        ),
        ("nul_character", valid_with(r#""properties":{"\u0000":1}"#)),
        (
            "too_many_keys",
            valid_with(&format!(r#""properties":{{{}}}"#, keys.join(","))),
        ),
        ("too_deep", valid_with(r#""properties":{"a":[[[[[1]]]]]}"#)),
    ]
}

#[tokio::test]
async fn poison_of_every_kind_is_kept_byte_for_byte_with_its_reason() {
    let mut world = World::new().await;
    let (mut wanted, mut sent, mut stored) = (Vec::new(), 0, 0);
    for (n, (reason, payload)) in (0..).zip([misshapen(), forbidden()].concat()) {
        // As an entry of its own, and as a line between neighbours.
        let id = world.producer.add(&[("event", &payload)]).await;
        wanted.push((id, 0, reason.to_owned(), payload.clone()));
        let lines = [
            event(2 * n).as_bytes(),
            &payload,
            event(2 * n + 1).as_bytes(),
        ]
        .join(&b'\n');
        let id = world.producer.add(&[("batch", &lines)]).await;
        wanted.push((id, 1, reason.to_owned(), payload));
        (sent, stored) = (sent + 4, stored + 2);
    }
    for fields in [
        &[("something", &b"else"[..])][..],
        &[("source", b"collector")],
    ] {
        let id = world.producer.add(fields).await;
        wanted.push((id, 0, "no_payload".to_owned(), Vec::new()));
        sent += 1;
    }
    let consumer = world.consumer(&[]).await;
    let sums = world.settled(sent).await;
    assert_eq!(
        (sums.stored, sums.dead_lettered),
        (stored, wanted.len() as i64)
    );
    let sql = "SELECT entry_id, entry_index, reason, payload, detail FROM dead_letters ORDER BY id";
    let rows = world.db.query(sql, &[]).await.unwrap();
    for (row, want) in rows.iter().zip(&wanted) {
        let got: (String, i32, String, Vec<u8>) = (row.get(0), row.get(1), row.get(2), row.get(3));
        let payload = String::from_utf8_lossy(&want.3).into_owned();
        assert_eq!(&got, want, "{payload} {}", row.get::<_, String>(4));
    }
    consumer.stop().await;
}

const EACH: u32 = 8_000;

/// From the first entry on until all are in the database.
async fn taken(world: &mut World, lines: &[String], in_all: u32) -> Duration {
    let started = Instant::now();
    world.producer.batches(lines, 200).await;
    world.settled(in_all).await;
    started.elapsed()
}

#[tokio::test]
async fn half_of_everything_may_be_poison() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[]).await;
    let clean = taken(&mut world, &events(0..EACH), EACH).await;
    let mixed = (EACH..2 * EACH).map(|n| match n % 2 {
        0 => event(n),
        _ => format!("{{\"broken\":{n}"),
    });
    let mixed = taken(&mut world, &mixed.collect::<Vec<_>>(), 2 * EACH).await;
    let sums = world.settled(2 * EACH).await;
    let half = i64::from(EACH / 2);
    assert_eq!((sums.stored, sums.dead_lettered), (3 * half, half));
    assert!(mixed < 10 * clean, "{mixed:?} instead of {clean:?}");
    consumer.stop().await;
}

#[tokio::test]
async fn what_validation_allows_at_its_edges_is_stored() {
    let mut world = World::new().await;
    let long = "é".repeat(2_048);
    let fields = [
        format!(r#","referrer":"{long}""#),
        r#","properties":{"a":-0,"b":1e308,"c":123456789012345678901234567890,"e":-1.5e-999,"d":"\ud83d\ude00"}"#
            .into(),
        r#","properties":{"a":1,"a":2,"b":{"c":[[{}]]}}"#.into(),
        r#","properties":{}"#.into(),
        r#","properties":null,"os":null"#.into(),
        r#","browser":"\t\\\"\u0001","os":"(other)""#.into(),
    ];
    let lines: Vec<_> = (0..)
        .zip(&fields)
        .map(|(n, more)| event_with(n, &at(0), more))
        .collect();
    world.producer.batch(&lines).await;
    let edges = [
        instant(-365 * 86_400 + 3_600).to_rfc3339(),
        instant(239 + 500).to_rfc3339(),
    ];
    let lines: Vec<_> = (100..)
        .zip(&edges)
        .map(|(n, at)| event_with(n, at, ""))
        .collect();
    world.producer.batch(&lines).await;
    let consumer = world.consumer(&[]).await;
    let sums = world.settled(8).await;
    let letters = "SELECT coalesce(string_agg(detail, '; '), '') FROM dead_letters";
    let letters: String = world.db.query_one(letters, &[]).await.unwrap().get(0);
    assert_eq!(sums.stored, 8, "{letters}");
    consumer.stop().await;
}

/// An entry's id is its moment of acceptance, and Redis takes any.
#[tokio::test]
async fn an_id_beyond_all_calendars_does_not_stop_the_stream() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[]).await;
    world.producer.event(&event(0)).await;
    let json = r#"{"event_type":"login","user_id":"u"}"#;
    for (n, ms) in (2..).zip([
        "9223371331199999",
        "9223372036854775",
        "18446744073709551614",
    ]) {
        let _: String = world.redis(&format!("XADD $s {ms}-1 event {json}")).await;
        let _: String = world
            .redis(&format!("XADD $s {ms}-2 event {}", event(n)))
            .await;
        world.settled(2 * n - 1).await;
    }
    consumer.stop().await;
}
