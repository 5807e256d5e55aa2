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

/// What a daemon says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Ready,
    NotReady,
    /// It doesn't run, or doesn't answer: it says neither.
    Nothing,
}

type Seen = Arc<Mutex<Vec<(Instant, Node, Said)>>>;

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

    fn changes(&self, node: Node) -> Vec<(Instant, Said)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let of_node = seen.iter().filter(|(_, whose, _)| *whose == node);
        of_node.map(|(at, _, said)| (*at, *said)).collect()
    }

    /// What the node said last at this moment.
    fn said_at(&self, node: Node, moment: Instant) -> Option<Said> {
        let changes = self.changes(node);
        let last = changes.iter().rfind(|(at, _)| *at <= moment);
        last.map(|(_, said)| *said)
    }

    /// How long after `from` the node said for the first time that it isn't ready.
    pub(crate) fn not_ready_after(&self, node: Node, from: Instant) -> Option<Duration> {
        if self.said_at(node, from) == Some(Said::NotReady) {
            return Some(Duration::ZERO);
        }
        let changes = self.changes(node).into_iter();
        let mut unready = changes.filter(|(at, said)| *at > from && *said == Said::NotReady);
        unready.next().map(|(at, _)| at - from)
    }

    /// Whether the node said at any time from `from` to `to` that it is ready.
    pub(crate) fn is_ready_between(&self, node: Node, from: Instant, to: Instant) -> bool {
        let is_ready =
            |(at, said): (Instant, Said)| (from..to).contains(&at) && said == Said::Ready;
        from < to
            && (self.said_at(node, from) == Some(Said::Ready)
                || self.changes(node).into_iter().any(is_ready))
    }

    pub(crate) fn is_ready(&self, node: Node) -> bool {
        let changes = self.changes(node);
        changes.last().is_some_and(|(_, said)| *said == Said::Ready)
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
            let said = match answer {
                Ok(Ok((200, _))) => Said::Ready,
                Ok(Ok(_)) => Said::NotReady,
                Ok(Err(_)) | Err(_) => Said::Nothing,
            };
            if known.insert(*node, said) != Some(said) {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.push((Instant::now(), *node, said));
            }
        }
        sleep(INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: Node = Node::Ingestion;

    /// What was said at these seconds.
    fn readiness(began: Instant, said: &[(u64, Said)]) -> Readiness {
        let change = |(second, said): &(u64, Said)| (began + seconds(*second), NODE, *said);
        let seen = said.iter().map(change).collect();
        Readiness {
            seen: Arc::new(Mutex::new(seen)),
            task: tokio::spawn(std::future::pending()),
        }
    }

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[tokio::test]
    async fn who_says_nothing_has_not_said_that_it_is_not_ready() {
        let began = Instant::now();
        let silent = readiness(began, &[(0, Said::Nothing), (3, Said::Ready)]);
        assert_eq!(silent.not_ready_after(NODE, began), None);
        let starting = [(0, Said::Nothing), (2, Said::NotReady), (3, Said::Ready)];
        let starting = readiness(began, &starting);
        assert_eq!(starting.not_ready_after(NODE, began), Some(seconds(2)));
        let from = began + seconds(2);
        assert_eq!(starting.not_ready_after(NODE, from), Some(seconds(0)));
    }

    #[tokio::test]
    async fn who_is_ready_in_between_is_found() {
        let began = Instant::now();
        let said = [(0, Said::Ready), (2, Said::NotReady), (6, Said::Ready)];
        let flapping = readiness(began, &said);
        let between = |from, to| {
            let (from, to) = (began + seconds(from), began + seconds(to));
            flapping.is_ready_between(NODE, from, to)
        };
        assert!(between(1, 2));
        assert!(!between(2, 6));
        assert!(between(2, 7));
        assert!(!between(3, 1));
    }
}
