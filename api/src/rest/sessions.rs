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
    asked::filtered,
    cursor::{self, Cursor},
    parameters::Parameters,
};
use crate::{
    error::ApiError,
    query::{
        range::rfc3339_in,
        reach,
        rollups::Origin,
        sessions::{self, Position},
    },
    state::ApiState,
};

pub(super) const MOST: u32 = 1_000;
/// Events of one session that its path shows.
pub(super) const MOST_EVENTS: usize = 1_000;

pub(super) async fn sessions(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let allowed = ["from", "to", "tz", "filter", "limit", "cursor"];
    let parameters = Parameters::read(&uri, &allowed)?;
    let (name, zone) = parameters.zone()?;
    let limit = parameters.limit(50, MOST)?;
    let filter = parameters.filter("filter")?;
    let asked = cursor::question("sessions", &parameters, &filter);
    let cursor = Cursor::<Position>::read(&parameters, asked)?;
    let range = match &cursor {
        Some(cursor) => cursor.range(),
        None => parameters.range(UnixMicros::now())?,
    };
    let meta = Meta::new(state.watermark()).range(range, &name, &zone);
    let snapshot = state.database.snapshot().await?;
    // A cursor's range is within reach already: all its pages are of the same events.
    let searched = match &cursor {
        Some(_) => range,
        None => reach::within_reach(&snapshot, range, reach::MOST_GROUPED).await?,
    };
    let after = cursor.as_ref().map(|cursor| &cursor.after);
    let (page, next) =
        sessions::page(&snapshot, searched, &filter, after, limit as usize, &zone).await?;
    snapshot.finish().await?;
    let next = next.map(|after| Cursor::new(asked, searched, after).text());
    let mut meta = meta
        .counted(Origin::Raw, Map::new())
        .with("limit", limit)
        .with("next_cursor", next.clone());
    if let Some(from) = reach::searched_from(range, searched) {
        meta = meta.with("searched_from", rfc3339_in(from, &zone));
    }
    let mut response = answer(page, filtered(meta, &filter));
    if let Some(next) = next {
        cursor::link_next(&mut response, &uri, &next);
    }
    Ok(response)
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
