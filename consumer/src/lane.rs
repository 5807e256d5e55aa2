//! A lane: reader → decoder → writer → acknowledger, with bounded channels between them. Lanes
//! share nothing but a cache of recent ids for predicting duplicates.

use std::{convert::Infallible, sync::Arc};

use common::{admin::Health, backoff::Backoff, shutdown::Shutdown, wire::StreamKeys};
use tokio::sync::mpsc;
use tokio_postgres::Client;

use crate::{
    ack::{self, AckConfig},
    config::Config,
    decode, observe,
    read::{Reader, ReaderConfig},
    write::{Recent, Writer, WriterConfig, free_lane_name},
};

/// Runs read ahead of the decoder.
const RUNS: usize = 1;
/// Finished batches before the writer; the decoder bounds the batches in memory, too.
const BATCHES: usize = 1;
/// Commits before the acknowledger.
const COMMITS: usize = 4;

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
            spawn_stages(&config, recent, health, &outer, lane, name_holder);
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
        match free_lane_name(&config.postgres, &host, number).await {
            Ok(name) => return Some(name),
            Err(error) => {
                let error = observe::with_cause(&error);
                observe::start_failed("lane_name", &error);
                health.down("postgres", error);
            }
        }
        tokio::select! {
            () = shutdown.stopping() => return None,
            () = backoff.wait() => {}
        }
    }
}

fn spawn_stages(
    config: &Config,
    recent: Arc<Recent>,
    health: Health,
    shutdown: &Shutdown,
    lane: String,
    name_holder: Client,
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
        recent,
    };
    let (runs_in, runs) = mpsc::channel(RUNS);
    let (batches_in, batches) = mpsc::channel(BATCHES);
    let (committed_in, committed) = mpsc::channel(COMMITS);

    observe::remembered(&ack.lane, 0, 1);
    observe::channel(&health, &ack.lane, "batches", &batches_in);
    observe::channel(&health, &ack.lane, "commits", &committed_in);

    let reader = Reader::new(reader, health.clone()).run(runs_in, shutdown.clone());
    let decoder = decode::decode(runs, batches_in, config.consumer.batch_policy(), limits);
    let writer =
        Writer::new(writer, health, name_holder).run(batches, committed_in, shutdown.clone());
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
