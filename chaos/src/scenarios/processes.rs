//! Daemons that are killed or asked to end.

use super::secs;
use crate::{
    fault::Node,
    scenario::{Scenario, Step},
};

const A: Node = Node::Consumer(0);

pub(super) fn all() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "consumer-killed",
            "kill -9 of a consumer, resumed at once by the same name",
            |draw| {
                vec![
                    Step::Do("kill -9", |stage| {
                        Box::pin(async move { Ok(stage.daemon(A)?.signal("KILL").await?) })
                    }),
                    Step::Dies(A, secs(5)),
                    Step::Wait(draw.seconds(0.0..2.0)),
                    Step::Start(A, vec![]),
                ]
            },
        )
        .promise(|promise| promise.recovers = secs(5))
        .short(),
        Scenario::new(
            "consumer-terminated",
            "SIGTERM: exit 0 within 10 s",
            |draw| {
                vec![
                    Step::Terminate(A),
                    Step::Wait(draw.seconds(0.2..2.0)),
                    Step::Start(A, vec![]),
                ]
            },
        )
        .promise(|promise| promise.recovers = secs(5)),
    ]
}
