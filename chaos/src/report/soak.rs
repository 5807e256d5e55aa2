//! docs/SOAK.md.

use std::{fmt::Write as _, fs, time::Duration};

use super::{Report, TABLE, line};
use crate::{run::Outcome, watch::Soaked};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/SOAK.md");
const INTRODUCTION: &str = include_str!("soak.md");

impl Report {
    pub(crate) fn write_soak(&self, outcomes: &[Outcome], length: Duration) -> anyhow::Result<()> {
        let mut text = INTRODUCTION.to_owned();
        writeln!(
            text,
            "\nCommit {}; {}; {}.",
            self.commit, self.services, self.machine
        )?;
        for outcome in outcomes {
            section(&mut text, outcome, length)?;
        }
        fs::write(DOCUMENT, text)?;
        Ok(())
    }
}

fn section(text: &mut String, outcome: &Outcome, length: Duration) -> std::fmt::Result {
    let minutes = length.as_secs_f64() / 60.0;
    writeln!(
        text,
        "\n## Seed {}: {minutes:.0} minutes, {} faults\n",
        outcome.seed, outcome.faults
    )?;
    if let Some(peak) = &outcome.peak {
        writeln!(text, "{peak}\n")?;
    }
    writeln!(text, "{TABLE}{}", line(outcome.name, &[outcome]))?;
    outcome
        .soaked
        .iter()
        .try_for_each(|soaked| seen(text, soaked))
}

fn seen(text: &mut String, soaked: &Soaked) -> std::fmt::Result {
    writeln!(
        text,
        "\nThe most that a process held in each third of the time, MiB and descriptors:\n\n\
         | process | first | second | last |\n|---|---|---|---|"
    )?;
    for (node, memory) in &soaked.memory {
        let descriptors = soaked.descriptors.get(node).copied().unwrap_or_default();
        let [first, second, last] = [0, 1, 2].map(|third| {
            let mib = memory[third] >> 20;
            format!("{mib}, {}", descriptors[third])
        });
        writeln!(text, "| {} | {first} | {second} | {last} |", node.name())?;
    }
    let said = soaked.verdicts.iter();
    let said: Vec<_> = said
        .map(|(verdict, count)| format!("`{verdict}` {count} times"))
        .collect();
    writeln!(text, "\nThe audit said {}.", said.join(", "))
}
