//! The HTTP server and helpers that all daemons use.

mod body;
mod client;
mod doors;
mod healthcheck;
mod problem;
mod request_id;
mod sending;
mod server;
mod share;

pub use body::whole_body;
pub use client::Client;
pub use doors::Doors;
pub use healthcheck::healthcheck;
pub use problem::{Problem, errors_are_problems, not_found, panicked};
pub use request_id::X_REQUEST_ID;
pub use sending::Sending;
pub use server::serve;
pub use share::{PerAddress, Share};
