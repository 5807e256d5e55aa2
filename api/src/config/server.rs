//! Where the api is reached, by which origins, and how often it audits.

use std::time::Duration;

use common::config::{Origin, Origins};
use serde::Deserialize;
use validator::Validate;

#[derive(Debug, Clone, Deserialize, Validate)]
pub struct ServerConfig {
    #[serde(default = "api_port")]
    pub api_port: u16,
    /// Where a browser reaches the ingestion daemon, for the dashboard's generator controls.
    #[serde(default = "ingestion_public_url")]
    pub ingestion_public_url: Origin,
    /// Other origins that may open a WebSocket and read responses, comma-separated.
    #[serde(default)]
    pub cors_origins: Origins,
    /// Seconds between two audits, reported as metrics; 0 turns them off.
    #[serde(default = "audit_interval")]
    #[validate(range(min = 0, max = 86_400))]
    pub audit_interval: u64,
}

impl ServerConfig {
    #[must_use]
    pub const fn audit_interval(&self) -> Duration {
        Duration::from_secs(self.audit_interval)
    }
}

fn api_port() -> u16 {
    3001
}

fn audit_interval() -> u64 {
    60
}

fn ingestion_public_url() -> Origin {
    Origin("http://127.0.0.1:3002".into())
}
