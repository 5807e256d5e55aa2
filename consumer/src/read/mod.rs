//! Stream → entries. A lane's reader has a connection of its own, reads what is pending
//! under the lane's name first, then what is new, and now and then takes over what another
//! consumer has left behind.

mod alive;
mod claim;
mod group;
#[cfg(test)]
pub(crate) mod model;
mod pace;
mod reader;
mod reply;

pub use reader::{Reader, ReaderConfig};
pub use reply::{Entry, Run};
