//! Batch → database, in one transaction: rows, rollups, dead letters, accounts. The next
//! stage acknowledges what was committed.

mod accounts;
mod bisect;
mod committed;
mod failure;
#[cfg(test)]
pub(crate) mod model;
mod paths;
mod recover;
mod session;
mod statements;
mod suspects;
#[cfg(test)]
mod tests;
mod traced;
mod transaction;
mod work;
mod writer;

pub use accounts::entry_number;
pub use committed::Committed;
pub(crate) use failure::Failure;
pub use session::{LANE_LOCKS, REBUILD_LOCK, free_lane_name};
pub use statements::Statements;
pub use suspects::Recent;
pub use writer::{Ended, Writer, WriterConfig};
