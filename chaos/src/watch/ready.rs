//! What the daemons report on `/health/ready`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use testkit::http;
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::fault::Node;

const INTERVAL: Duration = Duration::from_millis(150);
const PATIENCE: Duration = Duration::from_secs(1);

/// 200 is ready; anything else, silence included, isn't.
type Seen = Arc<Mutex<Vec<(Instant, Node, bool)>>>;

/// Changes only.
pub(crate) struct Readiness {
    seen: Seen,
    task: JoinHandle<()>,
}

impl Readiness {
    pub(crate) fn watch(urls: BTreeMap<Node, String>) -> Self {
        let seen = Seen::default();
        let task = tokio::spawn(look(urls, seen.clone()));
        Self { seen, task }
    }

    fn changes(&self, node: Node) -> Vec<(Instant, bool)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let of_node = seen.iter().filter(|(_, whose, _)| *whose == node);
        of_node.map(|(at, _, ready)| (*at, *ready)).collect()
    }

    /// How long after `from` the node wasn't ready for the first time.
    pub(crate) fn not_ready_after(&self, node: Node, from: Instant) -> Option<Duration> {
        let changes = self.changes(node);
        let before = changes.iter().rfind(|(at, _)| *at <= from);
        if before.is_some_and(|(_, ready)| !ready) {
            return Some(Duration::ZERO);
        }
        let first = changes.iter().find(|(at, ready)| *at > from && !ready);
        first.map(|(at, _)| *at - from)
    }

    pub(crate) fn is_ready(&self, node: Node) -> bool {
        self.changes(node).last().is_some_and(|(_, ready)| *ready)
    }
}

impl Drop for Readiness {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn look(urls: BTreeMap<Node, String>, seen: Seen) {
    let mut known = BTreeMap::new();
    loop {
        for (node, url) in &urls {
            let url = format!("{url}/health/ready");
            let answer = timeout(PATIENCE, http::get(&url)).await;
            let ready = matches!(answer, Ok(Ok((200, _))));
            if known.insert(*node, ready) != Some(ready) {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.push((Instant::now(), *node, ready));
            }
        }
        sleep(INTERVAL).await;
    }
}
