//! HTTP as all daemons speak it.

mod healthcheck;
mod problem;
mod server;

pub use healthcheck::healthcheck;
pub use problem::{Problem, not_found, problem_for_plain_rejections};
pub use server::serve;
