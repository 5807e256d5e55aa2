//! Live updates.
use std::sync::Arc;
use axum::Router;
use common::shutdown::Shutdown;
use crate::state::ApiState;
#[derive(Debug, Default)]
pub struct Hub;
pub fn start(_state: &ApiState, _shutdown: &Shutdown) -> Arc<Hub> { Arc::default() }
pub fn router(_state: ApiState, _hub: Arc<Hub>) -> Router { Router::new() }
