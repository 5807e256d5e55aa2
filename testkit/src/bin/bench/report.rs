//! docs/BENCHMARKS.md, from the stored figures.

use std::{
    collections::BTreeSet,
    fmt::{self, Write as _},
};

use clap::ValueEnum as _;

use crate::{
    capacity,
    figure::{Figure, Verdict, thousands},
    scenario::Scenario,
    store::{Store, Stored},
};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/BENCHMARKS.md");

const HEAD: &str = "# Benchmarks

Written by `make bench` from [benchmarks.json](benchmarks.json). Redis, PostgreSQL, the daemons under
test and the load generators share one machine, so when comparing with another machine, compare the
ratios, not the absolute figures. Ratios are taken within one round, one phase after the other; a figure
is the median over the rounds (with the lowest and the highest), for memory the peak. fsync and
synchronous_commit are on throughout.
";

/// Comments on the bars, written by hand.
const LIMITS: &str = include_str!("limits.md");

pub(crate) fn save(store: &Store) -> anyhow::Result<()> {
    std::fs::write(PATH, text(store)?)?;
    Ok(())
}

fn text(store: &Store) -> Result<String, fmt::Error> {
    let stored: Vec<_> = Scenario::value_variants()
        .iter()
        .filter_map(|scenario| Some((*scenario, store.get(*scenario)?)))
        .collect();
    let mut text = HEAD.to_owned();
    bars(&stored, &mut text)?;
    text.push_str(LIMITS);
    figures(&stored, &mut text)?;
    costs(&stored, &mut text)?;
    capacity::section(store, &mut text)?;
    method(&stored, &mut text)?;
    Ok(text)
}

fn bars(stored: &[(Scenario, &Stored)], text: &mut String) -> fmt::Result {
    text.write_str("\n## Bars\n\n| measure | bar | measured | |\n|---|---|---|---|\n")?;
    for figure in all(stored) {
        let (Some(bar), Some(verdict)) = (figure.bar, figure.verdict()) else {
            continue;
        };
        let verdict = match verdict {
            Verdict::Met => "met".to_owned(),
            other => format!("**{other}**"),
        };
        let bar = bar.text(figure.unit);
        writeln!(
            text,
            "| {} | {bar} | {} | {verdict} |",
            figure.measure,
            value(figure)
        )?;
    }
    Ok(())
}

fn figures(stored: &[(Scenario, &Stored)], text: &mut String) -> fmt::Result {
    text.write_str("\n## Other figures\n\n| measure | measured |\n|---|---|\n")?;
    for figure in all(stored).filter(|figure| figure.bar.is_none()) {
        writeln!(text, "| {} | {} |", figure.measure, value(figure))?;
    }
    Ok(())
}

fn all<'s>(stored: &'s [(Scenario, &Stored)]) -> impl Iterator<Item = &'s Figure> {
    stored
        .iter()
        .flat_map(|(_, stored)| &stored.outcome.figures)
}

fn value(figure: &Figure) -> String {
    let value = figure.value().map(|value| {
        let value = figure.unit.text(value);
        match figure.range() {
            Some((low, high)) => {
                let [low, high] = [low, high].map(|bound| figure.unit.text(bound));
                format!("{value} ({low} to {high})")
            }
            None => value,
        }
    });
    match (value, &figure.note) {
        (Some(value), None) => value,
        (Some(value), Some(note)) => format!("{value} ({note})"),
        (None, note) => note.clone().unwrap_or_else(|| "–".into()),
    }
}

/// CPU time by phase and process.
fn costs(stored: &[(Scenario, &Stored)], text: &mut String) -> fmt::Result {
    let costs: Vec<_> = stored.iter().flat_map(|(_, s)| &s.outcome.costs).collect();
    let processes: BTreeSet<&str> = costs
        .iter()
        .flat_map(|cost| cost.by_process.keys().map(String::as_str))
        .collect();
    text.write_str(
        "\n## CPU cost per event\n\nCPU time by process, in microseconds per event.\n\n| phase |",
    )?;
    processes
        .iter()
        .try_for_each(|process| write!(text, " {process} |"))?;
    write!(
        text,
        " sum |\n|---|{}\n",
        "---|".repeat(processes.len() + 1)
    )?;
    for cost in costs {
        write!(text, "| {} |", cost.phase)?;
        for process in &processes {
            match cost.by_process.get(*process) {
                Some(micros) => write!(text, " {micros:.2} |")?,
                None => text.write_str(" |")?,
            }
        }
        writeln!(text, " {:.2} |", cost.sum())?;
    }
    Ok(())
}

fn method(stored: &[(Scenario, &Stored)], text: &mut String) -> fmt::Result {
    text.write_str("\n## Method\n\n")?;
    for (scenario, _) in stored {
        writeln!(text, "- **{}**: {}.", scenario.name(), scenario.method())?;
    }
    let machines: BTreeSet<String> = stored.iter().map(|(_, s)| s.machine.to_string()).collect();
    text.write_str("\nMeasured on:\n\n")?;
    for machine in machines {
        writeln!(text, "- {machine}")?;
    }
    text.write_str("\n| scenario | date | events | rounds | commit |\n|---|---|---|---|---|\n")?;
    for (scenario, stored) in stored {
        let (name, events) = (scenario.name(), thousands(stored.events as f64));
        let Stored { date, rounds, .. } = stored;
        let commit = &stored.machine.commit;
        writeln!(text, "| {name} | {date} | {events} | {rounds} | {commit} |")?;
    }
    Ok(())
}
