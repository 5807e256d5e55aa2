use tokio::time::advance;

use super::*;

const POLICY: BatchPolicy = BatchPolicy {
    max_events: 500,
    max_bytes: 1 << 20,
    linger: Duration::ZERO,
};

#[tokio::test(start_paused = true)]
async fn the_time_after_a_run_was_finished_is_not_missed() {
    let limits = Limits::default();
    let settings = |limit| Settings {
        running: true,
        limit: Some(limit),
        ..Settings::default()
    };
    let mut live = Live::begin(settings(10), &limits);
    live.room = u64::MAX;
    advance(Duration::from_secs(1)).await;
    live.advance(Instant::now());
    assert_eq!(live.block(&POLICY).events, 10);
    assert!(live.finished());
    advance(Duration::from_secs(3_600)).await;
    live.apply(settings(10_000), &limits);
    live.advance(Instant::now());
    assert_eq!((live.due(), live.status.missed), (0, 0));
    advance(Duration::from_millis(100)).await;
    live.advance(Instant::now());
    assert_eq!((live.due(), live.status.missed), (100, 0));
}
