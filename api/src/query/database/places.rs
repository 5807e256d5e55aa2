//! Limits on concurrent queries.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::QueryError;

/// How many questions of a kind there may be at once, and how long each statement may take.
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Places {
    semaphore: Arc<Semaphore>,
    count: usize,
    wait: Duration,
    pub(super) limit: Duration,
}

impl Places {
    /// One more than `count` waits for `wait`.
    #[must_use]
    pub fn new(count: usize, wait: Duration, limit: Duration) -> Self {
        Self {
            semaphore: Arc::new(Semaphore::new(count)),
            count,
            wait,
            limit,
        }
    }

    /// How many are taken, of how many.
    #[must_use]
    pub fn taken(&self) -> (usize, usize) {
        (self.count - self.semaphore.available_permits(), self.count)
    }

    pub(super) async fn take(&self) -> Result<OwnedSemaphorePermit, QueryError> {
        let permit = timeout(self.wait, self.semaphore.clone().acquire_owned()).await;
        permit.ok().and_then(Result::ok).ok_or(QueryError::Busy)
    }
}
