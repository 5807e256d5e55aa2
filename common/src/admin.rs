//! `/health`, `/health/live`, `/health/ready` and `/metrics`, the same in every daemon.

mod part;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use serde::Serialize;

pub use self::part::Part;
use self::part::Troubles;
use crate::{shutdown::Shutdown, telemetry, time::UnixMicros};

/// Whether something the daemon needs can be used at present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Dependency {
    /// Not tried yet.
    Waiting,
    Up,
    Down {
        /// Why, for the operator.
        error: String,
    },
}

#[derive(Debug, Clone, Serialize)]
struct Entry {
    #[serde(flatten)]
    dependency: Dependency,
    since: String,
}

/// What the daemon knows of its own health; cheap to clone.
#[derive(Debug, Clone)]
pub struct Health {
    service: &'static str,
    version: &'static str,
    app_env: String,
    started: Instant,
    shutdown: Shutdown,
    dependencies: Arc<Mutex<BTreeMap<&'static str, Entry>>>,
    troubles: Arc<Mutex<Troubles>>,
    samples: Samples,
}

/// Samples gauges at each scrape.
type Sample = Box<dyn Fn(&Health) + Send + Sync>;

#[derive(Clone, Default)]
struct Samples(Arc<Mutex<Vec<Sample>>>);

impl fmt::Debug for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Samples")
    }
}

impl Samples {
    fn lock(&self) -> MutexGuard<'_, Vec<Sample>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Health {
    /// Ready once every name in `dependencies` is up, and until the shutdown begins.
    #[must_use]
    pub fn new(
        service: &'static str,
        version: &'static str,
        app_env: &str,
        dependencies: &[&'static str],
        shutdown: Shutdown,
    ) -> Self {
        let health = Self {
            service,
            version,
            app_env: app_env.to_owned(),
            started: Instant::now(),
            shutdown,
            dependencies: Arc::default(),
            troubles: Arc::default(),
            samples: Samples::default(),
        };
        for name in dependencies {
            health.set(name, Dependency::Waiting);
        }
        health
    }

    /// Records a state; a change is logged.
    pub fn set(&self, name: &'static str, dependency: Dependency) {
        let mut dependencies = self.lock();
        let known = dependencies.get(name).map(|entry| &entry.dependency);
        if known == Some(&dependency) {
            return;
        }
        match &dependency {
            Dependency::Up => tracing::info!(dependency = name, "connected"),
            Dependency::Down { error } => {
                let next = "check that it runs, its address and this login's rights";
                tracing::warn!(dependency = name, error, next, "not usable; retrying");
            }
            Dependency::Waiting => {}
        }
        let since = UnixMicros::now().to_rfc3339();
        dependencies.insert(name, Entry { dependency, since });
    }

    pub fn up(&self, name: &'static str) {
        self.set(name, Dependency::Up);
    }

    pub fn down(&self, name: &'static str, error: impl ToString) {
        let error = error.to_string();
        self.set(name, Dependency::Down { error });
    }

    #[must_use]
    pub fn is_ready(&self) -> bool {
        let all_up = self
            .lock()
            .values()
            .all(|entry| entry.dependency == Dependency::Up);
        all_up && !self.shutdown.is_stopping()
    }

    /// Each dependency, and whether it can be used.
    #[must_use]
    pub fn dependencies(&self) -> Vec<(&'static str, bool)> {
        let is_up = |entry: &Entry| entry.dependency == Dependency::Up;
        let known = self.lock();
        known.iter().map(|(name, e)| (*name, is_up(e))).collect()
    }

    /// Has `sample` set gauges each time that `/metrics` is asked for: how full something is
    /// isn't worth a clock of its own.
    pub fn sample(&self, sample: impl Fn(&Self) + Send + Sync + 'static) {
        self.samples.lock().push(Box::new(sample));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Entry>> {
        self.dependencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Serialize)]
struct Report {
    status: &'static str,
    service: &'static str,
    version: &'static str,
    environment: String,
    uptime_seconds: u64,
    dependencies: BTreeMap<&'static str, Entry>,
}

impl Health {
    fn status(&self) -> &'static str {
        if self.shutdown.is_stopping() {
            "stopping"
        } else if self.is_ready() {
            "ready"
        } else {
            "not_ready"
        }
    }

    fn report(&self) -> Report {
        Report {
            status: self.status(),
            service: self.service,
            version: self.version,
            environment: self.app_env.clone(),
            uptime_seconds: self.started.elapsed().as_secs(),
            dependencies: self.lock().clone(),
        }
    }
}

/// `/health`, `/health/live`, `/health/ready` and `/metrics`.
pub fn router<S: Clone + Send + Sync + 'static>(health: Health) -> Router<S> {
    Router::new()
        .route("/health", get(report))
        .route(
            "/health/live",
            get(|| async { Json(serde_json::json!({"status": "live"})) }),
        )
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

async fn report(State(health): State<Health>) -> impl IntoResponse {
    Json(health.report())
}

/// Without details: whoever reaches the port may ask.
async fn ready(State(health): State<Health>) -> impl IntoResponse {
    let status = if health.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(serde_json::json!({"status": health.status()})))
}

async fn metrics(State(health): State<Health>) -> impl IntoResponse {
    for sample in health.samples.lock().iter() {
        sample(&health);
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], telemetry::render())
}
