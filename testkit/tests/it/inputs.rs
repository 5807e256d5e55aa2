//! The fuzz checks on some thousand generated inputs each; `make fuzz` runs them for longer.

#[path = "../../../fuzz/fuzz_targets/checks/entry.rs"]
mod entry;
#[path = "../../../fuzz/fuzz_targets/checks/event.rs"]
mod event;
#[path = "../../../fuzz/fuzz_targets/checks/live.rs"]
mod live;
#[path = "../../../fuzz/fuzz_targets/checks/query.rs"]
mod query;
#[path = "../../../fuzz/fuzz_targets/checks/sketch.rs"]
mod sketch;

use std::path::Path;

use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{TestError, TestRunner},
};

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds");
const CASES: u32 = 4_000;

/// Cut out at the first index, as many bytes, and put there instead.
type Edit = (Index, usize, Vec<u8>);

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(Path::new(SEEDS).join(target)).unwrap();
    let mut seeds: Vec<_> = files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    seeds.sort();
    seeds
}

/// A part of a seed, or bytes that stand for something in one of the formats.
fn insertion(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let part = (prop::sample::select(seeds), any::<[Index; 2]>()).prop_map(|(seed, [a, b])| {
        let (a, b) = (a.index(seed.len() + 1), b.index(seed.len() + 1));
        seed[a.min(b)..a.max(b)].to_vec()
    });
    const MARKS: &[u8] = b"{}[]\":,\\&=%+-./T\n\0\xff019eE";
    prop_oneof![
        part,
        prop::collection::vec(any::<u8>(), 0..6),
        prop::collection::vec(prop::sample::select(MARKS), 0..6),
    ]
}

fn edited(mut bytes: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for (at, cut, put) in edits {
        let at = at.index(bytes.len() + 1);
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, put.iter().copied());
    }
    bytes
}

fn assert_holds(target: &str, check: fn(&[u8])) {
    let seeds = seeds(target);
    assert!(!seeds.is_empty());
    seeds.iter().for_each(|seed| check(seed));
    let edit = (any::<Index>(), 0..12_usize, insertion(seeds.clone()));
    let edits = prop::collection::vec(edit, 1..6);
    let inputs =
        (prop::sample::select(seeds), edits).prop_map(|(seed, edits)| edited(seed, &edits));
    let mut runner = TestRunner::new(ProptestConfig::with_cases(CASES));
    let outcome = runner.run(&inputs, |bytes| {
        check(&bytes);
        Ok(())
    });
    if let Err(TestError::Fail(why, bytes)) = outcome {
        panic!("{target}: {why}: {}", bytes.escape_ascii());
    }
}

#[test]
fn any_event_is_refused_or_read_back_the_same() {
    assert_holds("event", event::check);
}

#[test]
fn any_entry_is_accounted_for() {
    assert_holds("entry", entry::check);
}

#[test]
fn any_query_is_refused_or_within_bounds() {
    assert_holds("query", query::check);
}

#[test]
fn any_live_message_is_refused_or_understood() {
    assert_holds("live", live::check);
}

#[test]
fn any_stored_sketch_is_refused_or_usable() {
    assert_holds("sketch", sketch::check);
}
