//! Queries to the api during faults: it answers, or says that it can't.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use testkit::http;
use tokio::{task::JoinHandle, time::sleep};

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

    /// How many, the longest time an answer took, and answers of another kind than 200, 429
    /// and 503.
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
        let answer = http::get_fresh(&url).await;
        let took = asked.elapsed();
        {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.asked += 1;
            seen.longest = seen.longest.max(took);
            if let Ok((status, body)) = answer
                && !matches!(status, 200 | 429 | 503)
                && seen.surprises.len() < 5
            {
                seen.surprises
                    .push(format!("GET {url} answers {status}: {body}"));
            }
        }
        sleep(INTERVAL).await;
    }
}
