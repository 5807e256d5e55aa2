//! How long a request may take.

use std::time::Duration;

use axum::{body::Body, http::Request};
use ingestion::publish::Pressure;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};
use tower::ServiceExt as _;

use crate::keys::router;

const EVENT: &str = "{\"event_type\":\"signup\",\"user_id\":\"u\"}\n";

#[tokio::test(start_paused = true)]
async fn many_slow_blocks_dont_hold_a_request_for_ever() {
    let (blocks, mut taken) = mpsc::channel(1);
    tokio::spawn(async move {
        // Each has room in time.
        while taken.recv().await.is_some() {
            sleep(Duration::from_millis(1_900)).await;
        }
    });
    let pressure = Pressure {
        limit: None,
        ..Pressure::default()
    };
    let request = Request::post("/api/v1/events").body(Body::from(EVENT.repeat(50)));
    let start = Instant::now();
    let response = router(blocks, pressure).oneshot(request.unwrap()).await;
    assert_eq!(response.unwrap().status(), 503);
    assert_eq!(start.elapsed().as_secs(), 10);
}
