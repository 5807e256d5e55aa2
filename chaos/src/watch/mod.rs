//! What is looked at from begin to end.

mod live;
mod questions;
mod ready;
mod resources;

pub(crate) use live::{Held, Topic, Watcher};
pub(crate) use questions::Questions;
pub(crate) use ready::Readiness;
pub(crate) use resources::{Use, use_of};
