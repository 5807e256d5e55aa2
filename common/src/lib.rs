//! What the three daemons share: the contract (event, wire, rollup) and the plumbing
//! (configuration, telemetry, clients, HTTP, keys, shutdown). No SQL and no metric names but those
//! of the keys, which every daemon asks for.

pub mod admin;
pub mod auth;
pub mod backoff;
pub mod clients;
pub mod config;
pub mod event;
pub mod fault;
pub mod http;
pub mod rollup;
pub mod shutdown;
pub mod telemetry;
pub mod time;
pub mod trace;
pub mod wire;
