//! A lane: reader → decoder → writer → acknowledger, with bounded channels between them. Lanes
//! share nothing but a cache of recent ids for predicting duplicates.

use std::{convert::Infallible, sync::Arc, time::Duration};

use common::{admin::Health, backoff::Backoff, shutdown::Shutdown, wire::StreamKeys};
use tokio::{sync::mpsc, time::timeout};
use tokio_postgres::Client;

use crate::{
    ack::{self, AckConfig},
    config::Config,
    decode, observe,
    read::{Reader, ReaderConfig},
    write::{Ended, Recent, Writer, WriterConfig, free_lane_name},
};

/// Runs read ahead of the decoder.
const RUNS: usize = 1;
/// Finished batches before the writer; the decoder bounds the batches in memory, too.
const BATCHES: usize = 1;
/// Commits before the acknowledger.
const COMMITS: usize = 4;
/// To find a free name.
const NAME_TIMEOUT: Duration = Duration::from_secs(10);
/// Of the time for a shutdown, for the batches in hand.
const STOP_SHARE: u32 = 2;
/// A lost name is asked for so long at least.
const LEAST_PATIENCE: Duration = Duration::from_secs(5);

/// Starts the lane of this number, under its own name or another free one of this host.
pub(crate) fn start(
    number: usize,
    config: Config,
    recent: Arc<Recent>,
    health: Health,
    shutdown: &Shutdown,
) {
    let outer = shutdown.clone();
    shutdown.spawn("lane", async move {
        if let Some((lane, name_holder)) = take_name(number, &config, &health, &outer).await {
            spawn_stages(number, config, recent, health, &outer, (lane, name_holder));
        }
        Ok::<_, Infallible>(())
    });
}

async fn take_name(
    number: usize,
    config: &Config,
    health: &Health,
    shutdown: &Shutdown,
) -> Option<(String, Client)> {
    let mut backoff = Backoff::default();
    let host = config.consumer.host();
    loop {
        let name = tokio::select! {
            () = shutdown.stopping() => return None,
            name = timeout(NAME_TIMEOUT, free_lane_name(&config.postgres, &host, number)) => name,
        };
        let error = match name {
            Ok(Ok(name)) => return Some(name),
            Ok(Err(error)) => observe::causes(&error),
            Err(late) => late.to_string(),
        };
        observe::start_failed("lane_name", &error);
        health.down("postgres", error);
        tokio::select! {
            () = shutdown.stopping() => return None,
            () = backoff.wait() => {}
        }
    }
}

fn spawn_stages(
    number: usize,
    config: Config,
    recent: Arc<Recent>,
    health: Health,
    shutdown: &Shutdown,
    (lane, name_holder): (String, Client),
) {
    let keys = StreamKeys::new(&config.stream.stream_key);
    let limits = config.stream.limits();
    let group = config.stream.consumer_group.clone();
    let reader = ReaderConfig {
        redis: config.redis.clone(),
        keys: keys.clone(),
        group: group.clone(),
        consumer: lane.clone(),
        claim_idle: config.consumer.claim_idle(),
    };
    let ack = AckConfig {
        redis: config.redis.clone(),
        keys,
        group,
        lane: lane.clone(),
    };
    let writer = WriterConfig {
        postgres: config.postgres.clone(),
        stream_key: config.stream.stream_key.clone(),
        lane,
        limits,
        max_values: config.consumer.rollup_max_values,
        folds: config.folds,
        timeout: config.consumer.write_timeout(),
        stop_grace: config.process.shutdown_timeout() / STOP_SHARE,
        name_patience: config.consumer.claim_idle().max(LEAST_PATIENCE),
        recent: recent.clone(),
    };
    let (runs_in, runs) = mpsc::channel(RUNS);
    let (batches_in, batches) = mpsc::channel(BATCHES);
    let (committed_in, committed) = mpsc::channel(COMMITS);

    observe::remembered(&ack.lane, 0, 1);
    observe::channel(&health, &ack.lane, "batches", &batches_in);
    observe::channel(&health, &ack.lane, "commits", &committed_in);

    let (part, all) = (shutdown.part(), shutdown.clone());
    let reader = Reader::new(reader, health.clone()).run(runs_in, part.clone());
    let decoder = decode::decode(runs, batches_in, config.consumer.batch_policy(), limits);
    let name = writer.lane.clone();
    let writer = Writer::new(writer, health.clone(), name_holder);
    let writer = async move {
        if writer.run(batches, committed_in, all.clone()).await == Ended::NameTaken {
            observe::name_taken(&name);
            observe::remembered(&name, 0, 1);
            part.stop();
            start(number, config, recent, health, &all);
        }
    };
    let acknowledger = ack::acknowledge(ack, committed, shutdown.clone());
    spawn(shutdown, "reader", reader);
    spawn(shutdown, "decoder", decoder);
    spawn(shutdown, "writer", writer);
    spawn(shutdown, "acknowledger", acknowledger);
}

fn spawn(
    shutdown: &Shutdown,
    name: &'static str,
    stage: impl Future<Output = ()> + Send + 'static,
) {
    shutdown.spawn(name, async move {
        stage.await;
        Ok::<_, Infallible>(())
    });
}
