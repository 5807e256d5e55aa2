//! Validates each event of a body and hands the valid ones to the publisher.

use std::{collections::HashMap, time::Duration};

use axum::http::StatusCode;
use common::{
    auth::Caller,
    event::{Acceptance, Event, Violation, Violations, parse},
    http::Problem,
    time::UnixMicros,
    trace::Trace,
    wire::encode_event,
};
use serde::Serialize;
use tokio::{sync::oneshot, time::timeout};
use uuid::Uuid;

use super::{Collector, body::Received, first_seen::NotRemembered, split::split};
use crate::{
    observe,
    source::{Ack, Block, Outcome},
};

/// Reasons told in one answer.
const MAX_ERRORS: usize = 100;
/// How long a block waits for room in the publisher.
const ROOM: Duration = Duration::from_secs(2);
/// How long a body is judged, with all that it waits for.
const ALL: Duration = Duration::from_secs(10);

/// Why an event of the body was refused.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Rejection {
    /// Its place in the body, from 0.
    pub(super) index: usize,
    #[serde(flatten)]
    pub(super) violation: Violation,
}

/// A body after validation.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) accepted: usize,
    pub(super) rejected: usize,
    /// The first of them.
    pub(super) errors: Vec<Rejection>,
    pub(super) errors_total: usize,
    /// One per block on its way to the stream.
    pub(super) outcomes: Vec<oneshot::Receiver<Outcome>>,
}

pub(super) struct Judge<'c> {
    collector: &'c Collector,
    caller: &'c Caller,
    judged: Judged,
    trace: Trace,
    awaited: bool,
}

impl<'c> Judge<'c> {
    pub(super) fn new(
        collector: &'c Collector,
        caller: &'c Caller,
        trace: Trace,
        awaited: bool,
    ) -> Self {
        Self {
            awaited,
            collector,
            caller,
            trace,
            judged: Judged::default(),
        }
    }

    /// # Errors
    /// The body can't be split, it is more than the key's rate allows, or there is no room in the
    /// publisher in time.
    pub(super) async fn judge(self, body: &Received) -> Result<Judged, Problem> {
        let judged = timeout(ALL, self.judge_all(body)).await;
        judged.unwrap_or_else(|_| Err(unavailable()))
    }

    async fn judge_all(mut self, body: &Received) -> Result<Judged, Problem> {
        let events = split(&body.bytes, body.is_ndjson)?;
        self.caller.charge_events(events.len())?;
        let at_once = self.collector.policy.max_events as usize;
        for (n, part) in events.chunks(at_once).enumerate() {
            let mut valid = self.valid(part, n * at_once);
            self.remember_times(&mut valid).await?;
            self.publish(&valid).await?;
            tokio::task::yield_now().await;
        }
        observe::judged(self.judged.accepted, self.judged.rejected);
        Ok(self.judged)
    }

    /// The valid events among `part`, with whether their time was assigned here.
    fn valid<'e>(&mut self, part: &[&'e [u8]], from: usize) -> Vec<Accepted<'e>> {
        let mut valid = Vec::with_capacity(part.len());
        for (n, json) in part.iter().enumerate() {
            let acceptance = Acceptance {
                at: UnixMicros::now(),
                event_id: Uuid::now_v7(),
            };
            match parse(json, acceptance, &self.collector.limits) {
                Ok(event) => valid.push(Accepted::new(event, &acceptance)),
                Err(violations) => self.reject(from + n, &violations),
            }
        }
        self.judged.accepted += valid.len();
        valid
    }

    fn reject(&mut self, index: usize, violations: &Violations) {
        self.judged.rejected += 1;
        self.judged.errors_total += violations.as_slice().len();
        let room = MAX_ERRORS.saturating_sub(self.judged.errors.len());
        let told = violations.as_slice().iter().take(room);
        self.judged.errors.extend(told.map(|violation| Rejection {
            index,
            violation: violation.clone(),
        }));
    }

    /// An event with an id of its own and no time gets the time of its first acceptance, so
    /// that a retry has the same (occurred_at, event_id).
    async fn remember_times(&self, valid: &mut [Accepted<'_>]) -> Result<(), Problem> {
        let untimed: Vec<_> = valid
            .iter()
            .filter(|accepted| accepted.repeatable)
            .map(|accepted| (accepted.event.event_id, accepted.event.occurred_at))
            .collect();
        if untimed.is_empty() {
            return Ok(());
        }
        let first =
            self.collector
                .first_seen
                .times(&untimed)
                .await
                .map_err(|error| match error {
                    NotRemembered::Redis(error) => {
                        observe::redis_failed("first_seen", &error);
                        unavailable()
                    }
                    NotRemembered::Full(wait) => too_many_untimed(wait),
                })?;
        let first: HashMap<Uuid, UnixMicros> = first.into_iter().collect();
        for accepted in valid.iter_mut().filter(|accepted| accepted.repeatable) {
            if let Some(at) = first.get(&accepted.event.event_id) {
                accepted.event.occurred_at = *at;
            }
        }
        Ok(())
    }

    async fn publish(&mut self, valid: &[Accepted<'_>]) -> Result<(), Problem> {
        let policy = self.collector.policy;
        let mut rest = valid;
        while !rest.is_empty() {
            let mut ndjson = Vec::with_capacity((rest.len() * 384).min(policy.max_bytes));
            let mut events = 0;
            while let [accepted, others @ ..] = rest
                && policy.append(events, &mut ndjson, |out| {
                    encode_event(&accepted.event, out);
                    out.push(b'\n');
                })
            {
                events += 1;
                rest = others;
            }
            let (reply, outcome) = oneshot::channel();
            let block = Block {
                ndjson,
                events,
                ack: Ack::Request {
                    reply,
                    awaited: self.awaited,
                },
                trace: self.trace.clone(),
            };
            match timeout(ROOM, self.collector.blocks.send(block)).await {
                Ok(Ok(())) => self.judged.outcomes.push(outcome),
                _ => return Err(unavailable()),
            }
        }
        Ok(())
    }
}

fn unavailable() -> Problem {
    let detail = "the stream can't take events at present; send them again, with the same ids";
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "stream_unavailable",
        detail,
    )
    .retry_after(1)
}

fn too_many_untimed(wait: Duration) -> Problem {
    let detail = "too many events came with an event_id and without occurred_at, which has to be \
        remembered for them; send them with their occurred_at";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_untimed", detail)
        .retry_after(wait.as_secs().max(1))
}

struct Accepted<'e> {
    event: Event<'e>,
    /// It has an id from its sender and its time from us.
    repeatable: bool,
}

impl<'e> Accepted<'e> {
    fn new(event: Event<'e>, acceptance: &Acceptance) -> Self {
        let repeatable =
            event.occurred_at == acceptance.at && event.event_id != acceptance.event_id;
        Self { event, repeatable }
    }
}
