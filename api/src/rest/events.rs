//! `/api/v1/events`.

use std::time::Duration;

use axum::{extract::State, http::Uri, response::Response};
use common::time::UnixMicros;
use serde_json::Map;

use super::{
    answer::{Meta, answer},
    asked::filtered,
    cursor::{self, Cursor},
    parameters::Parameters,
};
use crate::{
    error::ApiError,
    query::{
        explorer::{self, Position, Question},
        range::rfc3339_in,
        rollups::Origin,
    },
    state::ApiState,
};

pub(super) const MOST: u32 = 1_000;
/// How long a page searches for rare events; well below the timeout of one statement.
const PATIENCE: Duration = Duration::from_millis(1_200);

pub(super) async fn events(State(state): State<ApiState>, uri: Uri) -> Result<Response, ApiError> {
    let allowed = ["from", "to", "tz", "filter", "limit", "cursor"];
    let parameters = Parameters::read(&uri, &allowed)?;
    let (name, zone) = parameters.zone()?;
    let limit = parameters.limit(50, MOST)?;
    let filter = parameters.filter("filter")?;
    let asked = cursor::question("events", &parameters, &filter);
    let cursor = Cursor::<Position>::read(&parameters, asked)?;
    let range = match &cursor {
        Some(cursor) => cursor.range(),
        None => parameters.range(UnixMicros::now())?,
    };
    let question = Question {
        range,
        after: cursor.map(|cursor| cursor.after),
        filter: &filter,
        limit: limit as usize,
        zone: &zone,
        patience: PATIENCE,
    };
    let meta = Meta::new(state.watermark()).range(range, &name, &zone);
    let snapshot = state.database.snapshot().await?;
    let page = explorer::page(&snapshot, &question).await?;
    snapshot.finish().await?;
    let next = page
        .next
        .map(|after| Cursor::new(asked, range, after).text());
    let searched = page.searched_from.map(|from| rfc3339_in(from, &zone));
    let mut meta = meta
        .counted(Origin::Raw, Map::new())
        .with("limit", limit)
        .with("next_cursor", next.clone());
    if let Some(from) = searched {
        meta = meta.with("searched_from", from);
    }
    let mut response = answer(page.events, filtered(meta, &filter));
    if let Some(next) = next {
        cursor::link_next(&mut response, &uri, &next);
    }
    Ok(response)
}
