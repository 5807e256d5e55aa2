//! Daemons that start before their services: they wait, live but not ready.

use anyhow::ensure;

use super::secs;
use crate::{
    fault::{Fault, Node},
    http,
    scenario::{Scenario, Step},
};

pub(super) fn all() -> Vec<Scenario> {
    vec![
        absent(
            "redis-absent-at-start",
            |setup| setup.redis_runs = false,
            vec![Step::Absent(Fault::RedisStopped)],
        ),
        absent(
            "postgres-absent-at-start",
            |setup| setup.postgres_runs = false,
            vec![Step::Absent(Fault::PostgresStopped("INT"))],
        ),
        absent(
            "redis-comes-first",
            |setup| (setup.redis_runs, setup.postgres_runs) = (false, false),
            vec![
                Step::Absent(Fault::PostgresStopped("INT")),
                Step::Absent(Fault::RedisStopped),
            ],
        ),
        absent(
            "postgres-comes-first",
            |setup| (setup.redis_runs, setup.postgres_runs) = (false, false),
            vec![
                Step::Absent(Fault::RedisStopped),
                Step::Absent(Fault::PostgresStopped("INT")),
            ],
        ),
        Scenario::new(
            "redis-evicts-at-start",
            "another eviction policy than noeviction: live, not ready, nothing is taken",
            |draw| {
                let evicts = Fault::Redis(&[], &["CONFIG SET maxmemory-policy noeviction"]);
                vec![
                    Step::Absent(evicts),
                    Step::Wait(draw.seconds(2.0..4.0)),
                    Step::Do("an event is refused", |stage| {
                        Box::pin(async move {
                            let url = format!("{}/api/v1/events", stage.url(Node::Ingestion));
                            let event = r#"{"event_type":"login","user_id":"u"}"#;
                            let answer =
                                http::post(&url, "application/json", event.to_owned()).await?;
                            let (status, body) = (answer.status, answer.json());
                            ensure!(status == 503, "{status}: {body}");
                            Ok(())
                        })
                    }),
                    Step::EndLast,
                ]
            },
        )
        .setup(|setup| {
            setup.is_unfit = true;
            setup.redis = &["maxmemory-policy allkeys-lru"];
        })
        .promise(|promise| {
            promise.recovers = secs(3);
            promise.not_ready = vec![(Node::Ingestion, secs(2))];
        }),
    ]
}

/// What is absent comes in the reverse order, after seconds of the seed's.
fn absent(
    name: &'static str,
    setup: impl FnOnce(&mut crate::scenario::Setup),
    absent: Vec<Step>,
) -> Scenario {
    Scenario::new(
        name,
        "absent at start, in any order: wait, live but not ready",
        move |draw| {
            let mut steps = absent.clone();
            for _ in &absent {
                steps.extend([Step::Wait(draw.seconds(2.0..6.0)), Step::EndLast]);
            }
            steps
        },
    )
    .setup(setup)
    .promise(|promise| {
        promise.recovers = secs(6);
        promise.not_ready = vec![(Node::Consumer(0), secs(2)), (Node::Api(0), secs(2))];
    })
}
