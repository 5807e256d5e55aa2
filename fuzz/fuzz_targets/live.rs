#![no_main]

#[path = "checks/live.rs"]
mod live;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| live::check(bytes));
