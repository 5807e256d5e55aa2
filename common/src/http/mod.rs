//! HTTP as all daemons speak it.

mod healthcheck;
mod problem;
mod sending;
mod server;

pub use healthcheck::healthcheck;
pub use problem::{Problem, not_found, problem_for_plain_rejections};
pub use sending::Sending;
pub use server::serve;
