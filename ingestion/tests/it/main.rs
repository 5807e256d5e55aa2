//! The daemon against a real Redis: `REDIS_URL`, or the private services of the checkout.

// Helpers outside of test functions fail a test in the same way.
#![allow(clippy::unwrap_used)]

mod addresses;
mod bounds;
mod collector;
mod committed;
mod daemon;
mod decompression;
mod faults;
mod generator;
mod http;
mod keys;
mod private_redis;
mod process;
