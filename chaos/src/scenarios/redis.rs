//! Redis dies, fills up, forgets.

use std::time::Instant;

use anyhow::ensure;
use futures_util::future::BoxFuture;
use redis::AsyncCommands as _;

use super::{millis, secs};
use crate::{
    fault::{Fault, Node, Remains, Service},
    load::Load,
    scenario::{Promise, Scenario, Step},
    stage::{STREAM, Stage},
};

const A: Node = Node::Consumer(0);

pub(super) fn all() -> Vec<Scenario> {
    [deaths(), losses(), full(), writes_refused(), meddling()].concat()
}

fn deaths() -> Vec<Scenario> {
    vec![
        killed(
            "redis-killed-always",
            "always",
            "Redis kill -9 with appendfsync always: nothing lost",
        ),
        killed(
            "redis-killed-everysec",
            "everysec",
            "Redis kill -9 with appendfsync everysec: the last two seconds at most",
        )
        .load(without_generator)
        .promise(|promise| {
            promise.may_lose = Some(secs(3));
            promise.verdicts = SET_BACK;
        })
        .short(),
        Scenario::new(
            "redis-killed-again-and-again",
            "Redis kill -9 with appendfsync always, five times: nothing lost",
            |draw| {
                let mut steps = Vec::new();
                for _ in 0..5 {
                    let fault = Fault::RedisKilled(Remains::Everything);
                    steps.extend(Step::during(fault, draw.seconds(0.0..1.5)));
                    steps.push(Step::Wait(draw.seconds(0.5..2.0)));
                }
                steps
            },
        )
        .setup(|setup| setup.fsync = "always"),
        Scenario::new(
            "redis-restarted",
            "Redis stops by SIGTERM and starts again",
            |draw| Step::during(Fault::RedisStopped, draw.seconds(1.0..4.0)).to_vec(),
        )
        .promise(|promise| {
            promise.recovers = secs(3);
            promise.not_ready = vec![(Node::Ingestion, secs(2))];
        }),
        Scenario::new(
            "redis-frozen",
            "Redis hangs with its connections open",
            |draw| Step::during(Fault::Frozen(Service::Redis), draw.seconds(4.0..9.0)).to_vec(),
        )
        .promise(|promise| {
            promise.recovers = secs(5);
            promise.not_ready = vec![(Node::Ingestion, secs(4)), (Node::Api(0), secs(4))];
        }),
    ]
}

fn killed(name: &'static str, fsync: &'static str, proves: &'static str) -> Scenario {
    Scenario::new(name, proves, |draw| {
        let fault = Fault::RedisKilled(Remains::Everything);
        Step::during(fault, draw.seconds(2.0..7.0)).to_vec()
    })
    .setup(|setup| setup.fsync = fsync)
    .promise(|promise| {
        promise.recovers = secs(3);
        promise.refuses = Some(secs(1));
        promise.not_ready = vec![(Node::Ingestion, secs(2)), (A, secs(3))];
    })
}

fn losses() -> Vec<Scenario> {
    vec![
        lossy(
            "redis-set-back",
            "a machine's crash with everysec: the last two seconds at most",
            Remains::Until(secs(2)),
        )
        .promise(|promise| promise.verdicts = SET_BACK),
        lossy(
            "redis-empty",
            "Redis comes back with nothing on its disk: only what wasn't read",
            Remains::Nothing,
        )
        .short(),
    ]
}

/// What was stored and is gone from Redis's counters shows as more than was accepted.
const SET_BACK: &[&str] = &["balanced", "overcounted"];

/// What of the generator is lost isn't known by name.
const fn without_generator(load: &mut Load) {
    (load.http, load.foreign, load.generator) = (0.6, 0.4, 0.0);
}

fn lossy(name: &'static str, proves: &'static str, remains: Remains) -> Scenario {
    Scenario::new(name, proves, move |draw| {
        Step::during(Fault::RedisKilled(remains), draw.seconds(0.2..3.0)).to_vec()
    })
    .load(without_generator)
    .promise(|promise| {
        promise.recovers = secs(3);
        promise.may_lose = Some(secs(3));
    })
}

/// Less than an empty Redis takes: it refuses whatever needs memory.
const NO_MEMORY: Fault = Fault::Redis(&["CONFIG SET maxmemory 1mb"], &["CONFIG SET maxmemory 1gb"]);

/// Consumers make room although Redis refuses whatever needs memory.
fn is_drained(stage: &mut Stage) -> BoxFuture<'_, anyhow::Result<()>> {
    Box::pin(async move {
        let redis = stage.redis().await?;
        let left = || async { redis.clone().xlen(STREAM).await };
        let is_drained = testkit::wait_for(secs(10), || async { left().await == Ok(0) }).await;
        ensure!(is_drained, "entries are left: {:?}", left().await);
        Ok(())
    })
}

fn full() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "redis-memory-full",
            "Redis at maxmemory: 503 from 85 %, draining goes on",
            |draw| {
                vec![
                    Step::Begin(NO_MEMORY),
                    Step::Wait(draw.seconds(4.0..8.0)),
                    Step::Do("draining goes on", is_drained),
                    Step::End(NO_MEMORY),
                ]
            },
        )
        .promise(|promise| {
            promise.recovers = secs(3);
            promise.refuses = Some(secs(1));
        }),
        Scenario::new(
            "redis-full-at-start",
            "Redis is full and has no group when consumers start: they drain it",
            |draw| {
                let (a, b) = (Fault::Killed(A), Fault::Killed(Node::Consumer(1)));
                let destroyed = Fault::Redis(&["XGROUP DESTROY events timescale-writer"], &[]);
                vec![
                    Step::Begin(a.clone()),
                    Step::Begin(b.clone()),
                    Step::Begin(destroyed),
                    Step::Wait(draw.seconds(1.0..4.0)),
                    Step::Begin(NO_MEMORY),
                    Step::End(a),
                    Step::End(b),
                    Step::Do("they drain it", is_drained),
                    Step::End(NO_MEMORY),
                ]
            },
        )
        .promise(|promise| promise.recovers = secs(3)),
        Scenario::new(
            "redis-fills-up",
            "the database is away and Redis fills up: refused, not lost",
            |draw| {
                let tight =
                    Fault::Redis(&["CONFIG SET maxmemory 8mb"], &["CONFIG SET maxmemory 1gb"]);
                vec![
                    Step::Begin(tight),
                    Step::Begin(Fault::PostgresStopped("INT")),
                    Step::Wait(draw.seconds(8.0..12.0)),
                    Step::End(Fault::PostgresStopped("INT")),
                    Step::Wait(secs(4)),
                ]
            },
        )
        .promise(|promise| {
            promise.recovers = secs(5);
            promise.refuses_by = Some("stream_memory_full");
        }),
    ]
}

fn writes_refused() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "redis-disk-full",
            "Redis's disk is full (MISCONF): 503, reading waits, nothing is lost",
            |draw| Step::during(Fault::DiskFull(Service::Redis), draw.seconds(5.0..8.0)).to_vec(),
        )
        .setup(|setup| setup.small_disks = true)
        .promise(writes_are_refused),
        Scenario::new(
            "redis-snapshot-fails",
            "a failed snapshot stops writes (MISCONF): 503, reading waits, nothing is lost",
            |draw| {
                let snapshot = Fault::Redis(&["BGSAVE"], &["BGSAVE"]);
                let [fails, wait, succeeds] = Step::during(snapshot, draw.seconds(5.0..8.0));
                vec![
                    Step::Do("Redis may not write to its folder", |stage| {
                        Box::pin(async move { Ok(stage.redis_server.may_write(false)?) })
                    }),
                    fails,
                    wait,
                    Step::Do("it may again", |stage| {
                        Box::pin(async move { Ok(stage.redis_server.may_write(true)?) })
                    }),
                    succeeds,
                ]
            },
        )
        .setup(|setup| setup.redis = &["stop-writes-on-bgsave-error yes", "save 3600 1000000000"])
        .promise(writes_are_refused),
        Scenario::new(
            "redis-evicts",
            "another eviction policy than noeviction: refused while it lasts",
            |draw| {
                let evicts = Fault::Redis(
                    &["CONFIG SET maxmemory-policy allkeys-lru"],
                    &["CONFIG SET maxmemory-policy noeviction"],
                );
                Step::during(evicts, draw.seconds(3.0..6.0)).to_vec()
            },
        )
        .promise(|promise| {
            promise.recovers = secs(3);
            promise.refuses = Some(secs(1));
            promise.not_ready = vec![(Node::Ingestion, secs(2))];
        }),
    ]
}

/// Neither to read nor to acknowledge is possible without writing; who can hand on nothing is sent
/// no traffic.
fn writes_are_refused(promise: &mut Promise) {
    promise.recovers = secs(5);
    promise.refuses = Some(secs(4));
    promise.not_ready = vec![(Node::Ingestion, secs(4)), (A, secs(4))];
}

fn meddling() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "group-destroyed",
            "somebody destroys the consumer group: made again at 0",
            |draw| {
                let destroyed = Fault::Redis(&["XGROUP DESTROY events timescale-writer"], &[]);
                Step::during(destroyed, draw.seconds(1.0..3.0)).to_vec()
            },
        )
        .promise(|promise| promise.recovers = secs(3)),
        Scenario::new(
            "connections-killed",
            "somebody ends all of Redis's connections, again and again",
            |draw| {
                let mut steps = Vec::new();
                for _ in 0..6 {
                    let killed = Fault::Redis(
                        &[
                            "CLIENT KILL TYPE normal SKIPME yes",
                            "CLIENT KILL TYPE pubsub",
                        ],
                        &[],
                    );
                    steps.extend(Step::during(killed, draw.seconds(0.2..1.2)));
                }
                steps
            },
        ),
        Scenario::new(
            "entries-trimmed",
            "unread entries trimmed by somebody: reported as lost, the rest goes on",
            |draw| {
                // Nobody reads meanwhile, so that there is something to trim.
                let (a, b) = (Fault::Stopped(A), Fault::Stopped(Node::Consumer(1)));
                vec![
                    Step::Begin(a),
                    Step::Begin(b),
                    Step::Wait(draw.seconds(1.0..2.0)),
                    Step::Begin(Fault::Redis(&["XTRIM events MAXLEN 50"], &[])),
                    Step::Do("what is trimmed is lost", |stage| {
                        Box::pin(async move {
                            stage.crashes.push(Instant::now());
                            Ok(())
                        })
                    }),
                    Step::Wait(millis(300)),
                    Step::Heal,
                ]
            },
        )
        .load(without_generator)
        .promise(|promise| {
            promise.may_lose = Some(secs(4));
            promise.verdicts = &["lost"];
        }),
    ]
}
