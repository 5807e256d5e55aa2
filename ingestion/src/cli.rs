//! The command line. Its flags take precedence over `GENERATOR_*`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    config::{MixText, ProfileText, Until},
    source::synthetic::{Arrivals, Segment, Settings, truth},
};

/// Receives events over HTTP and from a seeded generator, and publishes them to the stream.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub generator: Flags,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Asks the running daemon whether it is ready; exit code 0 if it is.
    Healthcheck,
    /// Recomputes what a run has sent and prints it as JSON. Where the settings were changed during
    /// the run, it takes --status.
    Truth(TruthOf),
}

/// Which run: that of a status, or one whose settings these flags name and nobody has changed.
#[derive(Debug, Args)]
pub struct TruthOf {
    /// How many events of the run; by default all that the status counts.
    #[arg(long, required_unless_present = "status")]
    pub count: Option<u64>,
    /// A file with the body of GET /api/v1/generator (/dev/stdin for a pipe): it names the
    /// run's seed, and every change of its settings.
    #[arg(long, value_name = "FILE", conflicts_with = "Flags")]
    pub status: Option<PathBuf>,
    #[command(flatten)]
    pub generator: Box<Flags>,
}

/// The generator's initial settings.
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// Start generating at once.
    #[arg(long)]
    pub run: bool,
    /// Events per second.
    #[arg(long)]
    pub rate: Option<f64>,
    /// constant, ramp:FROM:TO:SECONDS, sine:MIN:MAX:PERIOD, burst:BASE:PEAK:EVERY:LENGTH or
    /// stages:RATExSECONDS,…
    #[arg(long)]
    pub profile: Option<ProfileText>,
    /// Poisson arrivals instead of evenly spaced ones.
    #[arg(long)]
    pub poisson: bool,
    /// Let the rate follow the hour of the day.
    #[arg(long)]
    pub day_shape: bool,
    #[arg(long)]
    pub seed: Option<u64>,
    /// Size of the pool of returning users.
    #[arg(long)]
    pub users: Option<u32>,
    /// Weights of event types: TYPE=WEIGHT,TYPE=WEIGHT; the others keep their default.
    #[arg(long)]
    pub mix: Option<MixText>,
    /// Fraction of events sent twice.
    #[arg(long)]
    pub duplicates: Option<f64>,
    /// Fraction of events a minute to six hours old.
    #[arg(long)]
    pub late: Option<f64>,
    /// Fraction of events up to 8 seconds old.
    #[arg(long)]
    pub out_of_order: Option<f64>,
    /// Fraction of events that break the contract.
    #[arg(long)]
    pub malformed: Option<f64>,
    /// Fraction of events up to 5 minutes in the future.
    #[arg(long)]
    pub skewed: Option<f64>,
    /// Stop generating after this many events.
    #[arg(long)]
    pub limit: Option<u64>,
    /// Spread the events over this many past seconds; needs a limit.
    #[arg(long)]
    pub history_seconds: Option<u64>,
    /// Stop generating after this many seconds.
    #[arg(long)]
    pub duration: Option<u64>,
    /// Exit when the limit or the duration is reached and Redis has all events.
    #[arg(long)]
    pub exit: bool,
}

fn set<T: Clone>(field: &mut T, flag: &Option<T>) {
    if let Some(value) = flag {
        field.clone_from(value);
    }
}

impl Flags {
    /// When to stop by itself.
    #[must_use]
    pub fn until(&self) -> Until {
        Until {
            seconds: self.duration,
            exit: self.exit,
        }
    }

    /// `settings` with what was given on the command line.
    #[must_use]
    pub fn over(&self, mut settings: Settings) -> Settings {
        settings.running |= self.run;
        settings.day_shape |= self.day_shape;
        if self.poisson {
            settings.arrivals = Arrivals::Poisson;
        }
        if let Some(ProfileText(profile)) = &self.profile {
            settings.profile = profile.clone();
        }
        if let Some(MixText(mix)) = &self.mix {
            settings.mix = *mix;
        }
        set(&mut settings.rate, &self.rate);
        set(&mut settings.seed, &self.seed);
        set(&mut settings.users, &self.users);
        set(&mut settings.faults.duplicates, &self.duplicates);
        set(&mut settings.faults.late, &self.late);
        set(&mut settings.faults.out_of_order, &self.out_of_order);
        set(&mut settings.faults.malformed, &self.malformed);
        set(&mut settings.faults.skewed, &self.skewed);
        settings.limit = self.limit.or(settings.limit);
        settings.history_seconds = self.history_seconds.or(settings.history_seconds);
        settings
    }
}

/// What `GET /api/v1/generator` says of a run.
#[derive(Debug, Deserialize)]
struct Report {
    seed: u64,
    status: Progress,
}

#[derive(Debug, Deserialize)]
struct Progress {
    generated: u64,
    segments: Vec<Segment>,
}

impl From<Settings> for Report {
    fn from(settings: Settings) -> Self {
        let segment = Segment {
            from_index: 0,
            population: settings.population(),
        };
        Self {
            seed: settings.seed,
            status: Progress {
                generated: 0,
                segments: vec![segment],
            },
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Report> {
    let json = fs::read(file).with_context(|| format!("can't read {}", file.display()))?;
    serde_json::from_slice(&json).context("--status needs the body of GET /api/v1/generator")
}

impl TruthOf {
    /// # Errors
    /// The file can't be read, or holds something else.
    pub fn answer(&self) -> anyhow::Result<Value> {
        let Report { seed, status } = match &self.status {
            Some(file) => read(file)?,
            None => self.generator.over(Settings::default()).into(),
        };
        let count = self.count.unwrap_or(status.generated);
        Ok(json!({
            "seed": seed,
            "segments": status.segments,
            "truth": truth(seed, &status.segments, count),
        }))
    }
}
