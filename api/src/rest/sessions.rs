//! `/api/v1/sessions`.

use axum::{
    extract::{Path, State},
    http::{StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use common::{http::Problem, time::UnixMicros};
use serde_json::{Map, json};

use super::{
    answer::{Meta, answer},
    list::{List, Page},
    parameters::Parameters,
};
use crate::{
    error::ApiError,
    query::{range::rfc3339_in, reach, rollups::Origin, sessions},
    state::ApiState,
};

/// Events of one session that its path shows.
pub(super) const MOST_EVENTS: usize = 1_000;

pub(super) async fn sessions(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let list = List::read("sessions", &uri)?;
    let scope = &list.scope;
    let meta = Meta::new(state.watermark());
    let snapshot = state.database.snapshot().await?;
    // A cursor's range was within reach, and stays as it is for all pages though events arrive
    // late; but anybody can write one.
    let most = match &list.after {
        Some(_) => 2 * reach::MOST_GROUPED,
        None => reach::MOST_GROUPED,
    };
    let searched = reach::within_reach(&snapshot, scope.range, most).await?;
    let (rows, next) = sessions::page(
        &snapshot,
        searched,
        &scope.filter,
        list.after.as_ref(),
        list.limit as usize,
        &scope.zone,
    )
    .await?;
    snapshot.finish().await?;
    let page = Page {
        rows,
        range: searched,
        next,
        searched_from: reach::searched_from(scope.range, searched),
    };
    Ok(list.answer(meta, page))
}

pub(super) async fn session(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let parameters = Parameters::read(&uri, &["from", "to", "tz"])?;
    let range = parameters.range(UnixMicros::now())?;
    let (name, zone) = parameters.zone()?;
    if id.contains('\0') {
        let detail = "a session_id holds no NUL character";
        return Err(ApiError::parameter("session_id", detail));
    }
    let meta = Meta::new(state.watermark()).range(range, &name, &zone);
    let snapshot = state.database.snapshot().await?;
    let searched = reach::within_reach(&snapshot, range, reach::MOST_SEARCHED).await?;
    let found = sessions::details(&snapshot, searched, vec![id.clone()], &zone).await?;
    let Some(session) = found.into_iter().next() else {
        snapshot.finish().await?;
        let (from, to) = (
            rfc3339_in(searched.from, &zone),
            rfc3339_in(searched.to, &zone),
        );
        let detail = format!(
            "no event of session {id:?} from {from} to {to}; from and to say where to look"
        );
        let problem = Problem::new(StatusCode::NOT_FOUND, "unknown_session", detail);
        return Ok(problem.into_response());
    };
    let events = sessions::path(&snapshot, &session, MOST_EVENTS, &zone).await?;
    snapshot.finish().await?;
    let mut meta = meta
        .counted(Origin::Raw, Map::new())
        .with("truncated", session.events > events.len() as u64);
    if let Some(from) = reach::searched_from(range, searched) {
        meta = meta.with("searched_from", rfc3339_in(from, &zone));
    }
    let mut data = json!(session);
    data["event_count"] = session.events.into();
    data["events"] = json!(events);
    Ok(answer(data, meta))
}
