//! The metrics that a PromQL expression asks for.

#[derive(Debug)]
pub(super) struct Selector {
    pub(super) metric: String,
    pub(super) matchers: Vec<Matcher>,
}

#[derive(Debug)]
pub(super) struct Matcher {
    pub(super) label: String,
    is_regex: bool,
    value: String,
}

impl Matcher {
    /// The values it names, where it isn't a pattern.
    pub(super) fn plain_values(&self) -> Vec<&str> {
        let is_plain = |value: &str| {
            value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        let values: Vec<_> = match self.is_regex {
            true => self.value.split('|').collect(),
            false => vec![self.value.as_str()],
        };
        values.into_iter().filter(|value| is_plain(value)).collect()
    }
}

/// Ours, Prometheus's own and those of its exporters, by their names alone.
fn is_metric(word: &str) -> bool {
    let begins = ["tidemark_", "process_", "node_"];
    ["up", "ALERTS"].contains(&word) || begins.iter().any(|begin| word.starts_with(begin))
}

pub(super) fn selectors(expression: &str) -> Vec<Selector> {
    let mut found = Vec::new();
    let mut rest = expression;
    while !rest.is_empty() {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            // A text may hold words that are no metrics.
            let text = after
                .strip_prefix('"')
                .and_then(|text| text.split_once('"'));
            rest = text.map_or_else(|| after.split_at(1).1, |(_, after)| after);
            continue;
        }
        rest = after;
        if !is_metric(word) {
            continue;
        }
        let mut matchers = Vec::new();
        if let Some((inside, after)) = braces(rest) {
            matchers = matchers_of(inside);
            rest = after;
        }
        found.push(Selector {
            metric: word.to_owned(),
            matchers,
        });
    }
    found
}

/// What stands in the braces at the beginning, and what follows; braces within texts don't end it.
fn braces(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('{')?;
    let mut in_text = false;
    let end = inside.find(|c| {
        in_text ^= c == '"';
        c == '}' && !in_text
    })?;
    Some((&inside[..end], &inside[end + 1..]))
}

fn matchers_of(inside: &str) -> Vec<Matcher> {
    let mut matchers = Vec::new();
    let mut rest = inside;
    while let Some((head, after)) = rest.split_once('"') {
        let (value, after) = after.split_once('"').expect("a text ends");
        let head = head.trim_matches([',', ' ']);
        let label = head.trim_end_matches(['=', '!', '~', ' ']);
        matchers.push(Matcher {
            label: label.to_owned(),
            is_regex: head.ends_with('~'),
            value: value.to_owned(),
        });
        rest = after;
    }
    matchers
}

#[test]
fn selectors_are_found_with_their_matchers() {
    let expression = r#"sum by (instance) (rate(tidemark_a_total{x=~"up|b}",y!="c"}[5m])) > up"#;
    let found = selectors(expression);
    let names: Vec<_> = found.iter().map(|found| found.metric.as_str()).collect();
    assert_eq!(names, ["tidemark_a_total", "up"]);
    let matchers = &found[0].matchers;
    assert_eq!(
        (matchers[0].label.as_str(), matchers[0].plain_values()),
        ("x", vec!["up"])
    );
    assert_eq!(
        (matchers[1].label.as_str(), matchers[1].plain_values()),
        ("y", vec!["c"])
    );
}
