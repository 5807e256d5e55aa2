//! The seeded generator. What it sends is a pure function of a seed and an index; only the
//! moment of sending is not.

mod catalogue;
mod content;
mod history;
mod kind;
mod malformed;
mod profile;
mod rng;
mod schedule;
mod session;
mod settings;
mod status;
mod task;
mod truth;

pub use content::{Content, Run, Scratch};
pub use kind::Kind;
pub use malformed::Malformation;
pub use profile::{Profile, Stage};
pub use schedule::{CATCH_UP_SECONDS, Schedule};
pub use settings::{Arrivals, Faults, MAX_RATE, Mix, Population, Settings};
pub use status::Status;
pub use task::{Generator, MAX_SEGMENTS};
pub use truth::{KindCounts, Segment, Truth, truth};

#[cfg(test)]
mod tests;
