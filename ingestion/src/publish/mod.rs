//! From blocks of events to entries of the stream.

mod append;
mod batch;
mod pressure;
mod stage;

pub use batch::BatchPolicy;
pub use pressure::{Limit, Limits, Monitor, Pressure};
pub use stage::{OnRefusal, Publisher};
