//! The tables that commits write, in memory: with the unique index on events, the exclusion
//! constraint on entries, transactions that wait for each other, and commits whose outcome
//! nobody is told. And the writer's way through a transaction, with production code for all
//! that is decided or counted on it.

mod tables;
mod writer;

pub(crate) use tables::{Sums, Tables};
pub(crate) use writer::Writer;
