//! The generator's controls: `GET` and `PUT /api/v1/generator`, and its report in Redis.

mod patch;
mod report;

use std::time::Duration;

use axum::{Json, Router, body::Body, extract::State, http::StatusCode, routing::get};
use common::http::{Problem, whole_body};
use serde::Serialize;
use tokio::{sync::watch, time::timeout};

pub(crate) use report::run as report;

use crate::source::synthetic::{MAX_SEGMENTS, Settings, Status};

/// How long a change may take to be in effect.
const EFFECT: Duration = Duration::from_millis(500);
const MAX_BODY: usize = 64 * 1024;

/// Both ends of the generator's controls; cheap to clone.
#[derive(Debug, Clone)]
pub struct Controls {
    /// What the generator is asked to do; send only valid settings.
    pub settings: watch::Sender<Settings>,
    pub status: watch::Receiver<Status>,
}

/// The generator as `GET /api/v1/generator` shows it.
#[derive(Debug, Clone, Serialize)]
pub struct View {
    #[serde(flatten)]
    pub settings: Settings,
    pub status: Status,
}

impl Controls {
    /// What the generator works by, and how far it is.
    #[must_use]
    pub fn view(&self) -> View {
        let status = self.status.borrow().clone();
        View {
            settings: status.settings.clone(),
            status,
        }
    }
}

pub fn router(controls: Controls) -> Router {
    Router::new()
        .route("/api/v1/generator", get(show).put(change).patch(change))
        .with_state(controls)
}

async fn show(State(controls): State<Controls>) -> Json<View> {
    Json(controls.view())
}

async fn change(State(controls): State<Controls>, body: Body) -> Result<Json<View>, Problem> {
    let body = whole_body(body, MAX_BODY).await?;
    let segments = controls.status.borrow().segments.len();
    let mut outcome = None;
    controls.settings.send_if_modified(|current| {
        match patch::apply(current, &body).and_then(|new| allowed(current, new, segments)) {
            Ok(new) => {
                let changed = *current != new;
                current.clone_from(&new);
                outcome = Some(Ok(new));
                changed
            }
            Err(problem) => {
                outcome = Some(Err(problem));
                false
            }
        }
    });
    let Some(wanted) = outcome.transpose()? else {
        return Ok(Json(controls.view()));
    };
    let mut status = controls.status.clone();
    let in_effect = status.wait_for(|status| status.settings == wanted);
    if !matches!(timeout(EFFECT, in_effect).await, Ok(Ok(_))) {
        let detail = "the change was taken and is not in effect yet; ask again";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_in_effect", detail);
        return Err(problem.retry_after(1));
    }
    Ok(Json(controls.view()))
}

fn allowed(current: &Settings, new: Settings, segments: usize) -> Result<Settings, Problem> {
    let same_run = current.seed == new.seed;
    if same_run && segments >= MAX_SEGMENTS && current.population() != new.population() {
        let detail = "this run's population has changed 1000 times; \
            begin another run with another seed";
        return Err(
            Problem::new(StatusCode::CONFLICT, "too_many_segments", detail)
                .with("pointer", "/seed"),
        );
    }
    Ok(new)
}
