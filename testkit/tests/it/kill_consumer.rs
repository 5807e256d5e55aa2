//! Consumers killed with -9 again and again: everything is counted, and nothing twice.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::time::sleep;

use crate::harness::{Pipeline, verdicts::Verdicts};

const RATE: f64 = 3_000.0;
const KILLS: usize = 8;
/// Seconds between two kills; under load for about 20 s in all.
const BETWEEN: std::ops::Range<f64> = 0.8..3.2;
/// Seconds until a killed consumer is started again.
const DEAD: std::ops::Range<f64> = 0.0..1.0;

/// `SEED` in the environment, to see a failure again.
fn seed() -> u64 {
    let given = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.unwrap().as_millis() as u64 % 1_000_000_000
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_loop() {
    let seed = seed();
    println!("SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut pipeline = Pipeline::start(&["a", "b"]).await;
    let verdicts = Verdicts::watch(pipeline.api.port);
    pipeline.generate_faulty(seed, RATE).await;
    let both_at = random.random_range(0..KILLS);
    for kill in 0..KILLS {
        sleep(Duration::from_secs_f64(random.random_range(BETWEEN))).await;
        let one = ["a", "b"][random.random_range(0..2)];
        let dead: &[&'static str] = if kill == both_at { &["a", "b"] } else { &[one] };
        for name in dead {
            pipeline
                .consumers
                .get_mut(name)
                .unwrap()
                .kill()
                .await
                .unwrap();
        }
        sleep(Duration::from_secs_f64(random.random_range(DEAD))).await;
        for name in dead {
            pipeline.start_consumer(name);
        }
    }
    sleep(Duration::from_secs(1)).await;
    let run = pipeline.generated().await;
    assert_eq!(run.ambiguous, 0);
    assert!(run.sent > 30_000, "{} events are hardly load", run.sent);
    pipeline.prove(&run, run.sent).await;
    pipeline.only_the_living_remain().await;
    verdicts.were_never_bad();
}

/// One of two consumers dies and stays dead: the other takes over what it held.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_survivor_takes_over() {
    let mut pipeline = Pipeline::start(&["a", "b"]).await;
    let verdicts = Verdicts::watch(pipeline.api.port);
    pipeline.generate_faulty(3, RATE).await;
    sleep(Duration::from_secs(2)).await;
    let mut dead = pipeline.consumers.remove("a").unwrap();
    dead.kill().await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let run = pipeline.generated().await;
    pipeline.prove(&run, run.sent).await;
    pipeline.only_the_living_remain().await;
    verdicts.were_never_bad();
}
