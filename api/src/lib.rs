//! The api daemon: `rest` and `live` answer from `query`, which reads what the consumer wrote.

pub mod access;
pub mod auditor;
pub mod config;
pub mod error;
pub mod keys;
pub mod live;
pub mod observe;
pub mod origins;
pub mod page;
pub mod query;
pub mod rest;
pub mod state;

use std::sync::Arc;

use axum::{Router, middleware};
use common::{
    admin::{self, Health},
    auth::{self, Gate},
    http::{Doors, errors_are_problems, not_found},
    shutdown::Shutdown,
};
use tokio::net::TcpListener;

use crate::{config::Config, live::Hub, state::ApiState};

/// Starts everything as tracked tasks of `shutdown`; they end after it begins.
///
/// # Errors
/// An address in the configuration can't be used.
pub fn run(config: Arc<Config>, listener: TcpListener, shutdown: Shutdown) -> anyhow::Result<()> {
    let app_env = &config.process.app_env;
    let dependencies = ["redis", "postgres"];
    let version = env!("CARGO_PKG_VERSION");
    let health = Health::new("api", version, app_env, &dependencies, shutdown.clone());
    observe::begin(&health);
    let gate = access::gate(&config, &health, &shutdown);
    let state = ApiState::start(config.clone(), health, &shutdown)?;
    let hub = live::start(&state, &shutdown);
    tracing::info!(address = %listener.local_addr()?, "listening");
    let doors = Doors::new(&config.bind, observe::connection_refused);
    let counted = doors.clone();
    state.health.sample(move |_| {
        observe::bound("http_connections", (counted.open(), counted.most()));
    });
    let server = common::http::serve(listener, router(state, hub, gate), doors, shutdown.clone());
    shutdown.spawn("http", server);
    Ok(())
}

/// All routes.
pub fn router(state: ApiState, hub: Arc<Hub>, gate: Gate) -> Router {
    let closed = Router::new()
        .merge(rest::router(state.clone()))
        .merge(live::router(state.clone(), hub))
        .merge(admin::router(state.health.clone()))
        // Before the gate, which then stands before this as well.
        .method_not_allowed_fallback(rest::method_not_allowed);
    gate.protect(closed, access::RULES)
        .merge(page::router(&state.config))
        .merge(auth::session::router(gate.clone()))
        .fallback(not_found)
        .method_not_allowed_fallback(rest::method_not_allowed)
        .layer(middleware::from_fn(errors_are_problems))
        .layer(middleware::from_fn_with_state(state, origins::allow))
        .layer(middleware::from_fn_with_state(gate, observe::request))
}
