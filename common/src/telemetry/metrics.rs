//! The metrics of a daemon, each declared once: name, help, and the series that exist from the
//! start.

use std::sync::OnceLock;

use metrics::{
    Label, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::process;

/// A label and the values known before anything happens; none where they aren't.
type Values = (&'static str, &'static [&'static str]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A metric of a daemon. Its name ends in its unit, and in `_total` where it only grows.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    kind: Kind,
    name: &'static str,
    help: &'static str,
    labels: &'static [Values],
}

impl Metric {
    /// What only grows.
    #[must_use]
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self::new(Kind::Counter, name, help)
    }

    /// What rises and falls.
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::new(Kind::Gauge, name, help)
    }

    /// How often which size or duration occurred.
    #[must_use]
    pub const fn histogram(name: &'static str, help: &'static str) -> Self {
        Self::new(Kind::Histogram, name, help)
    }

    const fn new(kind: Kind, name: &'static str, help: &'static str) -> Self {
        Self {
            kind,
            name,
            help,
            labels: &[],
        }
    }

    /// The same with labels.
    #[must_use]
    pub const fn by(self, labels: &'static [Values]) -> Self {
        Self { labels, ..self }
    }

    /// Tells the recorder of it. Each known series begins at zero: the first increment of a
    /// series that appears with it is one that a rate never sees.
    fn describe(&self) {
        let (name, help) = (self.name, self.help);
        match self.kind {
            Kind::Counter => describe_counter!(name, help),
            Kind::Gauge => describe_gauge!(name, help),
            Kind::Histogram => describe_histogram!(name, help),
        }
        for labels in self.series() {
            match self.kind {
                Kind::Counter => counter!(name, labels).increment(0),
                Kind::Gauge => gauge!(name, labels).increment(0.0),
                Kind::Histogram => drop(histogram!(name, labels)),
            }
        }
    }

    /// Every combination of the values known.
    fn series(&self) -> Vec<Vec<Label>> {
        let mut series = vec![Vec::new()];
        for (label, values) in self.labels {
            let with = |known: &Vec<Label>, value: &'static str| {
                let mut labels = known.clone();
                labels.push(Label::from_static_parts(label, value));
                labels
            };
            series = series
                .iter()
                .flat_map(|known| values.iter().map(|value| with(known, value)))
                .collect();
        }
        series
    }
}

/// Upper bounds of latency histograms, in seconds: 1 ms to 30 s.
const LATENCY_BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Upper bounds of histograms of batch sizes, in events.
const SIZE_BUCKETS: [f64; 6] = [1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0];

/// The same in bytes: 1 KiB to 64 MiB.
const BYTE_BUCKETS: [f64; 9] = [
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// Installs the recorder, unless that was done before, and tells it of these metrics and of the
/// process's own.
///
/// # Panics
/// Another recorder was installed before: a programming error.
pub fn describe(metrics: &[Metric]) {
    recorder();
    for metric in metrics.iter().chain(&process::METRICS) {
        metric.describe();
    }
    process::sample();
}

/// Everything that was measured so far, as Prometheus reads it.
#[must_use]
pub fn render() -> String {
    process::sample();
    let recorder = recorder();
    recorder.run_upkeep();
    recorder.render()
}

fn recorder() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    let suffix = |suffix: &str| Matcher::Suffix(suffix.into());
    HANDLE.get_or_init(|| {
        PrometheusBuilder::new()
            .set_buckets_for_metric(suffix("_seconds"), &LATENCY_BUCKETS)
            .and_then(|builder| builder.set_buckets_for_metric(suffix("_events"), &SIZE_BUCKETS))
            .and_then(|builder| builder.set_buckets_for_metric(suffix("_bytes"), &BYTE_BUCKETS))
            .and_then(PrometheusBuilder::install_recorder)
            .expect("the metrics recorder is installed once, with constant buckets")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_series_is_there_from_the_start() {
        const METRICS: [Metric; 3] = [
            Metric::counter("test_parcels_total", "parcels")
                .by(&[("size", &["small", "large"]), ("way", &["air", "sea"])]),
            Metric::counter("test_letters_total", "letters").by(&[("country", &[])]),
            Metric::histogram("test_way_seconds", "how long"),
        ];
        describe(&METRICS);
        let parcels = METRICS[0].name;
        counter!(parcels, "size" => "small", "way" => "sea").increment(2);
        describe(&METRICS);
        let text = render();
        for line in [
            "# HELP test_parcels_total parcels",
            "test_parcels_total{size=\"small\",way=\"sea\"} 2",
            "test_parcels_total{size=\"large\",way=\"air\"} 0",
            "test_way_seconds_count 0",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}\n{text}");
        }
        assert!(!text.contains("test_letters_total{"));
        let resident = text
            .lines()
            .find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
        assert!(resident.unwrap().parse::<f64>().unwrap() > 1e6);
    }
}
