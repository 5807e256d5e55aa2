//! The files that operators are given.

use std::path::Path;

use serde_json::Value;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = std::fs::read_to_string(root.join(path));
    text.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether promtool is shown this alert firing; one that is silent has a line with `exp_alerts: []`.
pub(super) fn is_tested(alert: &str) -> bool {
    read("deploy/prometheus/alerts.test.yml").contains(&format!("alertname: {alert}\n"))
}

pub(super) fn operations() -> String {
    read("docs/OPERATIONS.md")
}

/// What stands below a heading, up to the next one of any level.
pub(super) fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let begin = format!("\n{heading}\n");
    let (_, below) = text
        .split_once(&begin)
        .unwrap_or_else(|| panic!("no heading {heading}"));
    below.split("\n#").next().unwrap_or(below)
}

/// The cells of the tables below a heading, without their head lines.
pub(super) fn rows(text: &str, heading: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim_matches('|');
        line.split('|').map(|cell| cell.trim().into()).collect()
    };
    section(text, heading)
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(cells)
        .collect()
}

#[derive(Debug, Default)]
pub(super) struct Alert {
    pub(super) name: String,
    pub(super) expr: String,
    pub(super) runbook: String,
}

/// The rules as they are written there: an expression is a block below `expr: |`.
pub(super) fn alerts() -> Vec<Alert> {
    let text = read("deploy/prometheus/alerts.yml");
    let mut alerts: Vec<Alert> = Vec::new();
    let mut in_expr = false;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let depth = line.len() - trimmed.len();
        if let Some(name) = trimmed.strip_prefix("- alert: ") {
            alerts.push(Alert {
                name: name.into(),
                ..Alert::default()
            });
        }
        let Some(alert) = alerts.last_mut() else {
            continue;
        };
        in_expr &= depth >= 10;
        if in_expr {
            alert.expr.push_str(trimmed);
            alert.expr.push('\n');
        } else if let Some(runbook) = trimmed.strip_prefix("runbook: ") {
            alert.runbook = runbook.into();
        }
        in_expr |= trimmed == "expr: |";
    }
    assert!(alerts.iter().all(|alert| !alert.expr.is_empty()));
    alerts
}

/// The expressions of all panels, each with the panel's title.
pub(super) fn expressions_of_dashboard() -> Vec<(String, String)> {
    let text = read("deploy/grafana/dashboards/tidemark.json");
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let expressions = panels.iter().flat_map(|panel| {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(move |target| {
            let expression = target["expr"].as_str().unwrap();
            (title.clone(), expression.to_owned())
        })
    });
    let expressions: Vec<_> = expressions.collect();
    assert!(expressions.len() > 30);
    expressions
}
