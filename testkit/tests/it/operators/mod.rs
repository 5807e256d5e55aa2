//! What operators rely on exists: every metric, bound, alert and variable in the documentation
//! exists in the daemons and the other way round, and alerts and the Grafana dashboard query only
//! metrics that the daemons expose.

mod exposition;
mod files;
mod selectors;

use std::collections::{BTreeMap, BTreeSet};

use common::config::sample_variables;

use self::{
    exposition::Exposed,
    files::{alerts, expressions_of_dashboard, is_tested, operations, rows, section},
    selectors::selectors,
};
use crate::harness::Pipeline;

/// Labels that Prometheus adds.
const ADDED: [&str; 2] = ["instance", "job"];

#[tokio::test]
async fn metrics_are_what_is_documented_and_asked_for() {
    let pipeline = Pipeline::start(&["a"]).await;
    let mut exposed = Exposed::default();
    let consumer = pipeline.consumers["a"].port;
    for port in [pipeline.ingestion.port, consumer, pipeline.api.port] {
        exposed.scrape(port).await.unwrap();
        // What is counted when a request ends is there from the second one on.
        exposed.scrape(port).await.unwrap();
    }
    as_documented(&exposed);
    bounds_are_documented(&exposed);
    let alerts = alerts().into_iter().map(|alert| (alert.name, alert.expr));
    for (whose, expression) in alerts.chain(expressions_of_dashboard()) {
        can_be_asked(&exposed, &whose, &expression);
    }
}

fn as_documented(exposed: &Exposed) {
    let documented: BTreeMap<_, _> = rows(&operations(), "### Metrics")
        .into_iter()
        .map(|row| (row[0].replace('`', ""), row[1].replace('`', "")))
        .collect();
    let said: BTreeMap<_, _> = exposed
        .metrics
        .iter()
        .map(|(name, metric)| {
            let labels: Vec<_> = metric.labels.iter().map(String::as_str).collect();
            let labels = match labels.as_slice() {
                [] => String::new(),
                labels => format!("{{{}}}", labels.join(",")),
            };
            (format!("{name}{labels}"), metric.help.clone())
        })
        .collect();
    assert_eq!(sorted_labels(documented), said, "documented | exposed");
}

/// Labels have no order; the documentation has the one that reads best.
fn sorted_labels(rows: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let sorted = |name: String| match name.trim_end_matches('}').split_once('{') {
        None => name,
        Some((name, labels)) => {
            let labels: BTreeSet<_> = labels.split(',').collect();
            let labels: Vec<_> = labels.into_iter().collect();
            format!("{name}{{{}}}", labels.join(","))
        }
    };
    rows.into_iter()
        .map(|(name, help)| (sorted(name), help))
        .collect()
}

fn bounds_are_documented(exposed: &Exposed) {
    let documented: BTreeSet<_> = rows(&operations(), "### Bounds")
        .into_iter()
        .map(|row| row[0].replace('`', ""))
        .collect();
    let said: BTreeSet<_> = exposed
        .metrics
        .iter()
        .filter(|(name, _)| name.ends_with("_bound_used_ratio"))
        .flat_map(|(_, metric)| metric.values_of("bound"))
        .collect();
    assert_eq!(documented, said, "documented | exposed");
}

/// Each selector names a metric, labels that it has, and values that these can take.
fn can_be_asked(exposed: &Exposed, whose: &str, expression: &str) {
    for selector in selectors(expression) {
        let foreign = selector.metric.starts_with("node_");
        if foreign || ["up", "ALERTS"].contains(&selector.metric.as_str()) {
            continue;
        }
        let metric = exposed.find(&selector.metric);
        let metric = metric.unwrap_or_else(|| panic!("{whose}: no daemon has {selector:?}"));
        for matcher in &selector.matchers {
            if ADDED.contains(&matcher.label.as_str()) {
                continue;
            }
            assert!(
                metric.labels.contains(&matcher.label),
                "{whose}: no such label in {selector:?}"
            );
            let known = metric.values_of(&matcher.label);
            for value in matcher.plain_values() {
                assert!(
                    known.contains(value),
                    "{whose}: {value} is none of {known:?} in {selector:?}"
                );
            }
        }
    }
}

#[test]
fn every_alert_says_what_to_do() {
    let operations = operations();
    let explained: BTreeSet<_> = operations
        .lines()
        .filter_map(|line| line.strip_prefix("### Tidemark"))
        .map(|rest| format!("Tidemark{rest}"))
        .collect();
    let alerts = alerts();
    let raised: BTreeSet<_> = alerts.iter().map(|alert| alert.name.clone()).collect();
    assert_eq!(explained, raised, "explained | raised");
    for alert in &alerts {
        let link = format!("docs/OPERATIONS.md#{}", alert.name.to_lowercase());
        assert_eq!(alert.runbook, link);
        assert!(is_tested(&alert.name), "{} is never shown", alert.name);
        let words = section(&operations, &format!("### {}", alert.name));
        assert!(
            words.split_whitespace().count() > 15,
            "{}: {words}",
            alert.name
        );
    }
}

#[test]
fn every_variable_is_documented_with_its_default() {
    let documented: BTreeMap<_, _> = rows(&operations(), "### Variables")
        .into_iter()
        .map(|row| (row[0].replace('`', ""), row[1].replace('`', "")))
        .collect();
    let mut sample = sample_variables();
    // Where it is commented out, the default is none that a line could hold.
    sample.insert("CONSUMER_NAME".into(), String::new());
    assert_eq!(documented, sample, "documented | .env.example");
}
