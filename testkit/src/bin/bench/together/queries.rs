//! A client that queries the last 24 hours meanwhile.

use std::time::Duration;

use testkit::http;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::{
    figure::{Bar, Figure, Unit},
    latency::percentile,
    pipeline::Pipeline,
};

/// Each of them, four times a second.
const EVERY: Duration = Duration::from_millis(250);
const QUERIES: [&str; 3] = [
    "summary?from=now-24h",
    "timeseries?from=now-24h",
    "breakdown?dimension=page&from=now-24h",
];

pub(crate) struct Asking {
    stop: watch::Sender<bool>,
    asked: Vec<JoinHandle<anyhow::Result<Vec<f64>>>>,
}

impl Asking {
    pub(crate) fn start(pipeline: &Pipeline) -> Self {
        let (stop, stopped) = watch::channel(false);
        let asked = QUERIES.map(|query| {
            let url = format!(
                "http://127.0.0.1:{}/api/v1/metrics/{query}",
                pipeline.api.port
            );
            tokio::spawn(ask(url, stopped.clone()))
        });
        Self {
            stop,
            asked: asked.into(),
        }
    }

    pub(crate) async fn stop(self, all_at_once: &str) -> anyhow::Result<Vec<Figure>> {
        self.stop.send_replace(true);
        let mut all = Vec::new();
        for asked in self.asked {
            all.extend(asked.await??);
        }
        let figure = |q: f64| {
            let measure = format!(
                "{all_at_once}: metric queries over the last 24 h, p{:.0}",
                q * 100.0
            );
            Figure::new(
                measure,
                Unit::Milliseconds,
                percentile(all.iter().copied(), q),
            )
        };
        let note = format!("{} queries", all.len());
        Ok(vec![
            figure(0.5),
            figure(0.99).bar(Bar::AtMost(50.0)).note(note),
        ])
    }
}

/// Milliseconds of each answer, connecting included.
async fn ask(url: String, stop: watch::Receiver<bool>) -> anyhow::Result<Vec<f64>> {
    let mut took = Vec::new();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !*stop.borrow() {
        ticks.tick().await;
        let started = Instant::now();
        http::body(&url).await?;
        took.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(took)
}
