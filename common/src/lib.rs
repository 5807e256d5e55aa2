//! What the three daemons share: the contract (event, wire, rollup) and the plumbing
//! (configuration, telemetry, clients, HTTP, keys, shutdown). The only SQL and the only metrics of
//! the pipeline here are those of the keys, which every daemon checks
//! (docs/decisions/0019-keys.md).

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
