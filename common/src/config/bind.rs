//! Where a daemon listens, and how many it lets in.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::Deserialize;
use tokio::net::TcpListener;
use validator::Validate;

use super::Proxies;

#[derive(Debug, Clone, Deserialize, Validate)]
pub struct BindConfig {
    /// Loopback unless told otherwise.
    #[serde(default = "bind_address")]
    pub bind_address: IpAddr,
    /// Connections at once; the next one waits in the backlog of the socket.
    #[serde(default = "max_connections")]
    #[validate(range(min = 1, max = 100_000))]
    pub http_max_connections: usize,
    /// The same of one client address (of IPv6 a /64; of a /48 twice as many), or its requests
    /// at once where a trusted proxy stands between; the next one gets 429.
    #[serde(default = "max_connections_per_address")]
    #[validate(range(min = 1, max = 100_000))]
    pub http_max_connections_per_address: usize,
    /// Proxies whose `X-Forwarded-For` or `Forwarded` names the client.
    #[serde(default)]
    pub trusted_proxies: Proxies,
}

fn bind_address() -> IpAddr {
    IpAddr::V4(Ipv4Addr::LOCALHOST)
}

fn max_connections() -> usize {
    12_000
}

fn max_connections_per_address() -> usize {
    1_000
}

/// # Errors
/// The address isn't local, or the port is in use. The text names both.
pub async fn bind(address: IpAddr, port: u16) -> std::io::Result<TcpListener> {
    let address = SocketAddr::new(address, port);
    TcpListener::bind(address).await.map_err(|error| {
        std::io::Error::new(error.kind(), format!("can't listen on {address}: {error}"))
    })
}
