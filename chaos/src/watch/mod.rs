//! Observations during the whole run.

mod live;
mod pulse;
mod questions;
mod ready;
mod resources;
mod soak;
mod troubles;

use std::{collections::BTreeMap, time::Duration};

use anyhow::ensure;
use testkit::wait_for;

pub(crate) use live::{Held, Watcher};
pub(crate) use questions::Questions;
pub(crate) use ready::Readiness;
pub(crate) use resources::{Use, use_of};
pub(crate) use soak::Soaked;

use crate::{
    fault::Node,
    scenario::{Draw, Scenario},
    stage::Stage,
};
use live::Topic;
use pulse::Pulse;
use soak::Soak;
use troubles::troubles;

const SUBSCRIBED: Duration = Duration::from_secs(60);

/// Those who look on.
pub(crate) struct Watch {
    pub(crate) readiness: Readiness,
    pub(crate) questions: Questions,
    pub(crate) sockets: Vec<(String, Watcher)>,
    urls: BTreeMap<Node, String>,
    pulse: Pulse,
    soak: Option<Soak>,
}

impl Watch {
    pub(crate) fn start(stage: &Stage, scenario: &Scenario, draw: &mut Draw) -> Self {
        let nodes = stage.nodes();
        let urls: BTreeMap<_, _> = nodes.iter().map(|node| (*node, stage.url(*node))).collect();
        let mut apis: Vec<_> = urls.clone().into_iter().collect();
        apis.retain(|(node, _)| matches!(node, Node::Api(_)));
        let questions = Questions::ask(apis.clone());
        let mut sockets = Vec::new();
        for number in 0..apis.len() {
            let name = apis[0].0.name();
            let faithful = Watcher::start(&apis[..1], Topic::Metrics, draw.fork());
            sockets.push((name.clone(), faithful));
            let crowd = if number == 0 { scenario.setup.crowd } else { 0 };
            sockets.extend((0..crowd).map(|_| {
                let one = Watcher::start(&apis, Topic::Breakdown, draw.fork());
                (name.clone(), one)
            }));
            apis.rotate_left(1);
        }
        Self {
            questions,
            sockets,
            readiness: Readiness::watch(urls.clone()),
            soak: scenario.is_soak.then(|| Soak::start(urls.clone())),
            urls,
            pulse: Pulse::start(),
        }
    }

    pub(crate) async fn all_subscribed(&self) -> anyhow::Result<()> {
        let all = async || {
            self.sockets
                .iter()
                .all(|(_, one)| one.held().connections > 0)
        };
        ensure!(wait_for(SUBSCRIBED, all).await, "live clients don't get in");
        Ok(())
    }

    pub(crate) fn longest_pause(&self) -> Duration {
        self.pulse.longest_pause()
    }

    pub(crate) fn soaked(&self) -> Option<Soaked> {
        self.soak.as_ref().map(Soak::so_far)
    }

    /// What each node has counted since its start.
    pub(crate) async fn troubles(&self) -> BTreeMap<Node, u64> {
        troubles(&self.urls).await
    }

    pub(crate) fn note(&self, stage: &Stage) {
        let held: Vec<_> = self.sockets.iter().map(|(_, one)| one.held()).collect();
        let sum = |of: fn(&Held) -> u64| held.iter().map(of).sum::<u64>();
        let (times, recovered) = (sum(|held| held.connections), sum(|held| held.recovered));
        let away = held.iter().map(|held| held.longest_away).max();
        stage.note(&format!(
            "{} live clients subscribed {times} times and went on from their positions \
             {recovered} times; the longest one was away for {away:.1?}",
            held.len()
        ));
    }

    /// Those that run and don't say that they are ready, after a while.
    pub(crate) async fn all_ready(&self, stage: &Stage) -> Vec<Node> {
        let unready = || -> Vec<Node> {
            let running = stage.daemons.keys().copied();
            running
                .filter(|node| !self.readiness.is_ready(*node))
                .collect()
        };
        wait_for(Duration::from_secs(10), async || unready().is_empty()).await;
        unready()
    }
}
