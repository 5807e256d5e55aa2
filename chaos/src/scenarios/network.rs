//! Faults between the daemons and their services.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::future::BoxFuture;

use super::{millis, secs};
use crate::{
    fault::{Fault, Node, Nodes, Service},
    http,
    proxy::Toxic,
    scenario::{Draw, Promise, Scenario, Step},
    stage::Stage,
};

const A: Node = Node::Consumer(0);
const B: Node = Node::Consumer(1);
const REDIS_HOLE: &str = "Redis behind a black hole: noticed within 10 s";
const POSTGRES_HOLE: &str = "PostgreSQL behind a black hole: noticed within 15 s";

pub(super) fn all() -> Vec<Scenario> {
    let redis = [redis_silent(), redis_breaks()].concat();
    [redis, postgres(), partly()].concat()
}

/// What is sent isn't answered, or not in time.
fn redis_silent() -> Vec<Scenario> {
    vec![
        net(
            "redis-black-hole",
            REDIS_HOLE,
            Service::Redis,
            Nodes::All,
            Toxic::BlackHole,
            11..14,
        )
        .promise(|promise| {
            promise.recovers = secs(5);
            promise.not_ready = vec![
                (A, secs(10)),
                (Node::Ingestion, secs(10)),
                (Node::Api(0), secs(10)),
            ];
        })
        .short(),
        // Where replies are waited for, 10 s from the cut at most.
        half_open(
            "redis-half-open",
            "Redis's machine is gone without a FIN",
            Service::Redis,
            secs(3),
        )
        .promise(|promise| promise.recovers = secs(7)),
        net(
            "redis-slow",
            "Redis slow (200 ms, 1 MB/s)",
            Service::Redis,
            Nodes::All,
            Toxic::Slow(millis(200), 1_000_000),
            8..12,
        )
        .promise(slow),
        net(
            "redis-late-replies",
            "replies come after they are given up: unknown is not lost",
            Service::Redis,
            Nodes::All,
            Toxic::LateReplies(millis(2_600)),
            6..10,
        )
        .promise(|promise| promise.not_ready = vec![(Node::Ingestion, secs(4))]),
    ]
}

fn redis_breaks() -> Vec<Scenario> {
    vec![
        net(
            "redis-resets",
            "connections to Redis are reset",
            Service::Redis,
            Nodes::All,
            Toxic::Reset,
            1..3,
        ),
        net(
            "redis-refuses",
            "nothing listens where Redis was",
            Service::Redis,
            Nodes::All,
            Toxic::Refuse,
            3..9,
        )
        .promise(|promise| {
            promise.recovers = secs(3);
            promise.refuses = Some(secs(1));
            promise.not_ready = vec![
                (Node::Ingestion, secs(2)),
                (A, secs(2)),
                (Node::Api(0), secs(3)),
            ];
        }),
        net(
            "redis-cut-in-an-answer",
            "connections break in the middle of an answer",
            Service::Redis,
            Nodes::All,
            Toxic::CutAfter(30_000),
            4..8,
        ),
    ]
}

fn postgres() -> Vec<Scenario> {
    let service = Service::Postgres;
    vec![
        net(
            "postgres-black-hole",
            POSTGRES_HOLE,
            service,
            Nodes::All,
            Toxic::BlackHole,
            16..19,
        )
        .promise(|promise| promise.not_ready = vec![(A, secs(15)), (Node::Api(0), secs(15))]),
        // Noticed within 15 s, resumed 5 s later.
        half_open(
            "postgres-half-open",
            "PostgreSQL's machine is gone without a FIN",
            service,
            secs(0),
        )
        .promise(|promise| promise.recovers = secs(20)),
        net(
            "postgres-resets",
            "connections to PostgreSQL are reset",
            service,
            Nodes::All,
            Toxic::Reset,
            1..3,
        )
        .promise(|promise| promise.recovers = secs(5)),
        net(
            "postgres-refuses",
            "nothing listens where PostgreSQL was",
            service,
            Nodes::All,
            Toxic::Refuse,
            3..9,
        )
        .promise(|promise| {
            promise.recovers = secs(5);
            promise.not_ready = vec![(A, secs(3)), (Node::Api(0), secs(3))];
        }),
        net(
            "postgres-slow",
            "PostgreSQL slow (40 ms, 4 MB/s)",
            service,
            Nodes::All,
            Toxic::Slow(millis(40), 4_000_000),
            8..12,
        )
        .promise(slow),
        net(
            "postgres-cut-in-an-answer",
            "connections break in the middle of an answer",
            service,
            Nodes::All,
            Toxic::CutAfter(20_000),
            4..8,
        ),
    ]
}

fn partly() -> Vec<Scenario> {
    vec![
        cut_off(
            "one-consumer-without-redis",
            "one of two consumers is cut off; the other takes over within 35 s",
            Service::Redis,
            11..14,
            Step::TakenOver(A, secs(35)),
        )
        .promise(|promise| promise.not_ready = vec![(A, secs(10))])
        // As by default: what it holds is taken over within 35 s.
        .setup(|setup| setup.variable(B, "CLAIM_IDLE_MS", "30000")),
        // It goes on reading, and holds something all the time.
        cut_off(
            "one-consumer-without-postgres",
            "one of two consumers is cut off; the other takes over",
            Service::Postgres,
            16..19,
            Step::Do("the other takes over", has_claimed),
        )
        .promise(|promise| promise.not_ready = vec![(A, secs(15))]),
        Scenario::new(
            "a-zombie-returns",
            "one that was given up for dead wakes up: counted once",
            |draw| {
                let fault = Fault::Stopped(A);
                let mut steps = Step::during(fault.clone(), draw.seconds(8.0..11.0)).to_vec();
                steps.push(Step::Wait(draw.seconds(0.5..2.0)));
                steps.extend(Step::during(fault, draw.seconds(6.0..9.0)));
                steps
            },
        ),
        net(
            "api-without-postgres",
            "questions are refused, not kept waiting",
            Service::Postgres,
            Nodes::Apis,
            Toxic::BlackHole,
            8..12,
        )
        .promise(|promise| promise.refuses_questions = Some(Nodes::Apis)),
        net(
            "api-without-redis",
            "questions are answered from the database alone",
            Service::Redis,
            Nodes::Apis,
            Toxic::BlackHole,
            11..14,
        )
        .promise(|promise| promise.not_ready = vec![(Node::Api(0), secs(10))]),
    ]
}

/// What is slow is no failure.
const fn slow(promise: &mut Promise) {
    promise.is_noticed = false;
}

/// Nothing ends it: what is connected anew works, and what was cut has to be given up.
fn half_open(
    name: &'static str,
    proves: &'static str,
    service: Service,
    time: Duration,
) -> Scenario {
    Scenario::new(name, proves, move |draw| {
        let pause = draw.seconds(0.0..1.0);
        let fault = Fault::Net(service, Nodes::All, Toxic::HalfOpen);
        [vec![Step::Wait(pause)], Step::during(fault, time).to_vec()].concat()
    })
    .promise(|promise| promise.every_lane = true)
}

/// A black hole for one of two consumers, until it is `seen` what the other one does about it.
fn cut_off(
    name: &'static str,
    proves: &'static str,
    service: Service,
    seconds: std::ops::Range<u64>,
    seen: Step,
) -> Scenario {
    let seconds = seconds.start as f64..seconds.end as f64;
    Scenario::new(name, proves, move |draw| {
        let fault = Fault::Net(service, Nodes::One(A), Toxic::BlackHole);
        let [begin, wait, end] = Step::during(fault, draw.seconds(seconds.clone()));
        vec![begin, wait, seen.clone(), end]
    })
}

fn has_claimed(stage: &mut Stage) -> BoxFuture<'_, anyhow::Result<()>> {
    Box::pin(async move {
        let metrics = http::metrics(&stage.url(B)).await.context("it answers")?;
        let claimed = http::number(&metrics, "tidemark_consumer_claimed_entries_total");
        ensure!(claimed.is_some_and(|count| count > 0), "{claimed:?}");
        Ok(())
    })
}

/// One toxic, for as long as the seed says.
pub(super) fn net(
    name: &'static str,
    proves: &'static str,
    service: Service,
    nodes: Nodes,
    toxic: Toxic,
    seconds: std::ops::Range<u64>,
) -> Scenario {
    let seconds = seconds.start as f64..seconds.end as f64;
    Scenario::new(name, proves, move |draw: &mut Draw| {
        let time = draw.seconds(seconds.clone());
        let pause = draw.seconds(0.0..1.0);
        let fault = Fault::Net(service, nodes, toxic);
        [vec![Step::Wait(pause)], Step::during(fault, time).to_vec()].concat()
    })
}
