//! PostgreSQL dies, refuses, waits.

use anyhow::ensure;
use futures_util::future::BoxFuture;

use super::{millis, secs};
use crate::{
    fault::{Fault, Node, Nodes, Service},
    proxy::{Moment, Toxic},
    scenario::{Scenario, Step},
    stage::Stage,
};

const A: Node = Node::Consumer(0);

pub(super) fn all() -> Vec<Scenario> {
    [deaths(), disks(), conflicts(), waits()].concat()
}

fn deaths() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "postgres-killed",
            "PostgreSQL kill -9: resumed within 5 s",
            |draw| Step::during(Fault::PostgresKilled, draw.seconds(4.0..7.0)).to_vec(),
        )
        .promise(|promise| {
            promise.recovers = secs(5);
            promise.not_ready = vec![(A, secs(3))];
        })
        .short(),
        Scenario::new(
            "postgres-restarted-in-copy",
            "immediate restart in the middle of COPY",
            |draw| {
                let hole = Fault::Net(
                    Service::Postgres,
                    Nodes::Consumers,
                    Toxic::BlackHoleAt(Moment::InCopy(2_000)),
                );
                let stopped = Fault::PostgresStopped("QUIT");
                vec![
                    Step::Begin(hole.clone()),
                    Step::Wait(draw.seconds(0.3..1.0)),
                    Step::Begin(stopped.clone()),
                    Step::End(hole),
                    Step::End(stopped),
                ]
            },
        )
        .promise(|promise| promise.recovers = secs(5))
        .short(),
        Scenario::new("postgres-restarted", "a fast restart, twice", |draw| {
            let stopped = Fault::PostgresStopped("INT");
            let mut steps = Step::during(stopped.clone(), draw.seconds(0.0..2.0)).to_vec();
            steps.push(Step::Wait(draw.seconds(0.5..2.0)));
            steps.extend(Step::during(stopped, draw.seconds(0.0..2.0)));
            steps
        })
        .promise(|promise| promise.recovers = secs(5)),
        Scenario::new(
            "postgres-frozen",
            "PostgreSQL hangs with its connections open",
            |draw| {
                let time = draw.seconds(16.0..19.0);
                Step::during(Fault::Frozen(Service::Postgres), time).to_vec()
            },
        )
        .promise(|promise| promise.not_ready = vec![(A, secs(15)), (Node::Api(0), secs(15))]),
        Scenario::new(
            "sessions-ended",
            "all sessions are ended, again and again",
            |draw| {
                let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE application_name LIKE 'tidemark%'";
                let mut steps = Vec::new();
                for _ in 0..8 {
                    steps.extend(Step::during(Fault::Sql(end, ""), draw.seconds(0.1..1.2)));
                }
                steps
            },
        )
        .promise(|promise| promise.recovers = secs(5)),
    ]
}

fn disks() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "postgres-disk-full",
            "the disk is full, log included: resumed within 5 s",
            |draw| {
                Step::during(Fault::DiskFull(Service::Postgres), draw.seconds(3.0..7.0)).to_vec()
            },
        )
        .setup(|setup| setup.small_disks = true)
        .promise(|promise| promise.recovers = secs(5)),
        Scenario::new(
            "postgres-refuses-for-space",
            "53100 on every write: retried, nothing dead-lettered",
            |draw| Step::during(raising("53100"), draw.seconds(4.0..7.0)).to_vec(),
        )
        .promise(|promise| {
            promise.recovers = secs(5);
            promise.not_ready = vec![(A, secs(3))];
        }),
    ]
}

/// Every commit fails with this SQLSTATE.
fn raising(code: &'static str) -> Fault {
    const END: &str = "DROP FUNCTION chaos_refuse CASCADE";
    let begin = match code {
        "53100" => {
            "CREATE FUNCTION chaos_refuse() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE 'chaos' USING ERRCODE = '53100'; END $$;
             CREATE TRIGGER chaos BEFORE INSERT ON commits EXECUTE FUNCTION chaos_refuse()"
        }
        _ => {
            "CREATE FUNCTION chaos_refuse() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN IF random() < 0.5 THEN RAISE 'chaos' USING ERRCODE = '40001'; END IF;
                    RETURN NULL; END $$;
             CREATE TRIGGER chaos BEFORE INSERT ON commits EXECUTE FUNCTION chaos_refuse()"
        }
    };
    Fault::Sql(begin, END)
}

fn conflicts() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "serialization-failures",
            "every other commit fails with 40001: retried",
            |draw| Step::during(raising("40001"), draw.seconds(4.0..7.0)).to_vec(),
        )
        .promise(|promise| promise.recovers = secs(5)),
        Scenario::new(
            "deadlocks",
            "somebody deadlocks with the lanes, again and again",
            |draw| {
                // Lanes insert into events, then into commits.
                let other = Fault::Repeated(
                    &[
                        "BEGIN",
                        "LOCK TABLE commits IN ACCESS EXCLUSIVE MODE",
                        "SELECT pg_sleep(0.2)",
                        "LOCK TABLE events IN ACCESS EXCLUSIVE MODE",
                        "ROLLBACK",
                    ],
                    millis(300),
                );
                Step::during(other, draw.seconds(6.0..10.0)).to_vec()
            },
        )
        .promise(|promise| promise.recovers = secs(5)),
    ]
}

fn waits() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "locked-for-a-minute",
            "ACCESS EXCLUSIVE lock on events for 60 s: resumed within 5 s",
            |_| {
                let lock = Fault::Held("BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE");
                Step::during(lock, secs(60)).to_vec()
            },
        )
        .promise(|promise| {
            promise.recovers = secs(5);
            promise.not_ready = vec![(A, secs(15))];
        }),
        Scenario::new(
            "slow-commits",
            "every COMMIT takes 2 s: two batches in memory at most",
            |draw| {
                let slow = Fault::Sql(
                    "CREATE FUNCTION chaos_slow() RETURNS trigger LANGUAGE plpgsql AS
                     $$ BEGIN PERFORM pg_sleep(2); RETURN NULL; END $$;
                 CREATE CONSTRAINT TRIGGER chaos AFTER INSERT ON commits
                     DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos_slow()",
                    "DROP FUNCTION chaos_slow CASCADE",
                );
                let [begin, wait, end] = Step::during(slow, draw.seconds(10.0..14.0));
                vec![
                    begin,
                    wait,
                    Step::Do("two batches a lane", two_batches),
                    end,
                ]
            },
        )
        .setup(|setup| {
            // More is sent than one lane can write, so that the rest has to stay somewhere.
            setup.consumers = 1;
            setup.variable(A, "CONSUMER_LANES", "1");
            setup.variable(A, "BATCH_MAX_EVENTS", BATCH);
            setup.variable(Node::Ingestion, "BACKLOG_MAX_EVENTS", BACKLOG);
        })
        .load(|load| {
            (load.events, load.rate) = (180_000, 12_000.0);
            // Whom a full backlog stops.
            (load.http, load.foreign, load.generator) = (0.5, 0.0, 0.5);
        })
        .promise(|promise| {
            // All compete for the room that opens.
            promise.recovers = secs(15);
            promise.is_noticed = false;
            promise.slows = true;
        }),
    ]
}

const BATCH: &str = "4000";
/// Of one read, at most: it ends at 1.5 MiB, and an event has 250 bytes and more.
const READ: u64 = 6_500;
const BACKLOG: &str = "60000";

/// One that is written and one that is full, each with the read that filled it; and a read that
/// waits for the next one, and one that waits for that. The rest of the backlog, which is full,
/// stays in Redis.
fn two_batches(stage: &mut Stage) -> BoxFuture<'_, anyhow::Result<()>> {
    let batch: u64 = BATCH.parse().unwrap_or_default();
    let backlog: u64 = BACKLOG.parse().unwrap_or_default();
    let most = 2 * (batch + READ) + 2 * READ;
    Box::pin(async move {
        let (held, waiting) = stage.in_flight().await?;
        stage.note(&format!(
            "the lane holds {held} events, {waiting} wait in Redis"
        ));
        ensure!(
            held <= most,
            "the lane holds {held} events, not {most} at most"
        );
        ensure!(
            waiting >= backlog / 4,
            "only {waiting} events wait in Redis, {held} are held"
        );
        Ok(())
    })
}
