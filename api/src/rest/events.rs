//! `/api/v1/events`.

use std::time::Duration;

use axum::{extract::State, http::Uri, response::Response};

use super::{
    answer::Meta,
    list::{List, Page},
};
use crate::{
    error::ApiError,
    query::explorer::{self, Question},
    state::ApiState,
};

/// How long a page searches for rare events; well below the timeout of one statement.
const PATIENCE: Duration = Duration::from_millis(1_200);

pub(super) async fn events(State(state): State<ApiState>, uri: Uri) -> Result<Response, ApiError> {
    let list = List::read("events", &uri)?;
    let scope = &list.scope;
    let question = Question {
        range: scope.range,
        after: list.after,
        filter: &scope.filter,
        limit: list.limit as usize,
        zone: &scope.zone,
        patience: PATIENCE,
    };
    let meta = Meta::new(state.watermark());
    let snapshot = state.database.snapshot().await?;
    let found = explorer::page(&snapshot, &question).await?;
    snapshot.finish().await?;
    let page = Page {
        rows: found.events,
        range: scope.range,
        next: found.next,
        searched_from: found.searched_from,
    };
    Ok(list.answer(meta, page))
}
