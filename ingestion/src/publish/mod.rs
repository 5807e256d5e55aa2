//! Blocks of events → entries of the stream.

mod append;
mod backlog;
mod batch;
mod look;
mod monitor;
mod pressure;
mod stage;

pub use batch::BatchPolicy;
pub use monitor::Monitor;
pub use pressure::{Limit, Limits, Pressure};
pub use stage::{OnRefusal, Publisher};
