//! Queries to the api during faults: it answers, or says that it can't.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{task::JoinHandle, time::sleep};

use crate::{
    fault::Node,
    http::{self, Answer},
};

const INTERVAL: Duration = Duration::from_millis(400);

/// What a node has answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) asked: u64,
    pub(crate) longest: Duration,
    /// By 503.
    pub(crate) refused: u64,
    /// Why the first question that wasn't answered at all was not.
    pub(crate) failed: Option<String>,
    /// Answers of another kind than 200, or 429 and 503 with `Retry-After`.
    pub(crate) surprises: Vec<String>,
}

type All = Arc<Mutex<BTreeMap<Node, Seen>>>;

pub(crate) struct Questions {
    all: All,
    tasks: Vec<JoinHandle<()>>,
}

impl Questions {
    pub(super) fn ask(apis: Vec<(Node, String)>) -> Self {
        let all = All::default();
        let ask = |(node, url)| tokio::spawn(ask(node, url, all.clone()));
        Self {
            tasks: apis.into_iter().map(ask).collect(),
            all,
        }
    }

    pub(crate) fn seen(&self) -> BTreeMap<Node, Seen> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }
}

impl Drop for Questions {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn ask(node: Node, url: String, all: All) {
    let url = format!("{url}/api/v1/metrics/summary?from=now-1h&to=now");
    loop {
        let asked = Instant::now();
        let answer = http::get(&url).await;
        let took = asked.elapsed();
        {
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(node).or_default().note(answer, took);
        }
        sleep(INTERVAL).await;
    }
}

impl Seen {
    fn note(&mut self, answer: io::Result<Answer>, took: Duration) {
        self.asked += 1;
        self.longest = self.longest.max(took);
        match answer {
            Ok(answer) => {
                self.refused += u64::from(answer.status == 503);
                if let Some(what) = surprise(&answer)
                    && self.surprises.len() < 5
                {
                    self.surprises
                        .push(format!("a question is answered {what}"));
                }
            }
            Err(error) => {
                self.failed.get_or_insert_with(|| error.to_string());
            }
        }
    }
}

fn surprise(answer: &Answer) -> Option<String> {
    match (answer.status, answer.retry_after) {
        (200, _) | (429 | 503, Some(_)) => None,
        (429 | 503, None) => Some(format!("{} without Retry-After", answer.status)),
        (status, _) => Some(format!("{status}: {}", answer.json())),
    }
}
