//! The criterion benchmarks, each measured by its process's calibration, and compared with
//! the committed figures.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::Value;
use tokio::process::Command;

use crate::{
    figure::{Bar, Figure, Outcome, Unit},
    scenario::Scenario,
    store::Store,
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const CRATES: [&str; 3] = ["common", "consumer", "ingestion"];
const CALIBRATION: &str = "calibration";
/// Half a second to warm up and one to measure each.
const CRITERION: [&str; 4] = ["--warm-up-time", "0.5", "--measurement-time", "1"];
/// Percent above the committed figure from which on it is one.
const REGRESSION: f64 = 10.0;

pub(crate) async fn run() -> anyhow::Result<Outcome> {
    let nanos = measure().await?;
    let committed = Store::committed();
    let committed = committed.get(Scenario::Micro);
    let mut outcome = Outcome::default();
    let mut regressions = Vec::new();
    for (id, nanos_each) in &nanos {
        let (process, name) = id.split_once('/').unwrap_or(("", id));
        if name == CALIBRATION {
            continue;
        }
        let calibration = nanos.get(&format!("{process}/{CALIBRATION}"));
        let calibration = calibration.with_context(|| format!("no calibration of {process}"))?;
        let figure = Figure::new(name, Unit::Calibrations, nanos_each / calibration)
            .note(format!("{nanos_each:.0} ns"));
        let known = committed.and_then(|c| c.outcome.value_of(&figure.measure));
        if let Some(regression) = known.and_then(|known| regression(&figure, known)) {
            println!("  REGRESSION {regression}");
            regressions.push(regression);
        }
        outcome.figures.push(figure);
    }
    let count = regressions.len() as f64;
    let measure = "micro-benchmarks more than 10 % slower than the committed figures";
    let figure = Figure::new(measure, Unit::Count, count).bar(Bar::AtMost(0.0));
    outcome.figures.push(if regressions.is_empty() {
        figure
    } else {
        figure.note(regressions.join("; "))
    });
    Ok(outcome)
}

fn regression(figure: &Figure, known: f64) -> Option<String> {
    let value = figure.value()?;
    let percent = (value / known - 1.0) * 100.0;
    let (unit, measure) = (figure.unit, &figure.measure);
    (percent > REGRESSION).then(|| {
        let (known, value) = (unit.text(known), unit.text(value));
        format!("{measure}: {known} → {value}, {percent:+.0} %")
    })
}

/// Nanoseconds of one element, by benchmark.
async fn measure() -> anyhow::Result<BTreeMap<String, f64>> {
    let home = std::env::temp_dir().join("tidemark-bench-criterion");
    let _ = fs::remove_dir_all(&home);
    let packages = CRATES.iter().flat_map(|name| ["-p", name]);
    // Not where the daemons are: Cargo would put them there anew, built with other features.
    let target = std::env::current_exe()?;
    let target = target.ancestors().nth(2).context("no target folder")?;
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args(["bench", "--locked", "--bench", "micro"])
        .args(packages)
        .arg("--target-dir")
        .arg(target.join("micro"))
        .arg("--")
        .args(CRITERION)
        .current_dir(ROOT)
        .env("CRITERION_HOME", &home)
        .stdin(Stdio::null())
        .output()
        .await
        .context("can't run cargo")?;
    ensure!(
        output.status.success(),
        "cargo bench failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut found = BTreeMap::new();
    for folder in results(&home) {
        let (id, nanos) = read(&folder)?;
        found.insert(id, nanos);
    }
    Ok(found)
}

/// Criterion leaves a folder `new` for each benchmark, somewhere below.
fn results(folder: &Path) -> Vec<PathBuf> {
    if folder.ends_with("new") {
        return vec![folder.to_owned()];
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir());
    folders.flat_map(|path| results(&path)).collect()
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    /// Nanoseconds of an iteration.
    point_estimate: f64,
}

#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
    throughput: Option<Value>,
}

fn read(folder: &Path) -> anyhow::Result<(String, f64)> {
    let estimates: Estimates = serde_json::from_slice(&fs::read(folder.join("estimates.json"))?)?;
    let benchmark: Benchmark = serde_json::from_slice(&fs::read(folder.join("benchmark.json"))?)?;
    let elements = benchmark.throughput.and_then(|of| of["Elements"].as_f64());
    let nanos = estimates.median.point_estimate / elements.unwrap_or(1.0);
    Ok((benchmark.full_id, nanos))
}
