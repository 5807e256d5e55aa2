//! The collector: events from other programs, over HTTP.

mod body;
mod committed;
mod first_seen;
mod judge;
mod recall;
mod reply;
mod split;

use std::{convert::Infallible, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::post,
};
use common::{
    admin::Health,
    auth::Caller,
    event::Limits,
    http::{Problem, panicked},
    shutdown::Shutdown,
    trace::{self, Kind, Span, Trace},
};
use futures_util::FutureExt as _;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tracing::Instrument as _;

pub use committed::{CommitPoller, Commits};
pub use first_seen::{FirstSeen, NotRemembered};

use self::{body::Budget, judge::Judge};
use super::Block;
use crate::{
    observe,
    publish::{BatchPolicy, Limit, Pressure},
};

/// Bodies decoded and judged at once.
const JUDGED_AT_ONCE: usize = 8;
/// Requests with `?wait=committed` at once.
const WAITING_AT_ONCE: usize = 1_000;
/// How long a request waits for its turn, and then, its blocks handed over, for Redis.
const TURN: Duration = Duration::from_secs(5);

/// What the collector's requests share; cheap to clone.
#[derive(Debug, Clone)]
pub struct Collector {
    pub limits: Limits,
    pub policy: BatchPolicy,
    pub blocks: mpsc::Sender<Block>,
    pub pressure: watch::Receiver<Pressure>,
    pub first_seen: FirstSeen,
    pub commits: Commits,
    pub shutdown: Shutdown,
}

#[derive(Debug, Clone)]
struct Shared {
    collector: Collector,
    budget: Budget,
    turns: Arc<Semaphore>,
    waiters: Arc<Semaphore>,
}

/// `POST /api/v1/events`.
pub fn router(collector: Collector, health: &Health) -> Router {
    let shared = Shared {
        collector,
        budget: Budget::default(),
        turns: Arc::new(Semaphore::new(JUDGED_AT_ONCE)),
        waiters: Arc::new(Semaphore::new(WAITING_AT_ONCE)),
    };
    observe::permits(health, "body_bytes", &shared.budget.0, body::IN_ALL);
    observe::permits(health, "judged_requests", &shared.turns, JUDGED_AT_ONCE);
    observe::permits(health, "commit_waiters", &shared.waiters, WAITING_AT_ONCE);
    observe::first_seen(health, &shared.collector.first_seen);
    Router::new()
        .route("/api/v1/events", post(collect))
        .with_state(shared)
}

#[derive(Debug, Deserialize)]
struct Parameters {
    wait: Option<Wait>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wait {
    Committed,
}

async fn collect(
    State(shared): State<Shared>,
    Query(parameters): Query<Parameters>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let wait = parameters.wait == Some(Wait::Committed);
    let from = trace::caller(&headers);
    let mut span = Span::begin(|| "POST /api/v1/events".into(), Kind::Server, &from);
    let answer = collected(&shared, caller, wait, &headers, body, span.trace()).await;
    answer.inspect_err(|problem| {
        observe::turned_away(problem.code());
        span.fail(|| problem.code().to_owned());
    })
}

async fn collected(
    shared: &Shared,
    caller: Caller,
    wait: bool,
    headers: &HeaderMap,
    body: Body,
    trace: Trace,
) -> Result<Response, Problem> {
    room(&shared.collector.pressure.borrow())?;
    let place = wait.then(|| waiter(shared)).transpose()?;
    let body = body::read(headers, body, &shared.budget).await?;
    let turn = shared.turns.clone().acquire_owned();
    let turn = match tokio::time::timeout(TURN, turn).await {
        Ok(Ok(turn)) => turn,
        _ => return Err(busy()),
    };
    let body = body.decoded().await?;
    // What was begun is finished, even when the client leaves meanwhile.
    let (sender, receiver) = oneshot::channel();
    let collector = shared.collector.clone();
    let collect = async move {
        let answered = async {
            let judged = Judge::new(&collector, &caller, trace, wait);
            let judged = judged.judge(&body).await;
            // Others' bodies are judged while this one's entries are written and committed.
            drop((turn, body));
            reply::after(judged?, &collector, place).await
        };
        let answer = AssertUnwindSafe(answered).catch_unwind().await;
        let _ = sender.send(answer.unwrap_or_else(|_| Err(panicked())));
        Ok::<_, Infallible>(())
    };
    let shutdown = &shared.collector.shutdown;
    shutdown.spawn("collect", collect.in_current_span());
    receiver.await.unwrap_or_else(|_| Err(busy()))
}

/// # Errors
/// 503 where as many wait for commits as may.
fn waiter(shared: &Shared) -> Result<OwnedSemaphorePermit, Problem> {
    let place = shared.waiters.clone().try_acquire_owned();
    place.map_err(|_| {
        let detail = "too many requests wait until their events are committed; \
            send the same events again, with the same ids, or without wait=committed";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_waiting", detail).retry_after(5)
    })
}

fn busy() -> Problem {
    let detail = "too many requests at once; send the same events again, with the same ids";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(1)
}

/// # Errors
/// 429 where the backlog is full, 503 where Redis is full or gone.
fn room(pressure: &Pressure) -> Result<(), Problem> {
    let (status, code, detail) = match pressure.limit {
        None => return Ok(()),
        Some(Limit::Backlog) => (
            StatusCode::TOO_MANY_REQUESTS,
            "backlog_full",
            "more events wait to be stored than are allowed",
        ),
        Some(Limit::Memory) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "stream_memory_full",
            "the stream's memory is nearly full",
        ),
        Some(Limit::Disk) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "stream_disk_failed",
            "Redis can't write its disk and takes no events",
        ),
        Some(Limit::StreamIds) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "stream_ids_ahead",
            "an entry of the stream has an id of the future, and no other can have one of now \
             until the stream is moved aside",
        ),
        Some(Limit::Redis | Limit::EvictionPolicy) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "stream_unavailable",
            "the stream can't take events at present",
        ),
    };
    Err(Problem::new(status, code, detail).retry_after(pressure.retry_after_seconds))
}
