//! The daemons' `/metrics`, in Prometheus's text format.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use testkit::http;

#[derive(Debug, Default)]
pub(super) struct Metric {
    pub(super) help: String,
    pub(super) labels: BTreeSet<String>,
    is_histogram: bool,
    series: Vec<BTreeMap<String, String>>,
}

impl Metric {
    pub(super) fn values_of(&self, label: &str) -> BTreeSet<String> {
        let values = self.series.iter().filter_map(|series| series.get(label));
        values.cloned().collect()
    }
}

/// By name, over all daemons asked.
#[derive(Debug, Default)]
pub(super) struct Exposed {
    pub(super) metrics: BTreeMap<String, Metric>,
}

impl Exposed {
    pub(super) async fn scrape(&mut self, port: u16) -> io::Result<()> {
        let text = http::text(&format!("http://127.0.0.1:{port}/metrics")).await?;
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                self.metrics.entry(name.into()).or_default().help = help.into();
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                self.metrics.entry(name.into()).or_default().is_histogram = kind == "histogram";
            } else if let Some((series, _value)) = line.rsplit_once(' ') {
                self.add(series);
            }
        }
        Ok(())
    }

    fn add(&mut self, series: &str) {
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.trim_end_matches('}')),
            None => (series, ""),
        };
        let family = self.family(name);
        let metric = self.metrics.entry(family).or_default();
        let labels = labels.split("\",").filter(|label| !label.is_empty());
        let labels: BTreeMap<String, String> = labels
            .map(|label| label.split_once("=\"").unwrap())
            .map(|(label, value)| (label.to_owned(), value.trim_end_matches('"').to_owned()))
            .filter(|(label, _)| label != "le")
            .collect();
        metric.labels.extend(labels.keys().cloned());
        metric.series.push(labels);
    }

    /// A histogram's series have the names of their parts.
    fn family(&self, name: &str) -> String {
        let part = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix));
        match part.filter(|family| self.metrics.get(*family).is_some_and(|m| m.is_histogram)) {
            Some(family) => family.to_owned(),
            None => name.to_owned(),
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<&Metric> {
        let family = self.family(name);
        // A histogram itself has no series.
        let metric = self.metrics.get(&family)?;
        (metric.is_histogram == (family != name)).then_some(metric)
    }
}
