//! What the three daemons share: the contract (event, wire, rollup) and the plumbing
//! (configuration, telemetry, clients, HTTP, shutdown). No SQL, no metric names.

pub mod admin;
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
