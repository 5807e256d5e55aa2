//! Waiting for something to become true.

use std::{
    future::Future,
    time::{Duration, Instant},
};

const STEP: Duration = Duration::from_millis(20);

/// Asks `condition` every 20 ms until it holds; false if it doesn't within `limit`.
pub async fn wait_for<F, Fut>(limit: Duration, mut condition: F) -> bool
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let started = Instant::now();
    while !condition().await {
        if started.elapsed() >= limit {
            return false;
        }
        tokio::time::sleep(STEP).await;
    }
    true
}

/// As [`wait_for`], for tests.
///
/// # Panics
/// It doesn't hold within `limit`.
pub async fn wait_until<F, Fut>(what: &str, limit: Duration, condition: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    assert!(
        wait_for(limit, condition).await,
        "not within {limit:?}: {what}"
    );
}
