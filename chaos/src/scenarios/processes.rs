//! Daemons that are killed, at fault points or anywhere, or asked to end.

use std::time::Duration;

use crate::{
    fault::{Fault, Node},
    load::Load,
    scenario::{Draw, Promise, Scenario, Setup, Step},
};

const A: Node = Node::Consumer(0);
const B: Node = Node::Consumer(1);
/// Until a daemon has come to its fault point.
const SOON: Duration = Duration::from_secs(20);

pub(super) fn all() -> Vec<Scenario> {
    let killed = [
        ("consumer-killed-after-read", "after_read=10*off->return"),
        ("consumer-killed-before-copy", "before_copy=10*off->return"),
        ("consumer-killed-in-copy", "in_copy=31*off->return"),
        (
            "consumer-killed-before-commit",
            "before_commit=10*off->return",
        ),
        (
            "consumer-killed-after-commit",
            "after_commit=10*off->return",
        ),
        ("consumer-killed-after-xack", "after_ack=10*off->return"),
    ];
    let resumed = killed.map(|(name, point)| {
        Scenario::new(
            name,
            "resumed at once by the same name",
            dies_and_comes_back,
        )
        .setup(|setup| {
            setup.variable(A, "FAILPOINTS", point);
            nobody_claims(setup);
        })
        .promise(resumes_itself)
    });
    let dead = [
        ("consumer-dead-after-read", "after_read=10*off->return"),
        (
            "consumer-dead-before-commit",
            "before_commit=10*off->return",
        ),
        ("consumer-dead-after-commit", "after_commit=10*off->return"),
    ];
    let taken_over = dead.map(|(name, point)| {
        let proves = "taken over by another consumer within 35 s";
        Scenario::new(name, proves, dies_and_is_succeeded).setup(|setup| {
            setup.variable(A, "FAILPOINTS", point);
            // The default.
            setup.variable(B, "CLAIM_IDLE_MS", "30000");
        })
    });
    resumed
        .into_iter()
        .chain(taken_over)
        .chain(others())
        .collect()
}

fn others() -> Vec<Scenario> {
    vec![
        Scenario::new("consumer-killed-after-claim", "counted once", claimer_dies).setup(|setup| {
            setup.variable(A, "FAILPOINTS", "before_commit=10*off->return");
            setup.variable(B, "FAILPOINTS", "after_claim=return");
        }),
        Scenario::new(
            "consumer-killed",
            "resumed at once by the same name",
            killed,
        )
        .setup(nobody_claims)
        .promise(resumes_itself)
        .short(),
        Scenario::new(
            "consumer-killed-anywhere",
            "counted once",
            dies_again_and_again,
        ),
        Scenario::new("consumers-killed-together", "counted once", both_die),
        Scenario::new(
            "ingestion-killed-after-xadd",
            "a client's retry changes nothing",
            collector_dies,
        )
        .setup(|setup| setup.variable(Node::Ingestion, "FAILPOINTS", "after_append=20*off->return"))
        .load(without_generator),
        Scenario::new(
            "ingestion-killed",
            "acknowledged is stored",
            collector_killed,
        )
        .load(without_generator)
        .short(),
        Scenario::new(
            "api-killed",
            "2,000 live clients are back within 10 s and hold what REST says",
            api_killed,
        )
        .setup(crowd)
        .promise(|promise| promise.comes_back = Some(Duration::from_secs(10))),
        Scenario::new("consumer-terminated", "exit 0 within 10 s", |draw| {
            terminated(draw, A)
        })
        .short(),
        Scenario::new("ingestion-terminated", "exit 0 within 10 s", |draw| {
            terminated(draw, Node::Ingestion)
        })
        .load(without_generator),
        Scenario::new(
            "api-terminated",
            "exit 0 within 10 s with 2,000 live clients, who are back within 10 s",
            |draw| terminated(draw, Node::Api(0)),
        )
        .setup(crowd)
        .promise(|promise| {
            promise.comes_back = Some(Duration::from_secs(10));
            promise.says_goodbye = Some(Node::Api(0));
        }),
    ]
}

/// In time: what the dead has read waits for its own return.
fn nobody_claims(setup: &mut Setup) {
    for node in [A, B] {
        setup.variable(node, "CLAIM_IDLE_MS", "300000");
    }
}

const fn resumes_itself(promise: &mut Promise) {
    promise.recovers = Duration::from_secs(5);
    promise.quiet = Duration::from_secs(10);
}

/// Its count dies with ingestion.
const fn without_generator(load: &mut Load) {
    (load.http, load.foreign, load.generator) = (0.7, 0.3, 0.0);
}

/// After any command of a batch.
const POINTS: [&str; 6] = [
    "after_read",
    "before_copy",
    "in_copy",
    "before_commit",
    "after_commit",
    "after_ack",
];

/// Of the node that dies; all of them turn to the other one.
const CROWD: usize = 2_000;

fn crowd(setup: &mut Setup) {
    setup.crowd = CROWD;
    for number in 0..2 {
        setup.variable(
            Node::Api(number),
            "HTTP_MAX_CONNECTIONS_PER_ADDRESS",
            "4000",
        );
        setup.variable(Node::Api(number), "LIVE_MAX_SOCKETS_PER_ADDRESS", "4000");
    }
}

fn dies_and_is_succeeded(_: &mut Draw) -> Vec<Step> {
    let taken_over = Step::TakenOver(A, Duration::from_secs(35));
    vec![Step::Dies(A, SOON), taken_over]
}

fn killed(draw: &mut Draw) -> Vec<Step> {
    Step::during(Fault::Killed(A), draw.seconds(0.0..2.0)).into()
}

fn dies_and_comes_back(draw: &mut Draw) -> Vec<Step> {
    vec![
        Step::Dies(A, SOON),
        Step::Wait(draw.seconds(0.0..1.0)),
        Step::Start(A, vec![]),
    ]
}

/// What one has read and another one has claimed is left by both.
fn claimer_dies(draw: &mut Draw) -> Vec<Step> {
    vec![
        Step::Dies(A, SOON),
        Step::Dies(B, SOON),
        Step::Wait(draw.seconds(0.0..1.0)),
        Step::Start(B, vec![]),
        Step::Wait(draw.seconds(0.0..4.0)),
        Step::Start(A, vec![]),
    ]
}

fn dies_again_and_again(draw: &mut Draw) -> Vec<Step> {
    let mut steps = vec![Step::Terminate(A)];
    for _ in 0..8 {
        let (point, passes) = (draw.pick(&POINTS), draw.number(1..12));
        let dies = format!("{point}={passes}*off->return");
        steps.extend([
            Step::Start(A, vec![("FAILPOINTS", dies)]),
            Step::Dies(A, SOON),
            Step::Wait(draw.seconds(0.0..0.5)),
        ]);
    }
    steps.push(Step::Start(A, vec![]));
    steps
}

fn both_die(draw: &mut Draw) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..3 {
        steps.push(Step::Begin(Fault::Killed(A)));
        steps.push(Step::Wait(draw.seconds(0.0..0.3)));
        steps.push(Step::Begin(Fault::Killed(B)));
        steps.push(Step::Wait(draw.seconds(0.0..1.0)));
        steps.push(Step::Heal);
        steps.push(Step::Wait(draw.seconds(0.5..2.0)));
    }
    steps
}

fn collector_dies(draw: &mut Draw) -> Vec<Step> {
    vec![
        Step::Dies(Node::Ingestion, SOON),
        Step::Wait(draw.seconds(0.0..1.0)),
        Step::Start(Node::Ingestion, vec![]),
    ]
}

fn collector_killed(draw: &mut Draw) -> Vec<Step> {
    (0..3)
        .flat_map(|_| {
            let dead = Step::during(Fault::Killed(Node::Ingestion), draw.seconds(0.0..1.0));
            dead.into_iter().chain([Step::Wait(draw.seconds(1.0..3.0))])
        })
        .collect()
}

fn api_killed(draw: &mut Draw) -> Vec<Step> {
    Step::during(Fault::Killed(Node::Api(0)), draw.seconds(0.0..2.0)).into()
}

fn terminated(draw: &mut Draw, node: Node) -> Vec<Step> {
    vec![
        Step::Wait(draw.seconds(0.0..2.0)),
        Step::Terminate(node),
        Step::Wait(draw.seconds(0.0..1.0)),
        Step::Start(node, vec![]),
    ]
}
