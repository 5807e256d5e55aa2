//! The three daemons as processes, on real services, killed and stopped under load.

// Helpers outside of test functions fail a test in the same way.
#![allow(clippy::unwrap_used)]

mod audit;
mod backup;
mod harness;
mod kill_consumer;
mod kill_ingestion;
mod operators;
mod outside;
mod start_order;
mod terminate;
#[cfg(feature = "otel")]
mod traces;
