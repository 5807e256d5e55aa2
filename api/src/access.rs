//! Which scope each route of the api needs.

use std::net::IpAddr;

use axum::http::Method;
use common::{
    admin::Health,
    auth::{Caller, Gate, KeyId, Rules, Scope, Settings},
    http::Client,
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
    let settings = Settings {
        postgres: config.auth.is_on().then(|| config.postgres.clone()),
        bind_address: config.bind.bind_address,
        origins: config.server.cors_origins.clone(),
    };
    Gate::start(settings, health, shutdown)
}

/// Whom a limit is for: a key, or with `AUTH=off` an address, of IPv6 its /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    Key(KeyId),
    Address(IpAddr),
}

impl Who {
    #[must_use]
    pub fn of(caller: &Caller, client: Client) -> Self {
        let address = Self::Address(client.network());
        caller.key().map_or(address, Self::Key)
    }
}
