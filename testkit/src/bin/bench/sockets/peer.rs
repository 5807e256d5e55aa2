//! The broadcaster that a Node programmer would write (bench/peers/ws).

use super::{client::Clients, rate as measured};
use crate::node::NodePeer;

pub(super) const PEER: NodePeer = NodePeer("ws");

/// Frames per second of `bytes` to each of `sockets`.
pub(super) async fn rate(sockets: usize, bytes: f64) -> anyhow::Result<f64> {
    let variables = [("FRAME_BYTES".to_owned(), format!("{bytes:.0}"))].into();
    let (mut child, port) = PEER.serve(&variables).await?;
    let clients = Clients::open(port, sockets, Vec::new(), false).await?;
    let (frames, _) = measured(&clients).await;
    clients.close().await?;
    child.kill().await?;
    Ok(frames)
}
