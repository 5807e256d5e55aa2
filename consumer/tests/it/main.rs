//! The consumer on real services.

mod counted_once;
mod harness;
