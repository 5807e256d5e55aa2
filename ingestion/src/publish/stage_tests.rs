use testkit::Services;

use super::*;

async fn connected(services: &Services) -> State {
    let mut state = State::new(Publisher {
        source: Source::Collector,
        redis: services.redis.clone(),
        keys: StreamKeys::new(&services.stream.stream_key),
        policy: BatchPolicy {
            max_events: 1,
            max_bytes: 1_024,
            linger: Duration::ZERO,
        },
        max_in_flight: 8,
        on_refusal: OnRefusal::Report,
    });
    state.connected(Link::open(&services.redis).await);
    state
}

/// When it is tried again after so many failures at once, from now.
fn delay_after(state: &mut State, failures: usize, outcome: Outcome) -> Duration {
    for _ in 0..failures {
        state.failed(outcome, state.connection);
    }
    state.not_before - Instant::now()
}

const FIRST: Duration = Duration::from_millis(100);

#[tokio::test]
async fn what_fails_with_its_connection_is_one_failure() {
    let services = Services::without_schema().await;
    let mut state = connected(&services).await;
    tokio::time::pause();
    assert!(delay_after(&mut state, 8, Outcome::Unknown) <= FIRST);
    assert!(state.link.is_none());
    tokio::time::resume();
    // A late failure doesn't close the next one.
    let lost = state.connection;
    state.connected(Link::open(&services.redis).await);
    state.failed(Outcome::Unknown, lost);
    assert!(state.link.is_some());
}

#[tokio::test]
async fn what_is_refused_at_once_is_one_failure() {
    let services = Services::without_schema().await;
    let mut state = connected(&services).await;
    tokio::time::pause();
    let full = Outcome::Refused(Refusal::OutOfMemory);
    assert!(delay_after(&mut state, 8, full) <= FIRST);
    assert!(state.link.is_some());
    tokio::time::advance(FIRST).await;
    let second = delay_after(&mut state, 8, full);
    assert!(FIRST <= second && second <= 2 * FIRST, "{second:?}");
    // The connection may be lost meanwhile.
    assert!(delay_after(&mut state, 1, Outcome::Unknown) > FIRST);
    assert!(state.link.is_none());
}
