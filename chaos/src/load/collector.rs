//! A well-behaved client of `POST /api/v1/events`: it sends ids, and retries with the same ones.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::time::sleep;

use super::{Ledger, event, pace::Schedule};
use crate::{http, scenario::Draw};

/// Events of one body.
const BODY: usize = 200;
const FIRST_WAIT: Duration = Duration::from_millis(150);
const LAST_WAIT: Duration = Duration::from_secs(1);

/// The codes of refusals for want of Redis, or of keys.
const LACKS: [&str; 3] = [
    "stream_unavailable",
    "stream_disk_failed",
    "keys_unavailable",
];

/// One request, as its client saw it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) sent: Instant,
    pub(crate) took: Duration,
    /// `None` where none came.
    pub(crate) status: Option<u16>,
    /// Seconds, where it says when to ask again.
    pub(crate) retry_after: Option<u64>,
    /// Of a refusal; else empty.
    pub(crate) code: String,
}

impl Answer {
    /// Whether it says that something the collector stands on can't be used.
    pub(crate) fn lacks(&self) -> bool {
        LACKS.contains(&&*self.code)
    }
}

/// Of all clients.
#[derive(Debug, Default)]
pub(crate) struct Answers(Mutex<Vec<Answer>>);

impl Answers {
    fn add(&self, answer: Answer) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(answer);
    }

    pub(crate) fn all(&self) -> Vec<Answer> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

pub(super) struct Client {
    pub(super) url: String,
    pub(super) ledger: Arc<Ledger>,
    pub(super) answers: Arc<Answers>,
    pub(super) schedule: Schedule,
    pub(super) gives_up: bool,
    pub(super) again: f64,
    pub(super) draw: Draw,
}

impl Client {
    pub(super) async fn run(mut self) -> anyhow::Result<()> {
        while self.schedule.next(BODY as u64).await {
            let (mut ids, mut body) = (Vec::with_capacity(BODY), String::new());
            for _ in 0..BODY {
                let id = event::id(&mut self.draw);
                ids.push(id.as_u128());
                event::write(id, &mut self.draw, &mut body);
                body.push('\n');
            }
            let mut wait = FIRST_WAIT;
            while !self.post(&ids, &body).await && !self.gives_up {
                sleep(wait).await;
                wait = (wait * 2).min(LAST_WAIT);
            }
            if self.draw.chance(self.again) {
                self.post(&ids, &body).await;
            }
        }
        Ok(())
    }

    /// Whether it was acknowledged.
    async fn post(&self, ids: &[u128], body: &str) -> bool {
        self.ledger.sent(ids);
        let sent = Instant::now();
        let posted = http::post(&self.url, "application/x-ndjson", body.to_owned());
        let answer = posted.await.ok();
        let body = answer.as_ref().map(http::Answer::json).unwrap_or_default();
        let status = answer.as_ref().map(|answer| answer.status);
        self.answers.add(Answer {
            sent,
            took: sent.elapsed(),
            status,
            retry_after: answer.and_then(|answer| answer.retry_after),
            code: body["code"].as_str().unwrap_or_default().to_owned(),
        });
        match status {
            Some(202) if body["accepted"] == ids.len() => {
                self.ledger.acknowledged(ids);
                return true;
            }
            Some(429) => self.ledger.refused(ids),
            None | Some(503 | 408) => self.ledger.unknown(ids),
            Some(status) => self.surprised(ids, status, &body),
        }
        false
    }

    fn surprised(&self, ids: &[u128], status: u16, body: &Value) {
        self.ledger.unknown(ids);
        let what = format!("the collector answers {status}: {body}");
        self.ledger.surprise(what);
    }
}
