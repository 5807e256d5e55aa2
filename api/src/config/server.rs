//! Where the api is reached, and by whom.

use serde::Deserialize;
use validator::Validate;

use super::{Origin, Origins};

#[derive(Debug, Clone, Deserialize, Validate)]
pub struct ServerConfig {
    #[serde(default = "api_port")]
    pub api_port: u16,
    /// Where a browser reaches the ingestion daemon: the page's controls ask there.
    #[serde(default = "ingestion_public_url")]
    pub ingestion_public_url: Origin,
    /// Origins besides our own that may open a socket or read answers, comma-separated.
    #[serde(default)]
    pub cors_origins: Origins,
}

fn api_port() -> u16 {
    3001
}

fn ingestion_public_url() -> Origin {
    Origin("http://127.0.0.1:3002".into())
}
