//! The api on real services: what it answers over HTTP and WebSocket.

// Helpers of tests count as tests.
#![allow(clippy::unwrap_used)]

mod http;
mod kept;
mod live;
mod metrics;
mod operations;
mod raw_frames;
mod statements;
mod support;
