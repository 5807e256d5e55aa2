//! What a long run shows that a short one can't: memory and descriptors over time, and what the
//! audit says all the way.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{task::JoinHandle, time::sleep};

use super::Use;
use crate::{fault::Node, http};

const INTERVAL: Duration = Duration::from_secs(2);
const MEMORY: &str = "process_resident_memory_bytes";
const DESCRIPTORS: &str = "process_open_fds";
/// The audit may say these while events are on their way; anything else is an alarm.
const CALM: [&str; 2] = ["balanced", "settling"];
/// What memory may grow by from one third of the time to the next and still be flat.
const GROWTH: f64 = 1.1;
const GROWTH_BYTES: u64 = 16 << 20;
/// And descriptors: connections of questions that happen to be asked at once.
const GROWTH_DESCRIPTORS: u64 = 16;

#[derive(Debug, Default)]
struct Seen {
    uses: BTreeMap<Node, Vec<(Instant, Use)>>,
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
        let thirds = |samples: &[(Instant, Use)], of: fn(&Use) -> u64| {
            [0, 1, 2].map(|n| {
                let from = self.started + third * n;
                let of_third = samples
                    .iter()
                    .filter(|(at, _)| (from..from + third).contains(at));
                of_third.map(|(_, held)| of(held)).max().unwrap_or_default()
            })
        };
        let all = |of: fn(&Use) -> u64| {
            let nodes = seen.uses.iter();
            nodes
                .map(|(node, samples)| (*node, thirds(samples, of)))
                .collect()
        };
        Soaked {
            memory: all(|held| held.resident_bytes),
            descriptors: all(|held| held.descriptors),
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
            if let Some(held) = held(url).await {
                let mut seen = lock(&seen);
                let samples = seen.uses.entry(*node).or_default();
                samples.push((Instant::now(), held));
            }
            if let Node::Api(_) = node
                && let Ok(body) = http::body(&format!("{url}/api/v1/audit")).await
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

async fn held(url: &str) -> Option<Use> {
    let text = http::metrics(url).await?;
    Some(Use {
        resident_bytes: http::number(&text, MEMORY)?,
        descriptors: http::number(&text, DESCRIPTORS)?,
    })
}

/// What was seen of a run.
#[derive(Debug, Clone)]
pub(crate) struct Soaked {
    /// The most that each process held in the first, second and last third of the time, bytes.
    pub(crate) memory: BTreeMap<Node, [u64; 3]>,
    /// The same of descriptors.
    pub(crate) descriptors: BTreeMap<Node, [u64; 3]>,
    /// How often the audit said what.
    pub(crate) verdicts: BTreeMap<String, u64>,
    alarms: Vec<String>,
}

impl Soaked {
    /// Memory and descriptors that aren't flat, and false alarms.
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
        let more = self.descriptors.iter();
        let more = more.filter(|(_, [_, second, last])| *last > *second + GROWTH_DESCRIPTORS);
        let more = more.map(|(node, thirds)| {
            let name = node.name();
            format!("{name} held {thirds:?} descriptors at most, third by third")
        });
        let alarms = self.alarms.iter().cloned();
        grown.chain(more).chain(alarms).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_flat_where_the_last_third_is_like_the_second() {
        let of = |memory: [u64; 3], descriptors| Soaked {
            memory: BTreeMap::from([(Node::Ingestion, memory.map(|mib| mib << 20))]),
            descriptors: BTreeMap::from([(Node::Ingestion, descriptors)]),
            verdicts: BTreeMap::new(),
            alarms: Vec::new(),
        };
        let held = |memory| of(memory, [20, 30, 30]);
        assert!(held([10, 200, 230]).broken().is_empty());
        assert!(held([10, 200, 120]).broken().is_empty());
        assert_eq!(held([10, 200, 240]).broken().len(), 1);
        let leaking = |descriptors| of([10, 10, 10], descriptors).broken().len();
        assert_eq!(leaking([10, 30, 46]), 0);
        assert_eq!(leaking([10, 30, 47]), 1);
    }
}
