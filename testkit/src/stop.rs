//! Waits for the signal that stops a program.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Ctrl-C, `kill`, or the end of the terminal: child processes must not outlive their parent.
///
/// # Errors
/// The signals can't be listened for.
pub async fn told_to_stop() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
        _ = hang_up.recv() => Ok(()),
    }
}
