//! Read, write, acknowledge, claim and trim, checked against every order of events: consumers
//! that are killed between any two waits, connections cut before or after a command was
//! executed, commits whose outcome nobody learns, entries delivered again, claimed by others
//! or deleted by somebody. Redis and PostgreSQL are models (`read/model.rs`, `write/model`);
//! parsing of replies, decoding, batches, folding, counting, ranges of entries and what is
//! learned from a failure are production code.

mod lane;
mod world;

use lane::Stage;
use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestError, TestRunner},
};
use world::World;

const LANES: usize = 3;

/// What a build may do wrong on purpose, as the fault points of the same names make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    AckBeforeCommit,
    FoldBeforeInsert,
    TrimTooFar,
}

/// One event of an entry; few ids, so that they come again.
#[derive(Debug, Clone, Copy)]
enum Sent {
    WithId(u8),
    WithoutId,
    Poison,
}

#[derive(Debug, Clone)]
enum Op {
    Add(Vec<Sent>),
    /// One stage of a lane, to its next wait.
    Step {
        lane: usize,
        stage: Stage,
        size: usize,
    },
    /// All stages of a lane in turn.
    Run {
        lane: usize,
        steps: usize,
        size: usize,
    },
    Kill(usize),
    Start(usize),
    CutRedis {
        lane: usize,
        is_executed: bool,
    },
    CutPostgres(usize),
    Rotate(usize),
    EndOrphan {
        is_committed: bool,
    },
    /// What is pending may be claimed from now on.
    Wait,
    /// By somebody else.
    Delete(u8),
    SetBack,
}

fn op() -> impl Strategy<Value = Op> {
    let lane = || 0..LANES;
    let sent = prop_oneof![
        6 => (0..8_u8).prop_map(Sent::WithId),
        2 => Just(Sent::WithoutId),
        1 => Just(Sent::Poison),
    ];
    let stage = prop_oneof![
        Just(Stage::Reader),
        Just(Stage::Decoder),
        Just(Stage::Writer),
        Just(Stage::Acker),
    ];
    prop_oneof![
        12 => prop::collection::vec(sent, 1..4).prop_map(Op::Add),
        12 => (lane(), stage, 1..4_usize).prop_map(|(lane, stage, size)| Op::Step { lane, stage, size }),
        24 => (lane(), 1..40_usize, 1..4_usize)
            .prop_map(|(lane, steps, size)| Op::Run { lane, steps, size }),
        4 => lane().prop_map(Op::Kill),
        4 => lane().prop_map(Op::Start),
        2 => (lane(), any::<bool>())
            .prop_map(|(lane, is_executed)| Op::CutRedis { lane, is_executed }),
        2 => lane().prop_map(Op::CutPostgres),
        1 => lane().prop_map(Op::Rotate),
        3 => any::<bool>().prop_map(|is_committed| Op::EndOrphan { is_committed }),
        3 => Just(Op::Wait),
        1 => any::<u8>().prop_map(Op::Delete),
        1 => Just(Op::SetBack),
    ]
}

/// Runs `cases` of them; the first that goes wrong, made small.
fn run(cases: u32, broken: Option<Broken>) -> Result<(), TestError<Vec<Op>>> {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: if broken.is_some() { 0 } else { 4_096 },
        ..ProptestConfig::default()
    };
    TestRunner::new(config).run(&prop::collection::vec(op(), 1..60), |ops| {
        let mut world = World::new(broken);
        ops.iter().for_each(|op| world.apply(op));
        world.settle().map_err(TestCaseError::fail)?;
        world.verdict().map_err(TestCaseError::fail)
    })
}

#[test]
fn everything_is_counted_once_whatever_happens() {
    if let Err(error) = run(10_000, None) {
        panic!("{error}");
    }
}

#[test]
fn broken_builds_are_found() {
    for broken in [
        Broken::AckBeforeCommit,
        Broken::FoldBeforeInsert,
        Broken::TrimTooFar,
    ] {
        assert!(
            run(2_000, Some(broken)).is_err(),
            "{broken:?} goes unnoticed"
        );
    }
}
