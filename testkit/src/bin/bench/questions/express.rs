//! The server that a Node programmer would write (bench/peers/express), on the same database.

use testkit::Services;

use super::asked::{Asker, questions};
use crate::{
    figure::{Figure, Unit},
    latency::percentile,
    node::NodePeer,
};

const PEER: NodePeer = NodePeer("express");
const QUESTIONS: usize = 24;

const MEASURE: &str = "query over the last 24 hours by Express and pg on the raw table, p50";
const RATIO: &str = "Express and pg, as a multiple of our time for the last 24 hours, p50";

/// `ours` is our own median for the last 24 hours, milliseconds.
pub(super) async fn figures(services: &Services, ours: f64) -> anyhow::Result<Vec<Figure>> {
    if let Some(why) = PEER.lacks() {
        return Ok(vec![Figure::missing(MEASURE, Unit::Milliseconds, why)]);
    }
    let (mut child, port) = PEER.serve(&services.variables()).await?;
    let mut asker = Asker::connect(port).await?;
    let mut took = Vec::new();
    for question in questions(1, QUESTIONS) {
        took.push(asker.ask(&question).await?.1);
    }
    child.kill().await?;
    let theirs = percentile(took.into_iter().skip(4), 0.5);
    Ok(vec![
        Figure::new(MEASURE, Unit::Milliseconds, theirs),
        Figure::new(RATIO, Unit::Ratio, theirs / ours),
    ])
}
