//! HTTP as all daemons speak it.

mod problem;
mod server;

pub use problem::{Problem, not_found, problem_for_plain_rejections};
pub use server::serve;
