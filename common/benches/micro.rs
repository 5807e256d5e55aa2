//! One event, one rollup.

mod calibration;

use std::hint::black_box;

use calibration::calibration;
use common::{
    event::{Acceptance, Limits, parse},
    rollup::{Dimension, Distinct, Durations, Identity, Rollup, Sample, Session, Visits},
    time::UnixMicros,
    wire::encode_event,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use uuid::Uuid;

const EVENT: &[u8] = br#"{"event_id":"019a9d2c-31b4-7c5e-8f10-2b6d4a9e7c31","event_type":"purchase","occurred_at":"2026-11-20T10:00:00.123456Z","user_id":"u-0004711","session_id":"s-7f3a9c52e1","page":"/products/standing-desk-oak","referrer":"https://www.example.com/","country":"DE","device":"desktop","browser":"Firefox","os":"Linux","value":1249.9,"properties":{"order_id":"o-1b2c3d4e","items":3,"currency":"EUR"}}"#;
const NOW: UnixMicros = UnixMicros(1_795_168_800_500_000);
const ACCEPTANCE: Acceptance = Acceptance {
    at: NOW,
    event_id: Uuid::nil(),
};

fn events(criterion: &mut Criterion) {
    calibration(criterion, "common");
    let limits = Limits::default();
    criterion.bench_function("common/decode and validate an event", |bencher| {
        bencher.iter(|| parse(black_box(EVENT), ACCEPTANCE, &limits));
    });
    let event = parse(EVENT, ACCEPTANCE, &limits).expect("the event is valid");
    let mut out = Vec::with_capacity(EVENT.len());
    criterion.bench_function("common/encode an event", |bencher| {
        bencher.iter(|| {
            out.clear();
            encode_event(black_box(&event), &mut out);
        });
    });
}

/// A rollup of a busy minute: `first` to `first + count` are its users.
fn rollup(dimension: Dimension, first: u32, count: u32) -> Rollup {
    let mut rollup = Rollup::of(dimension);
    for i in first..first + count {
        rollup.add(&Sample {
            user: Identity::of(&format!("u-{i}")),
            session: Some(Session::of(&format!("s-{i}"))),
            value_micros: Some(i64::from(i) * 10_000),
            duration_ms: Some(i.wrapping_mul(2_654_435_761) % 30_000),
        });
    }
    rollup
}

fn rollups(criterion: &mut Criterion) {
    for (name, users) in [("small", 20), ("large", 20_000)] {
        let of = |first| rollup(Dimension::Page, first, users);
        let (one, other) = (of(0), of(users / 2));
        criterion.bench_function(&format!("common/encode a {name} rollup"), |bencher| {
            bencher.iter(|| {
                let rollup = black_box(&one);
                let sketches = [rollup.users.encode(), rollup.sessions.encode()];
                (sketches, rollup.durations.encode())
            });
        });
        let [users, durations] = [one.users.encode(), one.durations.encode()];
        criterion.bench_function(&format!("common/decode a {name} rollup"), |bencher| {
            bencher.iter(|| {
                let users = Distinct::decode(black_box(&users));
                (users, Durations::decode(black_box(&durations)))
            });
        });
        criterion.bench_function(&format!("common/merge two {name} rollups"), |bencher| {
            bencher.iter_batched(
                || one.clone(),
                |mut sum| {
                    sum.merge(black_box(&other));
                    sum
                },
                BatchSize::SmallInput,
            );
        });
    }
}

/// What the rollups of all events hold besides.
fn visits(criterion: &mut Criterion) {
    let of = |first| rollup(Dimension::All, first, 20_000).visits;
    let (one, other) = (of(0), of(10_000));
    criterion.bench_function("common/encode visits", |bencher| {
        bencher.iter(|| black_box(&one).encode());
    });
    let stored = one.encode();
    criterion.bench_function("common/decode visits", |bencher| {
        bencher.iter(|| Visits::decode(black_box(stored.as_deref())));
    });
    criterion.bench_function("common/merge visits", |bencher| {
        bencher.iter_batched(
            || one.clone(),
            |mut sum| {
                sum.merge(black_box(&other));
                sum
            },
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(micro, events, rollups, visits);
criterion_main!(micro);
