//! Many concurrent queries, by wrk.

use std::time::Duration;

use common::time::UnixMicros;

use crate::{
    figure::{Bar, Figure, Unit},
    wrk::{self, Wrk},
};

/// Asks for the same path, or with `different` for ranges of 24 hours of which no two are alike.
const WRK: Wrk = Wrk {
    script: include_str!("load.lua"),
    connections: 16,
    lasts: Duration::from_secs(15),
};
const SAME: &str = "/api/v1/metrics/summary?from=now-24h";

pub(super) async fn figures(port: u16) -> anyhow::Result<Vec<Figure>> {
    let same = "one summary of 24 hours, repeated";
    let different = "distinct queries over 24 hours";
    let unchanged = "one summary of 24 hours, repeated with its ETag (304)";
    let measures = [
        (different, "different", Bar::AtLeast(1_000.0)),
        (same, "same", Bar::AtLeast(10_000.0)),
        (unchanged, "unchanged", Bar::AtLeast(10_000.0)),
    ];
    let mut figures = Vec::new();
    for (measure, mode, bar) in measures {
        let figure = match rate(port, mode).await? {
            Some(rate) => Figure::new(measure, Unit::PerSecond, rate),
            None => Figure::missing(measure, Unit::PerSecond, wrk::MISSING),
        };
        figures.push(figure.bar(bar));
    }
    Ok(figures)
}

/// Answers per second; `None` without wrk.
async fn rate(port: u16, mode: &str) -> anyhow::Result<Option<f64>> {
    let url = format!("http://127.0.0.1:{port}{SAME}");
    let now = UnixMicros::now().as_millis() / 1_000 / 60 * 60;
    WRK.run(&url, &[mode, &now.to_string()]).await
}
