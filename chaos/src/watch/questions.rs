//! Queries to the api during faults: it answers, or says that it can't.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{task::JoinHandle, time::sleep};

use crate::http::{self, Answer};

const INTERVAL: Duration = Duration::from_millis(400);

#[derive(Debug, Default)]
struct Seen {
    asked: u64,
    longest: Duration,
    surprises: Vec<String>,
}

pub(crate) struct Questions {
    seen: Arc<Mutex<Seen>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Questions {
    pub(crate) fn ask(urls: Vec<String>) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let ask = |url| tokio::spawn(ask(url, seen.clone()));
        Self {
            tasks: urls.into_iter().map(ask).collect(),
            seen,
        }
    }

    /// How many, the longest time an answer took, and answers of another kind than 200, or 429
    /// and 503 with `Retry-After`.
    pub(crate) fn seen(&self) -> (u64, Duration, Vec<String>) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.asked, seen.longest, seen.surprises.clone())
    }
}

impl Drop for Questions {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn ask(url: String, seen: Arc<Mutex<Seen>>) {
    let url = format!("{url}/api/v1/metrics/summary?from=now-1h&to=now");
    loop {
        let asked = Instant::now();
        let answer = http::get(&url).await;
        let took = asked.elapsed();
        {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.asked += 1;
            seen.longest = seen.longest.max(took);
            if let Ok(answer) = answer
                && let Some(what) = surprise(&answer)
                && seen.surprises.len() < 5
            {
                seen.surprises.push(format!("GET {url} answers {what}"));
            }
        }
        sleep(INTERVAL).await;
    }
}

fn surprise(answer: &Answer) -> Option<String> {
    match (answer.status, answer.retry_after) {
        (200, _) | (429 | 503, Some(_)) => None,
        (429 | 503, None) => Some(format!("{} without Retry-After", answer.status)),
        (status, _) => Some(format!("{status}: {}", answer.json())),
    }
}
