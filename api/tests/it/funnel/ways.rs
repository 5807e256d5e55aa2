//! Funnels against trying every way through the steps.

use std::collections::BTreeMap;

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::{Value, json};

use super::{START, asked, post};
use crate::{
    rows::{Event, at, insert, plus},
    support::Api,
};

/// Every way through the steps: the number of steps of the longest, its end and start.
fn best(moments: &[(i64, Vec<bool>)], window: i64) -> (usize, i64, i64) {
    fn further(
        moments: &[(i64, Vec<bool>)],
        window: i64,
        way: &mut Vec<i64>,
        best: &mut (usize, i64, i64),
    ) {
        if let (Some(start), Some(end)) = (way.first().copied(), way.last().copied()) {
            let better =
                way.len() > best.0 || (way.len() == best.0 && (end, -start) < (best.1, -best.2));
            if better {
                *best = (way.len(), end, start);
            }
        }
        for (at, steps) in moments {
            let open = steps.get(way.len()) == Some(&true);
            let fits = way.last().is_none_or(|end| at > end)
                && way.first().is_none_or(|start| at - start <= window);
            if open && fits {
                way.push(*at);
                further(moments, window, way, best);
                way.pop();
            }
        }
    }
    let mut found = (0, 0, 0);
    further(moments, window, &mut Vec::new(), &mut found);
    found
}

/// The best way of each user.
fn ways(drawn: &[(i64, u32, &str)], window: i64, steps: usize) -> Vec<(usize, i64, i64)> {
    let of = |kind: &str| {
        vec![
            kind == "view",
            kind == "cart" || kind == "buy",
            kind == "buy" || kind == "other",
        ]
    };
    let mut users: BTreeMap<u32, BTreeMap<i64, Vec<bool>>> = BTreeMap::new();
    for (minute, user, kind) in drawn {
        let moment = users
            .entry(*user)
            .or_default()
            .entry(*minute)
            .or_insert(vec![false; steps]);
        moment
            .iter_mut()
            .zip(of(kind))
            .for_each(|(known, new)| *known |= new);
    }
    users
        .into_values()
        .map(|moments| best(&moments.into_iter().collect::<Vec<_>>(), window))
        .collect()
}

#[tokio::test]
async fn funnels_are_what_trying_every_way_gives() {
    let api = Api::start().await.ready().await;
    let mut runner = TestRunner::default();
    let event = (
        0..60_i64,
        0..40_u32,
        prop::sample::select(&["view", "cart", "buy", "other"][..]),
    );
    let drawn = prop::collection::vec(event, 500)
        .new_tree(&mut runner)
        .unwrap()
        .current();
    let events: Vec<_> = drawn
        .iter()
        .map(|(minute, user, kind)| {
            Event::new(plus(at(START), minute * 60), kind, &format!("u{user}"))
        })
        .collect();
    insert(&api.db, &events).await;
    // The second step takes two types, of which one is the third step's too.
    let all = [
        json!({"filter": ["is", "event_type", ["view"]]}),
        json!({"filter": ["is", "event_type", ["cart", "buy"]]}),
        json!({"filter": ["not", ["is", "event_type", ["view", "cart"]]]}),
    ];
    for (window, steps) in [(1_i64, 3), (7, 3), (30, 3), (7, 2), (30, 2)] {
        let ways = ways(&drawn, window, steps);
        let reached = |step| ways.iter().filter(|way| way.0 >= step).count() as u64;
        let want: Vec<_> = (1..=steps).map(reached).collect();
        let asked = asked(json!({"window": format!("{window}m"), "steps": all[..steps]}));
        let body = post(&api, &asked).await.json();
        let got = body["data"]["steps"].as_array().unwrap();
        let users = got.iter().map(|step| step["users"].as_u64().unwrap());
        assert_eq!(users.collect::<Vec<_>>(), want, "window {window}");
        if steps == 2 {
            let through = ways.iter().filter(|way| way.0 == 2);
            let waits = through.map(|way| way.1 - way.2).collect();
            assert_eq!(got[1]["median_seconds_from_previous"], median(waits));
        }
    }
    api.stop().await;
}

/// Of minutes, in seconds.
fn median(mut waits: Vec<i64>) -> Value {
    waits.sort_unstable();
    let middle = [(waits.len() - 1) / 2, waits.len() / 2].map(|at| waits[at] as f64 * 60.0);
    json!((middle[0] + middle[1]) / 2.0)
}
