//! Where a daemon listens.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::Deserialize;
use tokio::net::TcpListener;
use validator::Validate;

#[derive(Debug, Clone, Deserialize, Validate)]
pub struct BindConfig {
    /// Loopback unless told otherwise: the daemons ask nobody who they are.
    #[serde(default = "bind_address")]
    pub bind_address: IpAddr,
    /// Connections at once; the next one waits in the backlog of the socket.
    #[serde(default = "max_connections")]
    #[validate(range(min = 1, max = 100_000))]
    pub http_max_connections: usize,
}

fn bind_address() -> IpAddr {
    IpAddr::V4(Ipv4Addr::LOCALHOST)
}

fn max_connections() -> usize {
    12_000
}

/// # Errors
/// The address isn't ours, or somebody else has the port. The text names both.
pub async fn bind(address: IpAddr, port: u16) -> std::io::Result<TcpListener> {
    let address = SocketAddr::new(address, port);
    TcpListener::bind(address).await.map_err(|error| {
        std::io::Error::new(error.kind(), format!("can't listen on {address}: {error}"))
    })
}
