//! A fixed piece of work by which others are measured, so that figures from different machines, or
//! from quiet and busy hours, can be compared.

use std::hint::black_box;

use criterion::Criterion;

const BYTES: usize = 1024;
/// FNV-1a, 64 bits (Fowler, Noll, Vo, RFC 9923).
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Hashes a fixed kibibyte, byte by byte.
pub(crate) fn calibration(criterion: &mut Criterion, process: &str) {
    let buffer: Vec<u8> = (0..BYTES).map(|i| (i * 31) as u8).collect();
    criterion.bench_function(&format!("{process}/calibration"), |bencher| {
        bencher.iter(|| {
            let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
            black_box(&buffer).iter().fold(OFFSET, step)
        });
    });
}
