//! docs/benchmarks.json: the latest figures of every scenario. Scenarios that don't run keep
//! theirs.

use std::collections::BTreeMap;

use anyhow::Context as _;
use common::time::UnixMicros;
use serde::{Deserialize, Serialize};

use crate::{figure::Outcome, machine::Machine, scenario::Scenario};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/benchmarks.json");

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Store {
    /// By name.
    scenarios: BTreeMap<String, Stored>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stored {
    /// Day of the measurement, UTC.
    pub(crate) date: String,
    pub(crate) events: u64,
    pub(crate) rounds: usize,
    #[serde(flatten)]
    pub(crate) machine: Machine,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

impl Store {
    pub(crate) fn load() -> anyhow::Result<Self> {
        match std::fs::read(PATH) {
            Ok(json) => serde_json::from_slice(&json).context(PATH),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).context(PATH),
        }
    }

    /// As it was committed last, whatever has been measured since; empty where git knows none.
    pub(crate) fn committed() -> Self {
        let output = std::process::Command::new("git")
            .args(["show", "HEAD:docs/benchmarks.json"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output();
        let json = output.map(|output| output.stdout).unwrap_or_default();
        serde_json::from_slice(&json).unwrap_or_default()
    }

    pub(crate) fn save(&self) -> anyhow::Result<()> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        std::fs::write(PATH, json).context(PATH)
    }

    pub(crate) fn get(&self, scenario: Scenario) -> Option<&Stored> {
        self.scenarios.get(&scenario.name())
    }

    pub(crate) fn put(
        &mut self,
        scenario: Scenario,
        events: u64,
        rounds: usize,
        machine: Machine,
        outcome: Outcome,
    ) {
        let mut date = UnixMicros::now().to_rfc3339();
        date.truncate("2026-11-20".len());
        let stored = Stored {
            date,
            events,
            rounds,
            machine,
            outcome,
        };
        self.scenarios.insert(scenario.name(), stored);
    }
}
