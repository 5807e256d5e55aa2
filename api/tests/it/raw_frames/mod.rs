//! Clients that don't keep to the protocol, or don't read.

mod content;
mod corpus;
mod raw;
mod slow;

use futures_util::future::join_all;
use testkit::wait_until;

use self::raw::Raw;
use crate::support::Api;

/// Of the api's own metrics.
async fn metric(api: &Api, name: &str) -> u32 {
    api.get("/metrics").await.metric(name) as u32
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_frame_is_answered_as_the_protocol_says() {
    let api = Api::start().await.ready().await;
    let cases: Vec<_> = corpus::cases()
        .into_iter()
        .chain(content::cases())
        .collect();
    assert!(cases.len() >= 60, "{}", cases.len());
    println!("{} cases", cases.len());
    let tried = &api;
    let wrong = cases.into_iter().map(|(what, bytes, want)| async move {
        let answer = Raw::connect(tried).await.answer(&bytes, &want).await;
        (answer != want).then(|| format!("{what}: wanted {want:?}, got {answer:?}"))
    });
    let wrong: Vec<_> = join_all(wrong).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let free = async || metric(&api, "tidemark_api_sockets").await == 0;
    wait_until("all places are free", raw::LIMIT, free).await;
    api.stop().await;
}
