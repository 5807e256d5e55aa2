//! Which scope each route of the api needs.

use axum::http::Method;
use common::{
    admin::Health,
    auth::{Gate, Rules, Scope, Settings},
    shutdown::Shutdown,
};

use crate::config::Config;

/// Everything else needs a key with the scope `read`. Besides these, the dashboard's files and
/// the route that creates a session are open.
pub const RULES: Rules = Rules {
    open: &[
        "/docs",
        "/docs.css",
        "/health/live",
        "/health/ready",
        "/openapi.json",
    ],
    other: &[
        (Method::POST, "/api/v1/funnel", Scope::Read),
        (Method::POST, "/api/v1/query", Scope::Read),
    ],
};

pub(crate) fn gate(config: &Config, health: &Health, shutdown: &Shutdown) -> Gate {
    let origins = config.server.cors_origins.0.iter();
    let settings = Settings {
        postgres: config.auth.is_on().then(|| config.postgres.clone()),
        bind_address: config.bind.bind_address,
        origins: origins.map(|origin| origin.0.clone()).collect(),
    };
    Gate::start(settings, health, shutdown)
}
