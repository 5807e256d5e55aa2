//! Controls the pipeline's own generator.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use testkit::{audit::Run, wait_for};

use crate::http;

pub(super) struct Generator {
    url: String,
}

/// What a run of the generator must have left behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Generated {
    /// Events that were made, all in all.
    pub(crate) events: u64,
    /// The rows there have to be of them, and the dead letters.
    pub(crate) unique: u64,
    pub(crate) dead_letters: u64,
    /// Events without a reply: each may be missing, and with it a row or a dead letter.
    pub(crate) unsure: u64,
}

/// Events per second when nothing else is left to do.
const HURRY: f64 = 40_000.0;
/// Until a daemon has read its keys, once it can.
const KNOWS: Duration = Duration::from_secs(10);

impl Generator {
    pub(super) async fn start(
        ingestion: &str,
        seed: u64,
        events: u64,
        rate: f64,
    ) -> anyhow::Result<Self> {
        let generator = Self {
            url: format!("{ingestion}/api/v1/generator"),
        };
        let faults = json!({"duplicates": 0.01, "late": 0.002, "out_of_order": 0.02,
            "malformed": 0.002});
        // Where the database has only just come, ingestion may not know our key yet.
        let knows = async || http::body(&generator.url).await.is_ok();
        ensure!(
            wait_for(KNOWS, knows).await,
            "ingestion doesn't know our key"
        );
        let settings = json!({"running": true, "seed": seed, "rate": rate, "limit": events,
            "users": 3_000, "faults": faults});
        generator.put(&settings).await?;
        Ok(generator)
    }

    async fn put(&self, settings: &Value) -> anyhow::Result<()> {
        let answer = http::put(&self.url, settings).await?;
        let (status, body) = (answer.status, answer.json());
        ensure!(status == 200, "PUT {} answers {status}: {body}", self.url);
        Ok(())
    }

    pub(super) async fn hurry(&self) -> anyhow::Result<()> {
        self.put(&json!({"rate": HURRY})).await
    }

    /// Waits until every event has its fate.
    pub(super) async fn finished(&self, limit: Duration) -> anyhow::Result<Generated> {
        let settled = async || {
            let Ok(view) = http::body(&self.url).await else {
                return false;
            };
            let status = &view["status"];
            let number = |name: &str| status[name].as_u64().unwrap_or_default();
            let known = number("sent") + number("ambiguous") + number("dropped");
            status["finished"] == true && known == number("generated")
        };
        ensure!(
            wait_for(limit, settled).await,
            "the generator hasn't sent all within {limit:?}"
        );
        let view = http::body(&self.url).await?;
        let run = Run::read(&view)?;
        let made = view["status"]["generated"].as_u64();
        let made = made.context("the generator counts")?;
        let truth = run.truth(made);
        Ok(Generated {
            events: made,
            unique: truth.unique,
            dead_letters: truth.dead_letters.values().sum(),
            unsure: made - run.sent,
        })
    }
}
