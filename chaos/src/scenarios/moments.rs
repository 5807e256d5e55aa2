//! Connections to the database that fail where it matters most.

use super::{network::net, secs};
use crate::{
    fault::{Nodes, Service},
    proxy::{Moment, Toxic},
    scenario::{Promise, Scenario},
};

pub(super) fn all() -> Vec<Scenario> {
    let at = |name, proves, toxic, seconds| {
        net(
            name,
            proves,
            Service::Postgres,
            Nodes::Consumers,
            toxic,
            seconds,
        )
    };
    let in_copy = Moment::InCopy(2_000);
    vec![
        at(
            "black-hole-in-copy",
            "a black hole in the middle of COPY",
            Toxic::BlackHoleAt(in_copy),
            16..18,
        )
        .promise(noticed_by_one),
        at(
            "black-hole-before-commit",
            "a black hole that swallows COMMIT",
            Toxic::BlackHoleAt(Moment::BeforeCommit),
            16..18,
        )
        .promise(noticed_by_one),
        at(
            "black-hole-after-commit",
            "a black hole that swallows COMMIT's answer",
            Toxic::BlackHoleAt(Moment::AfterCommit),
            16..18,
        )
        .promise(noticed_by_one)
        .short(),
        at(
            "reset-in-copy",
            "connections break in COPY, again and again",
            Toxic::ResetAt(in_copy),
            3..6,
        ),
        at(
            "reset-before-commit",
            "connections break before COMMIT, again and again",
            Toxic::ResetAt(Moment::BeforeCommit),
            3..6,
        ),
        at(
            "reset-after-commit",
            "unknown outcome, again and again: counted once",
            Toxic::ResetAt(Moment::AfterCommit),
            3..6,
        )
        .short(),
    ]
}

const fn noticed_by_one(promise: &mut Promise) {
    promise.one_not_ready = Some((Nodes::Consumers, secs(15)));
}
