//! One line on the terminal.

use std::{convert::Infallible, io::IsTerminal as _, time::Duration};

use common::shutdown::Shutdown;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::{sync::watch, time::sleep};

use crate::{control::Controls, publish::Pressure};

const INTERVAL: Duration = Duration::from_millis(200);

/// Shows what the generator does, where standard error is a terminal.
pub(crate) async fn run(
    controls: Controls,
    pressure: watch::Receiver<Pressure>,
    shutdown: Shutdown,
) -> Result<(), Infallible> {
    if !std::io::stderr().is_terminal() {
        return Ok(());
    }
    let line = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        line.set_style(style);
    }
    while !shutdown.is_stopping() {
        line.set_message(text(&controls, *pressure.borrow()));
        line.tick();
        sleep(INTERVAL).await;
    }
    line.finish();
    Ok(())
}

fn text(controls: &Controls, pressure: Pressure) -> String {
    let status = controls.status.borrow();
    let held = status
        .paused_by
        .map_or_else(String::new, |limit| format!(" · held by {limit:?}"));
    format!(
        "wanted {:.0}/s · achieved {:.0}/s · sent {} · missed {} · ambiguous {} · backlog {}{held}",
        status.wanted_rate,
        status.achieved_rate,
        status.sent,
        status.missed,
        status.ambiguous,
        pressure.backlog_events,
    )
}
