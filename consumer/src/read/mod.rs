//! Stream → entries. A lane's reader has its own connection, reads what is pending under the
//! lane's name first, then new entries, and now and then claims what another consumer has left
//! behind.

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
