//! Whether every event is accounted for at the end.

use std::time::Duration;

use serde_json::Value;
use testkit::audit::{self, Run};

use crate::{
    figure::{Bar, Figure, Unit},
    pipeline::Pipeline,
};

const LIMIT: Duration = Duration::from_secs(60);

/// Every number, as truth, rows, rollups and REST have it.
pub(crate) async fn audit(
    pipeline: &Pipeline,
    generator: &Value,
    all_at_once: &str,
) -> anyhow::Result<Figure> {
    audit::quiet(&pipeline.services, LIMIT).await?;
    let run = Run::read(generator)?;
    let truth = run.truth(run.sent);
    let lines = audit::compare(&pipeline.services, pipeline.api.port, &truth).await?;
    let wrong = lines.iter().filter(|line| !line.agrees());
    let wrong = wrong
        .inspect(|line| println!("  differs: {line:?}"))
        .count();
    let measure = format!("{all_at_once}: audited numbers that differ");
    let figure = Figure::new(measure, Unit::Count, wrong as f64).largest();
    let note = format!("of {}", lines.len());
    Ok(figure.bar(Bar::AtMost(0.0)).note(note))
}
