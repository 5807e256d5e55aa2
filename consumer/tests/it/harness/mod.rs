//! What the tests share.

mod daemon;
mod events;
mod process;
mod proxy;
mod sums;
mod world;

pub(crate) use daemon::Running;
pub(crate) use events::{at, event, event_at, event_with, events, instant, two_days_ago};
pub(crate) use process::run_to_end;
pub(crate) use proxy::{Proxy, authority, redirected};
pub(crate) use sums::Sums;
pub(crate) use world::{Producer, SOON, World};
