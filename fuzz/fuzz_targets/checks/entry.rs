//! Each event of a stream entry becomes a row, a repetition or a dead letter, and no event
//! makes the decoder panic. The first byte says whether the entry holds one event or a batch.

use std::time::Instant;

use common::{
    event::{Code, Limits},
    trace::Trace,
    wire::{EntryId, Payload, Source},
};
use consumer::{
    decode::Decoder,
    read::{Entry, Run},
};

const ID: EntryId = EntryId {
    ms: 1_763_634_907_123,
    seq: 4,
};

pub(crate) fn check(bytes: &[u8]) {
    let payload = match bytes {
        [] => Payload::Missing,
        [b'1', event @ ..] => Payload::Event(event.to_vec()),
        [_, batch @ ..] => Payload::Batch(batch.to_vec()),
    };
    let events = match &payload {
        Payload::Missing => 1,
        payload if payload.excess().is_some() => 1,
        payload => payload.events().count(),
    };
    let entry = Entry {
        id: ID,
        source: Source::External,
        payload,
        trace: Trace::default(),
    };
    let mut decoder = Decoder::new(Limits::default());
    decoder.push(Run {
        epoch: "epoch".into(),
        entries: vec![entry],
        lost: Vec::new(),
        redelivered: false,
        read_at: Instant::now(),
    });
    let Some(batch) = decoder.take() else {
        panic!("a run makes a batch");
    };
    let accounted = batch.rows.len() + batch.repeated.len() + batch.dead_letters.len();
    assert_eq!(accounted, events);
    let codes = batch.dead_letters.iter().map(|letter| letter.code);
    assert!(!codes.into_iter().any(|code| code == Code::DecoderFault));
}
