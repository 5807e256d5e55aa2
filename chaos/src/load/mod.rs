//! The load during a fault, and its outcome as far as the senders know.

mod collector;
mod event;
mod foreign;
mod generator;
mod ledger;
mod pace;
mod poison;

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use tokio::{task::JoinHandle, time::timeout};

pub(crate) use collector::{Answer, Answers};
pub(crate) use generator::Generated;
pub(crate) use ledger::{Entries, Fate, Ledger};

use crate::{http, scenario::Draw};
use pace::{Pace, Phase};

/// How much, how fast and of what kind. Shares add up to one.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    pub(crate) events: u64,
    /// Events per second while the steps run.
    pub(crate) rate: f64,
    /// By `POST /api/v1/events`, with ids and retries.
    pub(crate) http: f64,
    /// By XADD of a foreign program.
    pub(crate) foreign: f64,
    /// By the generator, audited by count: give it nothing where ingestion ends meanwhile, or
    /// where something may be lost.
    pub(crate) generator: f64,
    /// Share of the foreign entries' events that break the contract.
    pub(crate) poison: f64,
    /// Share of HTTP bodies that are sent a second time.
    pub(crate) again: f64,
    /// Share of HTTP clients that never send a body again, whatever the answer.
    pub(crate) giving_up: f64,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            events: 90_000,
            rate: 8_000.0,
            http: 0.4,
            foreign: 0.2,
            generator: 0.4,
            poison: 0.002,
            again: 0.05,
            giving_up: 0.25,
        }
    }
}

const HTTP_CLIENTS: usize = 4;
const FOREIGN_PROGRAMS: usize = 2;

/// For the answer to a single event.
const PROBE: Duration = Duration::from_secs(2);

/// Where the load goes.
#[derive(Debug, Clone)]
pub(crate) struct Doors {
    /// `http://127.0.0.1:<ingestion>`.
    pub(crate) ingestion: String,
    pub(crate) redis_port: u16,
    pub(crate) stream: String,
}

/// A load that runs.
pub(crate) struct Running {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) answers: Arc<Answers>,
    pace: Pace,
    rate: f64,
    clients: Vec<JoinHandle<anyhow::Result<()>>>,
    generator: Option<generator::Generator>,
    prober: tokio::sync::Mutex<Draw>,
}

impl Running {
    pub(crate) async fn start(
        load: &Load,
        doors: &Doors,
        draw: &mut Draw,
        file: &Path,
    ) -> anyhow::Result<Self> {
        let ledger = Arc::new(Ledger::open(file)?);
        let (answers, pace) = (Arc::<Answers>::default(), Pace::new());
        let share = |of: f64, among: usize| {
            let part = of / among as f64;
            ((load.events as f64 * part) as u64, load.rate * part)
        };
        let mut clients = Vec::new();
        if load.http > 0.0 {
            for number in 0..HTTP_CLIENTS {
                let (events, rate) = share(load.http, HTTP_CLIENTS);
                let client = collector::Client {
                    url: format!("{}/api/v1/events", doors.ingestion),
                    ledger: ledger.clone(),
                    answers: answers.clone(),
                    schedule: pace.schedule(events, rate),
                    gives_up: (number as f64) < load.giving_up * HTTP_CLIENTS as f64,
                    again: load.again,
                    draw: draw.fork(),
                };
                clients.push(tokio::spawn(client.run()));
            }
        }
        if load.foreign > 0.0 {
            for _ in 0..FOREIGN_PROGRAMS {
                let (events, rate) = share(load.foreign, FOREIGN_PROGRAMS);
                let program = foreign::Program {
                    doors: doors.clone(),
                    ledger: ledger.clone(),
                    schedule: pace.schedule(events, rate),
                    poison: load.poison,
                    draw: draw.fork(),
                };
                clients.push(tokio::spawn(program.run()));
            }
        }
        let generator = match share(load.generator, 1) {
            (0, _) => None,
            (events, rate) => {
                let seed = draw.number(0..1_000_000_000);
                Some(generator::Generator::start(&doors.ingestion, seed, events, rate).await?)
            }
        };
        Ok(Self {
            ledger,
            answers,
            pace,
            rate: load.rate,
            clients,
            generator,
            prober: draw.fork().into(),
        })
    }

    /// One event to the collector; whether it was acknowledged.
    pub(crate) async fn probe(&self, ingestion: &str) -> bool {
        let mut draw = self.prober.lock().await;
        let id = event::id(&mut draw);
        let mut body = String::new();
        event::write(id, &mut draw, &mut body);
        let ids = [id.as_u128()];
        self.ledger.sent(&ids);
        let url = format!("{ingestion}/api/v1/events");
        let posted = http::post(&url, "application/x-ndjson", body);
        let answer = timeout(PROBE, posted).await.ok().and_then(Result::ok);
        match answer.map(|answer| answer.status) {
            Some(202) => {
                self.ledger.acknowledged(&ids);
                return true;
            }
            Some(429) => self.ledger.refused(&ids),
            _ => self.ledger.unknown(&ids),
        }
        false
    }

    /// Sends as fast as it is taken, until it is told a rate. The generator doesn't.
    pub(crate) fn flood(&self) {
        self.pace.set(Phase::Flood);
    }

    /// From now on so many events per second; the number of events changes with them.
    pub(crate) fn steady(&self, rate: f64) {
        self.pace.scale(rate / self.rate);
        self.pace.set(Phase::Steady);
    }

    /// Sends what is left as fast as it is taken, and waits for the last answers.
    pub(crate) async fn finish(&mut self, limit: Duration) -> anyhow::Result<Option<Generated>> {
        self.pace.set(Phase::Finish);
        if let Some(generator) = &self.generator {
            generator.hurry().await?;
        }
        for client in self.clients.drain(..) {
            match timeout(limit, client).await {
                Ok(ended) => ended.context("a client of the load broke")??,
                Err(_) => bail!("a client of the load still waits for its answers after {limit:?}"),
            }
        }
        self.ledger.flush().await?;
        match &self.generator {
            Some(generator) => Ok(Some(generator.finished(limit).await?)),
            None => Ok(None),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for client in &self.clients {
            client.abort();
        }
    }
}
