//! The failure counters of the daemons: a fault that no daemon notices proves nothing.

use std::collections::BTreeMap;

use crate::{fault::Node, http};

const COUNTED: [&str; 8] = [
    "_failures_total",
    "_refused_entries_total",
    "_refused_requests_total",
    "_retried_entries_total",
    "_removed_entries_total",
    "_lost_entries_total",
    "_group_recreated_total",
    "_streams_lost_total",
];

/// Of each node that can be asked, since its start.
pub(crate) async fn troubles(urls: &BTreeMap<Node, String>) -> BTreeMap<Node, u64> {
    let mut troubles = BTreeMap::new();
    for (node, url) in urls {
        if let Some(text) = http::metrics(url).await {
            troubles.insert(*node, sum(&text));
        }
    }
    troubles
}

fn sum(text: &str) -> u64 {
    let values = text.lines().filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let name = series.split('{').next()?;
        let is_counted = COUNTED.iter().any(|end| name.ends_with(end));
        is_counted.then(|| value.parse::<u64>().unwrap_or_default())
    });
    values.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troubles_are_added_over_their_causes() {
        let text = "# TYPE tidemark_a_failures_total counter\n\
                    tidemark_a_failures_total{cause=\"x y\"} 2\n\
                    tidemark_a_failures_total{cause=\"z\"} 3\n\
                    tidemark_a_events_total 7\n";
        assert_eq!(sum(text), 5);
    }
}
