//! A run that ends by itself, at a limit or after a duration.

use std::{convert::Infallible, time::Duration};

use common::shutdown::Shutdown;

use crate::{config::Until, control::Controls};

/// Stops the generator after the given time, and the process, where asked to, once every
/// event is settled.
pub(crate) async fn run(
    until: Until,
    controls: Controls,
    shutdown: Shutdown,
) -> Result<(), Infallible> {
    tokio::select! {
        () = end(until, controls) => if until.exit { shutdown.stop() },
        () = shutdown.stopping() => {}
    }
    Ok(())
}

async fn end(until: Until, mut controls: Controls) {
    if until.seconds.is_none() && !until.exit {
        return;
    }
    let finished = controls.status.wait_for(|status| status.finished);
    match until.seconds {
        Some(seconds) => {
            let _ = tokio::time::timeout(Duration::from_secs(seconds), finished).await;
        }
        None => drop(finished.await),
    }
    controls
        .settings
        .send_modify(|settings| settings.running = false);
    let settled = |status: &crate::source::synthetic::Status| {
        !status.settings.running
            && status.sent + status.ambiguous + status.dropped == status.generated
    };
    let _ = controls.status.wait_for(settled).await;
    if until.exit {
        let status = controls.status.borrow().clone();
        tracing::info!(
            sent = status.sent,
            ambiguous = status.ambiguous,
            missed = status.missed,
            "the run has ended"
        );
    }
}
