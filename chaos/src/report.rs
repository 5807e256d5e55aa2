//! The table, on the terminal and in docs/RELIABILITY.md.

mod soak;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    process::Command,
    sync::Arc,
    time::Duration,
};

use testkit::Hardware;

use crate::{run::Outcome, stage::Machinery};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/RELIABILITY.md");
const INTRODUCTION: &str = include_str!("report/reliability.md");

/// The lines of scenarios follow.
const TABLE: &str = "| scenario | proves | seeds | events audited | lost | duplicated | double counted \
     | unexpected | recovery | verdict |\n|---|---|---|---|---|---|---|---|---|---|\n";

pub(crate) struct Report {
    commit: String,
    services: String,
    machine: String,
}

impl Report {
    pub(crate) fn begin(machinery: &Arc<Machinery>) -> Self {
        let redis = machinery.programs.redis.join(" ");
        let redis = said_by(&format!("{redis} --version"));
        let redis = redis
            .split_whitespace()
            .find_map(|word| word.strip_prefix("v="));
        Self {
            commit: said_by(concat!(
                "git -C ",
                env!("CARGO_MANIFEST_DIR"),
                " describe --always --dirty --exclude='*'"
            )),
            services: format!(
                "Redis {}, {}",
                redis.unwrap_or("of unknown version"),
                machinery.template.version
            ),
            machine: machine(),
        }
    }

    pub(crate) fn heading(&self) {
        println!(
            "commit {}, {}, {}",
            self.commit, self.services, self.machine
        );
        println!(
            "{:<44} {:>4} {:>9} {:>5} {:>5} {:>6} {:>6} {:>8} {:>6}  verdict",
            "scenario", "seed", "audited", "lost", "dupl.", "double", "unexp.", "recovery", "took"
        );
    }

    pub(crate) fn row(&self, outcome: &Outcome) {
        let found = &outcome.findings;
        println!(
            "{:<44} {:>4} {:>9} {:>5} {:>5} {:>6} {:>6} {:>8} {:>5.0}s  {}",
            outcome.name,
            outcome.seed,
            found.audited,
            found.lost,
            found.duplicated,
            found.double_counted,
            found.unexpected,
            time(outcome.recovery),
            outcome.took.as_secs_f64(),
            outcome.verdict(),
        );
        if !outcome.pause.is_zero() {
            let pause = outcome.pause;
            println!(
                "    the machine stood still for {pause:.1?}: times are judged by as much more"
            );
        }
        if let Some(soaked) = &outcome.soaked {
            println!(
                "    {} faults; by thirds, memory {:?}, descriptors {:?}; the audit said {:?}",
                outcome.faults, soaked.memory, soaked.descriptors, soaked.verdicts
            );
        }
        if let Some(peak) = &outcome.peak {
            println!("    {peak}");
        }
        for what in &outcome.broken {
            println!("    {what:.600}");
        }
        if !outcome.broken.is_empty() {
            println!("    logs: {}", outcome.folder.display());
            println!(
                "    again: make chaos SCENARIO={} SEED={}",
                outcome.name, outcome.seed
            );
        }
    }

    /// Whether everything is as promised. What was skipped is not, unless that is allowed.
    pub(crate) fn conclude(
        &self,
        outcomes: &[Outcome],
        took: Duration,
        allows_skips: bool,
    ) -> bool {
        println!("{}; commit {}", summary(outcomes, took), self.commit);
        agree(outcomes, allows_skips)
    }

    pub(crate) fn write(&self, outcomes: &[Outcome], took: Duration) -> anyhow::Result<()> {
        let mut text = INTRODUCTION.to_owned();
        writeln!(text, "\n## Results\n")?;
        writeln!(text, "{}.\n", summary(outcomes, took))?;
        writeln!(
            text,
            "Commit {}; {}; {}.\n",
            self.commit, self.services, self.machine
        )?;
        text.push_str(TABLE);
        let mut by_name: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
        for outcome in outcomes {
            by_name.entry(outcome.name).or_default().push(outcome);
        }
        for (name, mut of_name) in by_name {
            of_name.sort_by_key(|outcome| outcome.seed);
            writeln!(text, "{}", line(name, &of_name))?;
        }
        fs::write(DOCUMENT, text)?;
        Ok(())
    }
}

impl Outcome {
    fn verdict(&self) -> String {
        match (&self.skipped, self.broken.is_empty()) {
            (Some(why), _) => format!("skipped: {why}"),
            (None, true) if self.is_broken_build => "caught".to_owned(),
            (None, true) if self.findings.lost_as_documented > 0 => {
                format!(
                    "ok ({} lost as documented)",
                    self.findings.lost_as_documented
                )
            }
            (None, true) => "ok".to_owned(),
            (None, false) => "FAILED".to_owned(),
        }
    }
}

fn agree(outcomes: &[Outcome], allows_skips: bool) -> bool {
    let agrees = |o: &Outcome| o.broken.is_empty() && (allows_skips || o.skipped.is_none());
    outcomes.iter().all(agrees)
}

/// What was not proved.
fn skips(outcomes: &[Outcome]) -> String {
    let skipped = outcomes.iter().filter(|o| o.skipped.is_some());
    let names: BTreeSet<_> = skipped.map(|o| format!("`{}`", o.name)).collect();
    match names.len() {
        0 => String::new(),
        _ => {
            let names: Vec<_> = names.into_iter().collect();
            format!("; NOT PROVED, since skipped: {}", names.join(", "))
        }
    }
}

/// One scenario with all its seeds.
fn line(name: &str, outcomes: &[&Outcome]) -> String {
    let sum = |of: fn(&Outcome) -> u64| outcomes.iter().map(|o| of(o)).sum::<u64>();
    let seeds: Vec<_> = outcomes.iter().map(|o| o.seed.to_string()).collect();
    let mut verdicts: Vec<_> = outcomes.iter().map(|o| o.verdict()).collect();
    verdicts.dedup();
    format!(
        "| `{name}` | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        outcomes[0].proves,
        seeds.join(", "),
        sum(|o| o.findings.audited),
        sum(|o| o.findings.lost),
        sum(|o| o.findings.duplicated),
        sum(|o| o.findings.double_counted),
        sum(|o| o.findings.unexpected),
        time(outcomes.iter().filter_map(|o| o.recovery).max()),
        verdicts.join("; "),
    )
}

/// How many runs met a machine that stood still, and for how long at most.
fn pauses(outcomes: &[Outcome]) -> String {
    let paused = outcomes.iter().filter(|o| !o.pause.is_zero()).count();
    let longest = outcomes.iter().map(|o| o.pause).max().unwrap_or_default();
    match paused {
        0 => String::new(),
        _ => format!(
            "; the machine stood still in {paused} of them, for {longest:.1?} at most, by which \
             their times were judged the longer"
        ),
    }
}

fn summary(outcomes: &[Outcome], took: Duration) -> String {
    let audited: u64 = outcomes.iter().map(|o| o.findings.audited).sum();
    let broken = outcomes.iter().filter(|o| !o.broken.is_empty()).count();
    let skipped = outcomes.iter().filter(|o| o.skipped.is_some()).count();
    let whole = || outcomes.iter().filter(|o| !o.is_broken_build);
    let sum = |of: fn(&Outcome) -> u64| whole().map(of).sum::<u64>();
    format!(
        "{} runs, {audited} events audited, {broken} failed, {skipped} skipped, in {:.1} minutes; \
         {} lost, {} duplicated, {} double counted, {} unexpected, but for {} builds broken on purpose{}{}",
        outcomes.len(),
        took.as_secs_f64() / 60.0,
        sum(|o| o.findings.lost),
        sum(|o| o.findings.duplicated),
        sum(|o| o.findings.double_counted),
        sum(|o| o.findings.unexpected),
        outcomes.len() - whole().count(),
        pauses(outcomes),
        skips(outcomes)
    )
}

fn time(time: Option<Duration>) -> String {
    time.map_or_else(
        || "–".to_owned(),
        |time| format!("{:.1} s", time.as_secs_f64()),
    )
}

fn machine() -> String {
    let kernel = said_by("uname -r | cut -d - -f 1");
    match Hardware::this() {
        Ok(Hardware {
            cpu,
            cores,
            memory_gib,
        }) => format!("{cores} cores ({cpu}), {memory_gib} GiB, Linux {kernel}"),
        Err(_) => format!("unknown hardware, Linux {kernel}"),
    }
}

fn said_by(command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_skipped_is_named_and_fails_unless_that_is_allowed() {
        let proved = Outcome::new(&crate::scenarios::all()[0], 1, "".into());
        let mut skipped = Outcome::new(&crate::scenarios::all()[1], 1, "".into());
        skipped.skipped = Some("it can't be".to_owned());
        assert!(agree(std::slice::from_ref(&proved), false));
        let name = skipped.name;
        let both = [proved, skipped];
        assert!(!agree(&both, false));
        assert!(agree(&both, true));
        let said = summary(&both, Duration::ZERO);
        assert!(
            said.ends_with(&format!("since skipped: `{name}`")),
            "{said}"
        );
    }
}
