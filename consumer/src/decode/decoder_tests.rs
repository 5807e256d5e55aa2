//! Decoding, from entries to rows.

use common::wire::{MAX_ENTRY_EVENTS, Source};

use super::*;
use crate::{decode::decode_again, read::Entry};

const NOW_MS: u64 = 1_763_634_907_123;

fn entry(ms: u64, payload: Payload) -> Entry {
    Entry {
        id: EntryId { ms, seq: 0 },
        source: Source::External,
        payload,
        trace: Default::default(),
    }
}

fn decode(entries: Vec<Entry>, redelivered: bool) -> Batch {
    let mut decoder = Decoder::new(Limits::default());
    decoder.push(Run {
        epoch: "e".into(),
        entries,
        lost: vec![],
        redelivered,
        read_at: Instant::now(),
    });
    decoder.take().unwrap()
}

#[test]
fn neighbours_of_poison_are_rows() {
    let good = r#"{"event_type":"login","user_id":"u"}"#;
    let bad = r#"{"event_type":"page_view","user_id":"u"}"#;
    let lines = format!("{good}\nnot json\n{good}\n{bad}\n");
    let batch = decode(
        vec![
            entry(NOW_MS, Payload::Batch(lines.into_bytes())),
            entry(NOW_MS + 1, Payload::Missing),
        ],
        false,
    );
    assert_eq!(batch.rows.len(), 2);
    let dead: Vec<_> = batch
        .dead_letters
        .iter()
        .map(|d| (d.entry, d.index, d.code))
        .collect();
    assert_eq!(
        dead,
        [
            (0, 1, Code::MalformedJson),
            (0, 3, Code::Required),
            (1, 0, Code::NoPayload)
        ]
    );
}

#[test]
fn an_entry_that_is_too_large_is_one_letter() {
    let lines = b"1\n".repeat(MAX_ENTRY_EVENTS + 60_000);
    let good = br#"{"event_type":"login","user_id":"u"}"#;
    let entries = || {
        vec![
            entry(NOW_MS, Payload::Batch(lines.clone())),
            entry(NOW_MS + 1, Payload::Event(good.to_vec())),
        ]
    };
    let batch = decode(entries(), false);
    assert_eq!((batch.rows.len(), batch.dead_letters.len()), (1, 1));
    let letter = &batch.dead_letters[0];
    assert_eq!((letter.code, letter.index), (Code::EntryTooLarge, 0));
    assert_eq!(letter.payload, lines[..64 * 1024]);
    assert_eq!(
        letter.detail,
        "entry_too_large: 160000 bytes, 80000 events; at most 20000; the first 65536 bytes are kept"
    );
    let again = decode_again(batch, |_| true, Rejected::new(), Limits::default());
    assert_eq!(again.dead_letters, decode(entries(), false).dead_letters);
}

#[test]
fn a_run_ends_where_the_batch_is_full() {
    let entries = (0..5).map(|i| entry(NOW_MS + i, Payload::Batch(b"1\n".repeat(4))));
    let run = Run {
        epoch: "e".into(),
        entries: entries.collect(),
        lost: vec![],
        redelivered: false,
        read_at: Instant::now(),
    };
    let mut decoder = Decoder::new(Limits::default());
    let mut rest = Some(run);
    let mut seen = Vec::new();
    while let Some(run) = rest {
        rest = decoder.push_up_to(run, 8);
        let batch = decoder.take().unwrap();
        let spans = batch.spans.iter();
        let spans: Vec<_> = spans.map(|(a, b)| (a.ms - NOW_MS, b.ms - NOW_MS)).collect();
        seen.push((batch.events(), spans));
    }
    assert_eq!(
        seen,
        [(8, vec![(0, 1)]), (8, vec![(2, 3)]), (4, vec![(4, 4)])]
    );
}

#[test]
fn what_repeats_within_a_batch_is_one_row() {
    let event = r#"{"event_id":"01890a5d-ac96-774b-bcce-b302099a8057","event_type":"login",
        "user_id":"u","occurred_at":"2025-11-20T10:00:00Z"}"#;
    let entries = (0..3)
        .map(|i| entry(NOW_MS + i, Payload::Event(event.into())))
        .collect();
    let batch = decode(entries, false);
    assert_eq!(
        (batch.rows.len(), batch.repeated.as_slice()),
        (1, &[1, 2][..])
    );
}

#[test]
fn decoding_again_gives_the_same_rows() {
    let event = br#"{"event_type":"login","user_id":"u"}"#;
    let entries = || {
        (0..4)
            .map(|i| entry(NOW_MS + i, Payload::Event(event.to_vec())))
            .collect()
    };
    let first = decode(entries(), false);
    let again = decode_again(
        decode(entries(), false),
        |_| true,
        Rejected::new(),
        Limits::default(),
    );
    let keys = |batch: &Batch| -> Vec<_> {
        batch
            .rows
            .iter()
            .map(|row| (row.occurred_at, row.event_id))
            .collect()
    };
    assert_eq!(keys(&first), keys(&again));
    assert_eq!(first.copy, again.copy);
    assert_eq!(
        first.rows[0].occurred_at,
        UnixMicros::from_millis(NOW_MS as i64)
    );
}

#[test]
fn fresh_entries_are_one_span_and_others_their_own() {
    let entries = || {
        (0..3)
            .map(|i| entry(NOW_MS + i * 5, Payload::Missing))
            .collect()
    };
    let id = |ms| EntryId { ms, seq: 0 };
    assert_eq!(
        decode(entries(), false).spans,
        [(id(NOW_MS), id(NOW_MS + 10))]
    );
    assert_eq!(decode(entries(), true).spans.len(), 3);
    let rest = decode_again(
        decode(entries(), false),
        |i| i.ms != NOW_MS + 5,
        Rejected::new(),
        Limits::default(),
    );
    assert_eq!(rest.spans.len(), 2);
}

#[test]
fn what_the_database_refused_is_a_dead_letter() {
    let event = br#"{"event_type":"login","user_id":"u"}"#;
    let entries = (0..2)
        .map(|i| entry(NOW_MS + i, Payload::Event(event.to_vec())))
        .collect();
    let rejected = Rejected::from([((EntryId { ms: NOW_MS, seq: 0 }, 0), "22P05".to_owned())]);
    let batch = decode_again(
        decode(entries, false),
        |_| true,
        rejected,
        Limits::default(),
    );
    assert_eq!(
        (batch.rows.len(), batch.dead_letters[0].code),
        (1, Code::RejectedByDatabase)
    );
}
