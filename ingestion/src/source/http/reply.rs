//! The response to a request, once the outcome of its events is known.

use std::time::Duration;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use common::http::Problem;
use serde::Serialize;
use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    time::{Instant, timeout_at},
};

use super::{
    Collector, TURN,
    judge::{Judged, Rejection},
};
use crate::{
    place::Place,
    source::{Outcome, Refusal},
};

/// How long `?wait=committed` waits.
const COMMIT_DEADLINE: Duration = Duration::from_secs(10);

#[derive(Debug, Serialize)]
struct Answer<'a> {
    accepted: usize,
    rejected: usize,
    /// The first hundred reasons.
    errors: &'a [Rejection],
    /// How many reasons there were.
    errors_total: usize,
    /// Whether the accepted events are in the database; only with `?wait=committed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    committed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// Waits for the commits where a `waiter`'s place is given, and keeps it meanwhile.
///
/// # Errors
/// 422 where every event was refused; 503 where Redis didn't take them all or didn't reply.
pub(super) async fn after(
    mut judged: Judged,
    collector: &Collector,
    waiter: Option<OwnedSemaphorePermit>,
) -> Result<Response, Problem> {
    if judged.accepted == 0 {
        return Err(all_refused(&judged));
    }
    let places = stored(std::mem::take(&mut judged.outcomes)).await;
    let places = places.map_err(|code| not_stored(code, collector))?;
    let committed = match &waiter {
        Some(_) => Some(collector.commits.wait_for(places, COMMIT_DEADLINE).await),
        None => None,
    };
    let status = if committed == Some(true) {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let note =
        (committed == Some(false)).then_some("accepted, and not known to be in the database yet");
    let answer = Answer {
        accepted: judged.accepted,
        rejected: judged.rejected,
        errors: &judged.errors,
        errors_total: judged.errors_total,
        committed,
        note,
    };
    Ok((status, Json(answer)).into_response())
}

/// The entries that hold the events.
///
/// # Errors
/// The code of why not all are stored, or known to be after [`TURN`].
async fn stored(outcomes: Vec<oneshot::Receiver<Outcome>>) -> Result<Vec<Place>, &'static str> {
    let mut places = Vec::with_capacity(outcomes.len());
    let mut failure = None;
    let deadline = Instant::now() + TURN;
    for outcome in outcomes {
        match timeout_at(deadline, outcome).await {
            Ok(Ok(Outcome::Stored(place))) => places.push(place),
            Ok(Ok(Outcome::Refused(refusal))) => failure = Some(code_of(refusal)),
            Ok(Ok(Outcome::Unknown) | Err(_)) | Err(_) => failure = Some("outcome_unknown"),
        }
    }
    failure.map_or(Ok(places), Err)
}

fn not_stored(code: &'static str, collector: &Collector) -> Problem {
    let wait = collector.pressure.borrow().retry_after_seconds;
    let detail = "not all events are known to be in the stream; \
        send them again with the same event_id, which counts none twice";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(wait)
}

const fn code_of(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::OutOfMemory => "stream_memory_full",
        Refusal::DiskFailed => "stream_disk_failed",
        Refusal::Unavailable => "stream_unavailable",
    }
}

fn all_refused(judged: &Judged) -> Problem {
    let detail = "no event of the body satisfies the contract";
    let errors = serde_json::to_value(&judged.errors).unwrap_or_default();
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "all_events_refused",
        detail,
    )
    .with("accepted", 0)
    .with("rejected", judged.rejected)
    .with("errors", errors)
    .with("errors_total", judged.errors_total)
}

#[cfg(test)]
mod tests {
    use common::wire::EntryId;
    use tokio::time::sleep;

    use super::*;

    const PLACE: Place = Place {
        entry: EntryId { ms: 1, seq: 0 },
        life: None,
        payload: None,
    };

    /// Outcomes of blocks that are known after so many seconds.
    fn known_after(seconds: &[u64]) -> Vec<oneshot::Receiver<Outcome>> {
        let known = seconds.iter().map(|seconds| {
            let (sender, outcome) = oneshot::channel();
            let wait = Duration::from_secs(*seconds);
            tokio::spawn(async move {
                sleep(wait).await;
                sender.send(Outcome::Stored(PLACE))
            });
            outcome
        });
        known.collect()
    }

    #[tokio::test(start_paused = true)]
    async fn all_blocks_together_are_waited_for_as_long_as_one() {
        let start = Instant::now();
        assert_eq!(stored(known_after(&[4, 1, 4])).await, Ok(vec![PLACE; 3]));
        assert_eq!(start.elapsed().as_secs(), 4);
        let start = Instant::now();
        let late = stored(known_after(&[4, 8, 12])).await;
        assert_eq!(
            (late, start.elapsed().as_secs()),
            (Err("outcome_unknown"), 5)
        );
    }
}
