//! The consumer that a Node programmer would write (bench/peers/node), on the same data.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use common::time::UnixMicros;
use serde::Deserialize;
use testkit::{Services, stream};
use tokio::{
    io::AsyncReadExt as _,
    process::{Child, Command},
};

use crate::{
    cpu::Meter,
    figure::{Bar, Cost, Figure, Outcome, Unit},
    node::NodePeer,
    preload::{Entries, Pages, preload},
    publish, quiet,
    round::{Round, fresh},
};

const PEER: NodePeer = NodePeer("node");
const GROUP: &str = "peer-node";
const LIMIT: Duration = Duration::from_secs(120);
/// Entries of a read that served the peer best, of 4, 8, 16 and 40: 8,000 events.
const BATCH_ENTRIES: &str = "16";
const SINGLE_ENTRIES: &str = "2000";

/// What the peer prints at its end.
#[derive(Debug, Deserialize)]
struct Done {
    first_read_ms: i64,
    events: u64,
    rejected: u64,
}

struct Peer {
    /// Events per second.
    rate: f64,
    cost: Option<Cost>,
}

pub(crate) async fn run(round: &mut Round) -> anyhow::Result<Outcome> {
    let ours = "drain, as a multiple of the Node consumer's on batch entries";
    let ours_single = "drain from single-event entries, as a multiple of the Node consumer's";
    let bars = [Bar::AtLeast(4.0), Bar::AtLeast(2.0)];
    if let Some(why) = PEER.lacks() {
        let missing = |(name, bar)| Figure::missing(name, Unit::Ratio, &why).bar(bar);
        let figures = [ours, ours_single].into_iter().zip(bars).map(missing);
        return Ok(figures.collect::<Vec<_>>().into());
    }
    let clean = round.clean().await?.drained.rate;
    let singles = round.singles().await?.drained.rate;
    let batches = on_batches(round.events).await?;
    let single = on_singles(round.events / 2).await?;
    let rate = |name, peer: &Peer| Figure::new(name, Unit::EventsPerSecond, peer.rate);
    let figures = vec![
        rate("Node consumer on batch entries", &batches),
        Figure::new(ours, Unit::Ratio, clean / batches.rate).bar(bars[0]),
        rate("Node consumer on single-event entries", &single),
        Figure::new(ours_single, Unit::Ratio, singles / single.rate).bar(bars[1]),
    ];
    Ok(Outcome {
        figures,
        costs: [batches.cost, single.cost].into_iter().flatten().collect(),
    })
}

async fn on_batches(events: u64) -> anyhow::Result<Peer> {
    let source = fresh().await?;
    publish::publish(&source, events, &[]).await?;
    drain("Node, batch entries", &source, BATCH_ENTRIES, events).await
}

async fn on_singles(events: u64) -> anyhow::Result<Peer> {
    let source = fresh().await?;
    preload(&source, events, Entries::Single, Pages::Usual).await?;
    drain(
        "Node, single-event entries",
        &source,
        SINGLE_ENTRIES,
        events,
    )
    .await
}

async fn drain(
    phase: &str,
    source: &Services,
    read_count: &str,
    events: u64,
) -> anyhow::Result<Peer> {
    quiet::wait(source).await?;
    let meter = Meter::start(source).await?;
    let mut child = PEER
        .command(&source.variables())
        .env("CONSUMER_GROUP", GROUP)
        .env("READ_COUNT", read_count)
        .stdout(Stdio::piped())
        .spawn()
        .context("can't start node")?;
    let pid = child.id().context("node has ended")?;
    acknowledged(source, &mut child).await?;
    let end = UnixMicros::now();
    let cost = match meter {
        Some(meter) => Some(meter.stop(phase, events, &[("node", pid)]).await?),
        None => None,
    };
    let done = stop(child, pid).await?;
    ensure!(
        done.events == events && done.rejected == 0,
        "of {events} events the peer stored {} and refused {}",
        done.events,
        done.rejected
    );
    let seconds = (end.as_millis() - done.first_read_ms) as f64 / 1_000.0;
    let rate = events as f64 / seconds;
    println!(
        "  {phase}: {rate:.0}/s; {}",
        cost.as_ref().map_or(String::new(), Cost::to_string)
    );
    Ok(Peer { rate, cost })
}

/// Waits until the peer has read and acknowledged everything.
async fn acknowledged(source: &Services, child: &mut Child) -> anyhow::Result<()> {
    let (mut redis, keys) = (source.redis().await, source.keys());
    let deadline = Instant::now() + LIMIT;
    while !stream::is_quiet(&mut redis, &keys, GROUP)
        .await
        .unwrap_or(false)
    {
        ensure!(child.try_wait()?.is_none(), "the peer has ended");
        ensure!(
            Instant::now() < deadline,
            "the peer takes more than {LIMIT:?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

async fn stop(mut child: Child, pid: u32) -> anyhow::Result<Done> {
    let kill = format!("kill -TERM {pid}");
    Command::new("sh").args(["-c", &kill]).status().await?;
    let mut output = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        tokio::time::timeout(LIMIT, stdout.read_to_string(&mut output)).await??;
    }
    child.wait().await?;
    serde_json::from_str(&output).with_context(|| format!("the peer printed {output:?}"))
}
