//! Wakes the feed when something was committed. Losing hints costs latency, nothing else.

use std::sync::Arc;

use common::{backoff::Backoff, clients, config::RedisConfig};
use futures_util::StreamExt as _;
use tokio::sync::Notify;

use crate::observe;

/// Listens for ever; `wake` is notified for every hint.
pub(super) async fn listen(redis: RedisConfig, channel: String, wake: Arc<[Notify; 2]>) {
    let mut backoff = Backoff::default();
    loop {
        match clients::redis::subscribe(&redis, &channel).await {
            Ok(mut pubsub) => {
                backoff.reset();
                let mut messages = pubsub.on_message();
                while messages.next().await.is_some() {
                    wake.iter().for_each(Notify::notify_one);
                }
                observe::hints_ended("the connection ended");
            }
            Err(error) => observe::hints_ended(&error.to_string()),
        }
        backoff.wait().await;
    }
}
