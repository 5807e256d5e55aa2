//! What a failure means for the next attempt.

use std::{collections::HashSet, time::Duration};

use tokio::time::timeout;

use super::Writer;
use crate::{
    observe,
    write::{
        failure::Failure,
        recover::{self, Search},
        session::Session,
        work::Work,
    },
};

impl Writer {
    /// Draws the consequence of a failure. True: try again at once.
    pub(super) async fn learn(&mut self, work: &mut Work, failure: Failure) -> bool {
        work.learn(&failure);
        match failure {
            Failure::Duplicate => {
                if work
                    .suspects
                    .as_ref()
                    .is_some_and(|guess| guess.were_sought)
                {
                    self.paths.missed_a_duplicate();
                }
                self.config.recent.watch(&work.batch.rows);
                true
            }
            Failure::Handled => true,
            Failure::Rebuilt => self.rotate().await,
            Failure::Data(_) => self.reject_rows(work).await,
            Failure::Retry(_) => false,
            failure => {
                self.lose_session(&failure);
                false
            }
        }
    }

    pub(super) fn lose_session(&mut self, failure: &Failure) {
        self.health.down("postgres", observe::causes(failure));
        self.session = None;
        self.name_holder = None;
    }

    async fn rotate(&mut self) -> bool {
        let Some(session) = &mut self.session else {
            return true;
        };
        match timeout(self.config.timeout, session.rotate()).await {
            Ok(Ok(())) => true,
            _ => {
                self.lose_session(&Failure::TimedOut);
                false
            }
        }
    }

    async fn reject_rows(&mut self, work: &mut Work) -> bool {
        let Some(session) = &self.session else {
            return false;
        };
        let (patience, limit) = (self.config.timeout, work.limit(self.config.timeout));
        let search = search(session, work, patience, limit).await;
        let found = !search.refused.is_empty();
        if found {
            observe::rows_refused(&self.config.lane, search.refused.len());
            work.refused.extend(search.refused);
            work.leave_out(&HashSet::new(), self.config.limits);
            // The batch gets on, though there may be more of them.
            (work.failures, work.detours) = (0, 0);
        }
        match search.broken {
            None if found => true,
            None => {
                // The culprit is none of the rows: start from a clean connection.
                self.lose_session(&Failure::TimedOut);
                false
            }
            Some(failure) => {
                work.learn(&failure);
                self.lose_session(&failure);
                found
            }
        }
    }
}

/// At once where that is possible and was never too slow, else by halves.
async fn search(session: &Session, work: &Work, patience: Duration, limit: Duration) -> Search {
    if work.timeouts == 0 {
        let at_once = recover::refused_by_table(session, &work.batch);
        let found = timeout(limit, at_once).await;
        match found.unwrap_or(Err(Failure::TimedOut)) {
            Ok(refused) if refused.is_empty() => {}
            Ok(refused) => {
                return Search {
                    refused,
                    broken: None,
                };
            }
            Err(failure) => {
                return Search {
                    refused: Default::default(),
                    broken: Some(failure),
                };
            }
        }
    }
    recover::refused_rows(session, &work.batch, patience, limit).await
}
