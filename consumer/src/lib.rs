//! Reads the stream, validates, and writes each event to the database exactly once.

pub mod migrate;
