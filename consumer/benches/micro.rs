//! A batch: decoded into COPY rows, folded.

#[path = "../../common/benches/calibration/mod.rs"]
mod calibration;

use std::{hint::black_box, time::Instant};

use calibration::calibration;
use common::{
    event::{Event, Limits},
    time::UnixMicros,
    wire::{EntryId, Payload, Source, encode_event},
};
use consumer::{
    decode::{Batch, Decoder},
    fold::Memory,
    read::{Entry, Run},
};
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use criterion::{criterion_group, criterion_main};
use uuid::Uuid;

const ENTRIES: u64 = 40;
const EVENTS_PER_ENTRY: u64 = 500;
const MAX_VALUES: usize = 1_000;
const NOW_MS: u64 = 1_795_168_800_500;

/// Like the generator's: returning users, a few hundred pages, few values elsewhere.
fn event(i: u64, out: &mut Vec<u8>) {
    let draw = |of: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % of;
    let of = |texts: &[&'static str]| Some(texts[draw(texts.len() as u64) as usize].into());
    let types = ["page_view", "page_view", "page_view", "click", "search"];
    let event = Event {
        event_id: Uuid::from_u128(0x019a_9d2c_31b4_7c5e_8f10_0000_0000_0000 | u128::from(i)),
        event_type: types[draw(5) as usize].into(),
        occurred_at: UnixMicros((NOW_MS * 1_000 - draw(3_000)).cast_signed()),
        user_id: format!("u-{:07}", draw(10_000)).into(),
        session_id: Some(format!("s-{:010x}", draw(30_000)).into()),
        page: Some(format!("/products/item-{}", draw(400)).into()),
        referrer: of(&["https://www.example.com/", "https://search.example/"]),
        country: of(&["DE", "FR", "NP", "US", "BR", "IN"]),
        device: of(&["desktop", "mobile", "tablet"]),
        browser: of(&["Firefox", "Chrome", "Safari"]),
        os: of(&["Linux", "Windows", "macOS", "Android", "iOS"]),
        value_micros: None,
        duration_ms: Some(draw(20_000) as i32),
        properties: None,
    };
    encode_event(&event, out);
    out.push(b'\n');
}

fn run() -> Run {
    let entry = |n: u64| {
        let mut payload = Vec::new();
        let first = n * EVENTS_PER_ENTRY;
        (first..first + EVENTS_PER_ENTRY).for_each(|i| event(i, &mut payload));
        Entry {
            id: EntryId { ms: NOW_MS, seq: n },
            source: Source::Generator,
            payload: Payload::Batch(payload),
            trace: Default::default(),
        }
    };
    Run {
        epoch: "bench".into(),
        entries: (0..ENTRIES).map(entry).collect(),
        lost: Vec::new(),
        redelivered: false,
        read_at: Instant::now(),
    }
}

fn batches(criterion: &mut Criterion) {
    calibration(criterion, "consumer");
    let mut group = criterion.benchmark_group("consumer");
    group.throughput(Throughput::Elements(ENTRIES * EVENTS_PER_ENTRY));
    let mut decoder = Decoder::new(Limits::default());
    group.bench_function("decode an event into a COPY row", |bencher| {
        bencher.iter_batched(
            run,
            |run| {
                decoder.push(run);
                decoder.take()
            },
            BatchSize::LargeInput,
        );
    });
    decoder.push(run());
    let batch = decoder.take().expect("a batch was decoded");
    fold(&mut group, &batch);
    group.finish();
}

/// Into a minute that is known already, as all but the first batch of a minute are.
fn fold(group: &mut BenchmarkGroup<'_, WallTime>, batch: &Batch) {
    let mut memory = Memory::default();
    memory.advance(memory.fold(batch.rows.iter(), &batch.values, MAX_VALUES));
    group.bench_function("fold an event", |bencher| {
        bencher.iter(|| memory.fold(black_box(&batch.rows).iter(), &batch.values, MAX_VALUES));
    });
}

criterion_group!(micro, batches);
criterion_main!(micro);
