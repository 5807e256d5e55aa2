//! Deliberately broken builds: the audit must fail, or it proves nothing.

use std::time::Duration;

use crate::{
    audit::Kind,
    fault::{Fault, Node},
    scenario::{Draw, Scenario, Step},
};

const A: Node = Node::Consumer(0);
const B: Node = Node::Consumer(1);

pub(super) fn all() -> Vec<Scenario> {
    let broken = [
        (
            "broken-ack-before-commit",
            "the audit finds what was acknowledged and not written",
            "ack_before_commit=return;before_commit=10*off->return",
            Kind::Lost,
            dies_and_comes_back as fn(&mut Draw) -> Vec<Step>,
        ),
        (
            "broken-fold-before-insert",
            "the audit finds duplicates in rollups",
            "fold_before_insert=return",
            Kind::DoubleCounted,
            load_alone,
        ),
        (
            "broken-trim-too-far",
            "the audit finds entries that nobody has read",
            "trim_too_far=return",
            Kind::Lost,
            backlog,
        ),
    ];
    broken
        .map(|(name, proves, points, kind, steps)| {
            Scenario::new(name, proves, steps)
                .setup(|setup| {
                    setup.variable(A, "FAILPOINTS", points);
                    setup.variable(B, "FAILPOINTS", points);
                })
                .load(|load| load.again = 0.3)
                .promise(|promise| promise.caught_by = Some(kind))
                .short()
        })
        .into()
}

fn dies_and_comes_back(_: &mut Draw) -> Vec<Step> {
    let dies = |node| Step::Dies(node, Duration::from_secs(20));
    let back = |node| Step::Start(node, vec![]);
    vec![dies(A), dies(B), back(A), back(B)]
}

fn load_alone(_: &mut Draw) -> Vec<Step> {
    vec![Step::Wait(Duration::from_secs(1))]
}

/// While nobody can write, entries pile up in the stream.
fn backlog(_: &mut Draw) -> Vec<Step> {
    let lock = Fault::Held("BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE");
    vec![
        Step::Begin(lock),
        Step::Wait(Duration::from_secs(3)),
        // They come back as they should be, so that it becomes quiet.
        Step::Begin(Fault::Killed(A)),
        Step::Begin(Fault::Killed(B)),
        Step::Heal,
    ]
}
