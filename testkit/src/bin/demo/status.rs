//! The status line of the demo.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::stage::Stage;

const REFRESH: Duration = Duration::from_millis(500);
/// Where nobody looks at a terminal, a line of its own so often.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Shows the line until the generator has stopped by itself after `duration`; for ever
/// without one.
pub(crate) async fn watch(stage: &Stage, duration: Option<Duration>) -> anyhow::Result<()> {
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{wide_msg}")?);
    let started = Instant::now();
    let mut printed = None;
    loop {
        tokio::time::sleep(REFRESH).await;
        let line = format!(
            "{} · {}",
            line(&stage.api("/pipeline").await?),
            stage.page()
        );
        bar.set_message(line.clone());
        let due = printed.is_none_or(|at: Instant| at.elapsed() >= PLAIN_EVERY);
        if bar.is_hidden() && due {
            println!("{:>4} s  {line}", started.elapsed().as_secs());
            printed = Some(Instant::now());
        }
        let over = duration.is_some_and(|duration| started.elapsed() >= duration);
        if over && stage.generator().await?["running"] == false {
            bar.finish_and_clear();
            println!("       {line}");
            return Ok(());
        }
    }
}

fn line(pipeline: &Value) -> String {
    let number = |pointer: &str| pipeline.pointer(pointer).and_then(Value::as_f64);
    let count = |pointer: &str| number(pointer).map_or("–".into(), |n| format!("{n:.0}"));
    let seconds = |pointer: &str| number(pointer).map_or("–".into(), |n| format!("{n:.1} s"));
    format!(
        "wanted {}/s · achieved {}/s · backlog {} ({}) · stored {} · duplicates {} · \
         dead-lettered {} · watermark {} ago",
        count("/rate/wanted"),
        count("/rate/achieved"),
        count("/backlog/events"),
        seconds("/backlog/seconds"),
        count("/totals/stored"),
        count("/totals/duplicates"),
        count("/totals/dead_lettered"),
        seconds("/watermark_age_seconds"),
    )
}
