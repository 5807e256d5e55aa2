//! The generator: events made and written as JSON.

#[path = "../../common/benches/calibration/mod.rs"]
mod calibration;

use calibration::calibration;
use common::{event::Limits, time::UnixMicros};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ingestion::source::synthetic::{Content, Population, Run};

const EVENTS: u64 = 500;
const NOW: UnixMicros = UnixMicros(1_795_168_800_500_000);

fn generator(criterion: &mut Criterion) {
    calibration(criterion, "ingestion");
    let run = Run {
        seed: 42,
        started: NOW,
    };
    let content = Content::new(run, &Population::default(), 0, &Limits::default());
    let mut scratch = content.scratch();
    let mut out = Vec::new();
    let mut next = 0;
    let mut group = criterion.benchmark_group("ingestion");
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("make and encode an event", |bencher| {
        bencher.iter(|| {
            out.clear();
            for i in next..next + EVENTS {
                content.write(i, NOW, &mut scratch, &mut out);
            }
            next += EVENTS;
        });
    });
    group.finish();
}

criterion_group!(micro, generator);
criterion_main!(micro);
