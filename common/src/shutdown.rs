//! Stopping in two phases: first "take nothing new and finish what you hold", then, when a
//! deadline has passed, "drop it".

use std::{
    convert::Infallible,
    future::Future,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    signal::unix::{SignalKind, signal},
    time::{Instant, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Handed to every task; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    soft: CancellationToken,
    began: Arc<OnceLock<Instant>>,
    hard: CancellationToken,
    tasks: TaskTracker,
    failed: Arc<AtomicBool>,
}

impl Shutdown {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins to stop on SIGTERM or SIGINT.
    ///
    /// # Errors
    /// The signal handlers can't be installed.
    pub fn on_signals(&self) -> std::io::Result<()> {
        let (mut terminate, mut interrupt) = (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        );
        let shutdown = self.clone();
        tokio::spawn(async move {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            tracing::info!(signal = name, "stopping");
            shutdown.stop();
        });
        Ok(())
    }

    /// Asks every task to finish.
    pub fn stop(&self) {
        self.began.get_or_init(Instant::now);
        self.soft.cancel();
    }

    /// For some of the tasks: stops with this one, and may stop before it.
    #[must_use]
    pub fn part(&self) -> Self {
        Self {
            soft: self.soft.child_token(),
            began: Arc::default(),
            ..self.clone()
        }
    }

    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Completes when the first phase begins.
    pub async fn stopping(&self) {
        self.soft.cancelled().await;
    }

    /// Completes when the first phase has lasted for `grace`.
    pub async fn overdue(&self, grace: Duration) {
        self.stopping().await;
        sleep_until(*self.began.get_or_init(Instant::now) + grace).await;
    }

    /// Completes when the second phase begins.
    pub async fn aborting(&self) {
        self.hard.cancelled().await;
    }

    /// A tracked task. One that ends with an error or a panic stops the process.
    pub fn spawn<F, E>(&self, name: &'static str, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let shutdown = self.clone();
        let inner = tokio::spawn(async move { task.await.map_err(|error| error.to_string()) });
        self.tasks.spawn(async move {
            let abort = inner.abort_handle();
            let outcome = tokio::select! {
                outcome = inner => outcome,
                () = shutdown.hard.cancelled() => {
                    abort.abort();
                    return;
                }
            };
            let error = match outcome {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error,
                Err(panic) => panic.to_string(),
            };
            tracing::error!(task = name, error, "task failed; stopping");
            shutdown.failed.store(true, Ordering::Release);
            shutdown.stop();
        });
    }

    /// A tracked task that may be dropped anywhere: it ends when the first phase begins.
    pub fn spawn_until_stop<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let shutdown = self.clone();
        self.spawn(name, async move {
            tokio::select! {
                () = shutdown.stopping() => {}
                () = task => {}
            }
            Ok::<_, Infallible>(())
        });
    }

    /// Waits for the first phase to begin and for all tasks to end. Those still running when
    /// `deadline` has passed are aborted.
    ///
    /// # Errors
    /// A task failed, or had to be aborted.
    pub async fn finished(&self, deadline: Duration) -> Result<(), Unclean> {
        self.stopping().await;
        self.tasks.close();
        let in_time = tokio::time::timeout(deadline, self.tasks.wait()).await;
        if in_time.is_err() {
            tracing::error!(?deadline, "tasks did not finish in time; aborting them");
            self.hard.cancel();
            self.tasks.wait().await;
        }
        if in_time.is_err() || self.failed.load(Ordering::Acquire) {
            return Err(Unclean);
        }
        Ok(())
    }
}

/// A task failed or had to be aborted; the log says which.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a task failed or did not finish in time")]
pub struct Unclean;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_tasks_are_awaited() {
        let shutdown = Shutdown::new();
        let done = Arc::new(AtomicBool::new(false));
        let (task, flag) = (shutdown.clone(), done.clone());
        shutdown.spawn("slow", async move {
            task.stopping().await;
            tokio::time::sleep(Duration::from_secs(5)).await;
            flag.store(true, Ordering::Release);
            Ok::<_, Infallible>(())
        });
        shutdown.stop();
        shutdown.finished(Duration::from_secs(10)).await.unwrap();
        assert!(done.load(Ordering::Acquire));
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_past_the_deadline_is_aborted_and_reported() {
        let shutdown = Shutdown::new();
        shutdown.spawn("stuck", std::future::pending::<Result<(), Infallible>>());
        shutdown.stop();
        assert!(shutdown.finished(Duration::from_secs(10)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_overdue_counts_from_the_stop() {
        let (shutdown, grace) = (Shutdown::new(), Duration::from_secs(4));
        shutdown.stop();
        tokio::time::sleep(Duration::from_secs(3)).await;
        let asked = Instant::now();
        shutdown.overdue(grace).await;
        assert_eq!(asked.elapsed().as_secs(), 1);
        shutdown.overdue(grace).await;
        assert_eq!(asked.elapsed().as_secs(), 1);
    }

    #[test]
    fn a_part_stops_alone_or_with_all() {
        let (shutdown, part) = (Shutdown::new(), Shutdown::new().part());
        part.stop();
        assert!(part.is_stopping() && !shutdown.is_stopping());
        let part = shutdown.part();
        shutdown.stop();
        assert!(part.is_stopping());
    }

    #[tokio::test]
    async fn a_failing_task_stops_the_process() {
        for panics in [false, true] {
            let shutdown = Shutdown::new();
            shutdown.spawn("failing", async move {
                assert!(!panics, "on purpose");
                Err("on purpose")
            });
            assert!(shutdown.finished(Duration::from_secs(10)).await.is_err());
        }
    }
}
