//! Waiting for something to become true.

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// Asks `condition` every 20 ms until it holds.
///
/// # Panics
/// It doesn't hold within `limit`.
pub async fn wait_until<F, Fut>(what: &str, limit: Duration, mut condition: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
