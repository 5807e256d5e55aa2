//! Ingestion killed with -9 in the middle: what it acknowledged is stored, and what its
//! clients send again is stored once.

use std::{collections::HashSet, time::Duration};

use testkit::{audit, audit::Run};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::harness::{
    LIMIT, Pipeline, QUIET,
    client::{self, Sent},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_generator_had_acknowledged_is_stored() {
    let mut pipeline = Pipeline::start(&["a"]).await;
    pipeline.generate_faulty(11, 10_000.0).await;
    sleep(Duration::from_secs(2)).await;
    let run = Run::read(&pipeline.generator().await).unwrap();
    pipeline.ingestion.kill().await.unwrap();
    // It appends in the order in which it generates: what Redis took is the run's beginning.
    let accepted = pipeline.accepted().await;
    assert!(accepted >= run.sent, "{accepted} of {}", run.sent);
    assert!(run.sent > 1_000);
    pipeline.prove(&run, accepted).await;
    pipeline.restart_ingestion().await;
    audit::quiet(&pipeline.services, QUIET).await.unwrap();
    assert_eq!(pipeline.get("/audit?raw=true").await["verdict"], "balanced");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_of_the_same_ids_changes_nothing() {
    let mut pipeline = Pipeline::start(&["a"]).await;
    let clients: Vec<_> = (0..4)
        .map(|_| tokio::spawn(send_until_it_is_gone(pipeline.collector())))
        .collect();
    sleep(Duration::from_secs(2)).await;
    pipeline.ingestion.kill().await.unwrap();
    let (mut acknowledged, mut unknown) = (Vec::new(), Vec::new());
    for client in clients {
        let (known, rest) = timeout(LIMIT, client).await.unwrap().unwrap();
        acknowledged.extend(known);
        unknown.extend(rest);
    }
    assert!(acknowledged.len() > 500 && !unknown.is_empty());
    audit::quiet(&pipeline.services, QUIET).await.unwrap();
    let ids = |events: &[Sent]| events.iter().map(|event| event.id).collect::<HashSet<_>>();
    let (stored, rows) = stored(&pipeline).await;
    assert!(
        ids(&acknowledged).is_subset(&stored),
        "acknowledged and not stored"
    );
    assert_eq!(stored.len(), rows);

    pipeline.restart_ingestion().await;
    let all = [acknowledged, unknown].concat();
    let url = format!("{}?wait=committed", pipeline.collector());
    for _ in 0..2 {
        for batch in all.chunks(500) {
            assert_eq!(client::post(&url, batch).await, Some(200));
        }
    }
    let (stored, rows) = self::stored(&pipeline).await;
    assert_eq!((&stored, rows), (&ids(&all), all.len()));
    let summary = pipeline.get("/metrics/summary").await;
    assert_eq!(summary["events"], all.len());
    let audit = pipeline.get("/audit?raw=true").await;
    assert_eq!(audit["verdict"], "balanced", "{audit}");
}

/// Ids in the table, and its rows.
async fn stored(pipeline: &Pipeline) -> (HashSet<Uuid>, usize) {
    let db = pipeline.services.db().await;
    let rows = db.query("SELECT event_id FROM events", &[]).await.unwrap();
    (rows.iter().map(|row| row.get(0)).collect(), rows.len())
}

/// Posts batches of ten until nobody answers: those acknowledged, and those that got no
/// answer.
async fn send_until_it_is_gone(url: String) -> (Vec<Sent>, Vec<Sent>) {
    let mut acknowledged = Vec::new();
    loop {
        let batch: Vec<_> = (0..10).map(|_| Sent::new()).collect();
        match client::post(&url, &batch).await {
            Some(202) => acknowledged.extend(batch),
            Some(status) => panic!("answered with {status}"),
            None => return (acknowledged, batch),
        }
    }
}
