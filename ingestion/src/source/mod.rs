//! Where events come from: other programs, over HTTP, and the generator.

mod block;
pub mod http;
pub mod synthetic;

pub use block::{Ack, Block, Outcome, Refusal, Tally};
