//! Routes about the pipeline itself.

use axum::{extract::State, http::Uri, response::Response};

use super::{
    answer::{Meta, momentary},
    parameters::Parameters,
};
use crate::{
    error::ApiError,
    query::{audit, dead_letters},
    state::ApiState,
};

pub(super) async fn pipeline(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    Parameters::read(&uri, &[])?;
    let meta = Meta::new(state.watermark()).with("source", "state");
    Ok(momentary(&*state.reports.report().await, meta))
}

pub(super) async fn audit(State(state): State<ApiState>, uri: Uri) -> Result<Response, ApiError> {
    let raw = Parameters::read(&uri, &["raw"])?.flag("raw")?;
    let audit = audit::audit(&state.database, &state.stream, raw).await?;
    let meta = Meta::new(Some(audit.watermark));
    let source = if raw {
        "ledger+rollup+raw"
    } else {
        "ledger+rollup"
    };
    Ok(momentary(audit, meta.with("source", source)))
}

pub(super) async fn dead_letters(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let limit = Parameters::read(&uri, &["limit"])?.limit(50, 1_000)?;
    let meta = Meta::new(state.watermark())
        .with("source", "raw")
        .with("limit", limit);
    let snapshot = state.database.snapshot().await?;
    let letters = dead_letters::newest(&snapshot, i64::from(limit)).await?;
    snapshot.finish().await?;
    Ok(momentary(letters, meta))
}
