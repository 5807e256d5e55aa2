//! The api on real services: what it answers over HTTP and WebSocket.

mod http;
mod live;
mod metrics;
mod operations;
mod statements;
mod support;
