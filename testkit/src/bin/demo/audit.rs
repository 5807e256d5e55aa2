//! When nothing is in flight: what was sent against what every witness reports.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use testkit::audit::{self, Run};

use crate::{stage::Stage, table};

const QUIET_LIMIT: Duration = Duration::from_secs(60);

/// Waits until nothing is in flight, compares and prints; true if every number agrees.
pub(crate) async fn audit(stage: &Stage) -> anyhow::Result<bool> {
    println!("\nwaiting until nothing is in flight, then auditing");
    let run = Run::read(&stage.generator().await?)?;
    ensure!(
        run.ambiguous == 0,
        "{} events have an unknown outcome",
        run.ambiguous
    );
    let quiet = audit::quiet(&stage.services, QUIET_LIMIT).await;
    quiet.with_context(|| format!("the logs in {} say why", stage.logs.display()))?;
    let truth = run.truth(run.sent);
    let lines = audit::compare(&stage.services, stage.api_port(), &truth).await?;
    Ok(table::print(&lines))
}
