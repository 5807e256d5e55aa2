use common::{event::Limits, time::UnixMicros};
use ingestion::source::synthetic::*;
fn main() {
    let run = Run { seed: 42, started: UnixMicros::now() };
    let f = Faults { duplicates: 0.01, malformed: 0.001, late: 0.01, ..Faults::default() };
    for users in [10_000, 1_000_000] {
        let p = Population { users, faults: f, ..Population::default() };
        let c = Content::new(run, &p, 0, &Limits::default());
        let mut s = c.scratch();
        let mut out = Vec::with_capacity(300 * 1024);
        let n = 2_000_000u64;
        let t = std::time::Instant::now();
        let mut bytes = 0;
        for i in 0..n {
            c.write(i, run.started, &mut s, &mut out);
            if i % 500 == 499 { bytes += out.len(); out.clear(); }
        }
        let e = t.elapsed();
        println!("users {users}: {:.0} ns/event, {:.0} ev/s, {:.1} B", e.as_nanos() as f64 / n as f64, n as f64 / e.as_secs_f64(), bytes as f64 / n as f64);
    }
    let t = std::time::Instant::now();
    let tr = truth(42, &[Segment { from_index: 0, population: Population { faults: f, ..Population::default() } }], 1_000_000);
    println!("truth {} {:?}", tr.unique, t.elapsed());
}
