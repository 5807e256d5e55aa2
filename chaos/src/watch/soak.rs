//! What only a long run shows: memory over time, and the audit throughout.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use testkit::http;
use tokio::{task::JoinHandle, time::sleep};

use crate::fault::Node;

const INTERVAL: Duration = Duration::from_secs(2);
const MEMORY: &str = "process_resident_memory_bytes ";
/// The audit may say these while events are on their way; anything else is an alarm.
const CALM: [&str; 2] = ["balanced", "settling"];
/// What memory may grow by from one third of the time to the next and still be flat.
const GROWTH: f64 = 1.1;
const GROWTH_BYTES: u64 = 16 << 20;

#[derive(Debug, Default)]
struct Seen {
    memory: BTreeMap<Node, Vec<(Instant, u64)>>,
    verdicts: BTreeMap<String, u64>,
    alarms: Vec<String>,
}

pub(crate) struct Soak {
    started: Instant,
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

impl Soak {
    pub(super) fn start(urls: BTreeMap<Node, String>) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        Self {
            started: Instant::now(),
            task: tokio::spawn(look(urls, seen.clone())),
            seen,
        }
    }

    pub(crate) fn so_far(&self) -> Soaked {
        let seen = lock(&self.seen);
        let third = self.started.elapsed() / 3;
        let thirds = |samples: &Vec<(Instant, u64)>| {
            [0, 1, 2].map(|n| {
                let from = self.started + third * n;
                let of_third = samples
                    .iter()
                    .filter(|(at, _)| (from..from + third).contains(at));
                of_third.map(|(_, bytes)| *bytes).max().unwrap_or_default()
            })
        };
        let memory = seen.memory.iter();
        Soaked {
            memory: memory
                .map(|(node, samples)| (*node, thirds(samples)))
                .collect(),
            verdicts: seen.verdicts.clone(),
            alarms: seen.alarms.clone(),
        }
    }
}

impl Drop for Soak {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn look(urls: BTreeMap<Node, String>, seen: Arc<Mutex<Seen>>) {
    loop {
        for (node, url) in &urls {
            if let Some(bytes) = memory(url).await {
                let mut seen = lock(&seen);
                let samples = seen.memory.entry(*node).or_default();
                samples.push((Instant::now(), bytes));
            }
            if let Node::Api(_) = node
                && let Ok((200, body)) = http::get_fresh(&format!("{url}/api/v1/audit")).await
            {
                let verdict = body["data"]["verdict"].as_str().unwrap_or("none");
                let mut seen = lock(&seen);
                *seen.verdicts.entry(verdict.to_owned()).or_default() += 1;
                if !CALM.contains(&verdict) && seen.alarms.len() < 3 {
                    let alarm = format!("the audit of {} said {verdict}: {body}", node.name());
                    seen.alarms.push(alarm);
                }
            }
        }
        sleep(INTERVAL).await;
    }
}

async fn memory(url: &str) -> Option<u64> {
    let text = http::text(&format!("{url}/metrics")).await.ok()?;
    let bytes = text.lines().find_map(|line| line.strip_prefix(MEMORY))?;
    Some(bytes.parse::<f64>().ok()? as u64)
}

/// What was seen of a run.
#[derive(Debug, Clone)]
pub(crate) struct Soaked {
    /// The most that each process held in the first, second and last third of the time, bytes.
    pub(crate) memory: BTreeMap<Node, [u64; 3]>,
    /// How often the audit said what.
    pub(crate) verdicts: BTreeMap<String, u64>,
    alarms: Vec<String>,
}

impl Soaked {
    /// Memory that isn't flat, and false alarms.
    pub(crate) fn broken(&self) -> Vec<String> {
        let grown = self.memory.iter().filter(|(_, [_, second, last])| {
            *last as f64 > *second as f64 * GROWTH + GROWTH_BYTES as f64
        });
        let grown = grown.map(|(node, thirds)| {
            let [first, second, last] = thirds.map(|bytes| bytes >> 20);
            format!(
                "{} held {first}, {second}, {last} MiB at most, third by third",
                node.name()
            )
        });
        grown.chain(self.alarms.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_flat_where_the_last_third_is_like_the_second() {
        let held = |thirds: [u64; 3]| Soaked {
            memory: BTreeMap::from([(Node::Ingestion, thirds.map(|mib| mib << 20))]),
            verdicts: BTreeMap::new(),
            alarms: Vec::new(),
        };
        assert!(held([10, 200, 230]).broken().is_empty());
        assert!(held([10, 200, 120]).broken().is_empty());
        assert_eq!(held([10, 200, 240]).broken().len(), 1);
    }
}
