//! The three daemons as processes, on real services, killed and stopped under load.

// Helpers outside of test functions fail a test in the same way.
#![allow(clippy::unwrap_used)]

mod audit;
mod backup;
mod crowd;
mod harness;
mod hostile;
mod inputs;
mod kill_consumer;
mod kill_ingestion;
mod operators;
mod outside;
mod raw_http;
mod roles;
mod secrets;
mod start_order;
mod terminate;
#[cfg(feature = "otel")]
mod traces;
