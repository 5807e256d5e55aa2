//! The api daemon: `rest` and `live` answer from `query`, which reads what the consumer wrote.

pub mod config;
pub mod error;
pub mod live;
pub mod observe;
pub mod page;
pub mod query;
pub mod rest;
pub mod state;

use std::{process::ExitCode, sync::Arc, time::Duration};

use axum::{Router, middleware};
use common::{
    admin::{self, Health},
    http::{not_found, problem_for_plain_rejections},
    shutdown::Shutdown,
    telemetry,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{config::Config, live::Hub, state::ApiState};

/// Starts everything as tracked tasks of `shutdown`; they end after it begins.
///
/// # Errors
/// An address in the configuration can't be used.
pub fn run(config: Arc<Config>, listener: TcpListener, shutdown: Shutdown) -> anyhow::Result<()> {
    telemetry::metrics();
    let app_env = &config.process.app_env;
    let dependencies = ["redis", "postgres"];
    let version = env!("CARGO_PKG_VERSION");
    let health = Health::new("api", version, app_env, &dependencies, shutdown.clone());
    let state = ApiState::start(config.clone(), health, &shutdown)?;
    let hub = live::start(&state, &shutdown);
    tracing::info!(address = %listener.local_addr()?, "listening");
    let (router, connections) = (router(state, hub), config.bind.http_max_connections);
    let stop = shutdown.clone();
    shutdown.spawn("http", async move {
        common::http::serve(listener, router, connections, stop).await
    });
    Ok(())
}

fn router(state: ApiState, hub: Arc<Hub>) -> Router {
    Router::new()
        .merge(rest::router(state.clone()))
        .merge(live::router(state.clone(), hub))
        .merge(page::router(&state.config))
        .merge(admin::router(state.health.clone()))
        .fallback(not_found)
        .method_not_allowed_fallback(rest::method_not_allowed)
        .layer(middleware::from_fn(problem_for_plain_rejections))
        .layer(middleware::from_fn_with_state(state, observe::request))
}

/// Asks the api on this machine whether it is ready.
pub async fn healthcheck(config: &Config) -> ExitCode {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", config.api.api_port)).await?;
        let request = "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await?;
        Ok::<_, std::io::Error>(head.ends_with(b" 200"))
    };
    match timeout(Duration::from_secs(2), ask).await {
        Ok(Ok(true)) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
