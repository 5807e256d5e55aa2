//! One scenario, from starting its servers to the verdict.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use anyhow::Context as _;
use common::time::UnixMicros;
use testkit::{Daemon, stream, wait_for};
use tokio::time::sleep;

use crate::{
    audit::{self, Findings},
    fault::Node,
    load,
    peak::Peak,
    scenario::{Draw, Scenario, Step},
    servers::CannotMount,
    stage::{GROUP, Machinery, Stage},
    verdict::{Observed, Recovery, judge},
    watch::{Soaked, Use, Watch, use_of},
};

/// Load before the first step, so that there is something to lose.
const WARM_UP: Duration = Duration::from_secs(2);

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    pub(crate) proves: &'static str,
    pub(crate) seed: u64,
    pub(crate) findings: Findings,
    pub(crate) recovery: Option<Duration>,
    /// For how long the machine stood still.
    pub(crate) pause: Duration,
    /// Whether the build was broken on purpose, so that the audit has to find something.
    pub(crate) is_broken_build: bool,
    /// What isn't as promised; empty where all is.
    pub(crate) broken: Vec<String>,
    /// How many were begun.
    pub(crate) faults: usize,
    /// Of a long run.
    pub(crate) soaked: Option<Soaked>,
    /// Of a long run: what the arrangement carries while nothing is broken.
    pub(crate) peak: Option<Peak>,
    /// Why it couldn't be run here.
    pub(crate) skipped: Option<String>,
    pub(crate) took: Duration,
    /// Logs, where something is broken.
    pub(crate) folder: PathBuf,
}

impl Outcome {
    /// Before anything is known.
    pub(crate) fn new(scenario: &Scenario, seed: u64, folder: PathBuf) -> Self {
        Self {
            name: scenario.name,
            proves: scenario.proves,
            seed,
            findings: Findings::default(),
            recovery: None,
            pause: Duration::ZERO,
            is_broken_build: scenario.promise.caught_by.is_some(),
            broken: Vec::new(),
            faults: 0,
            soaked: None,
            peak: None,
            skipped: None,
            took: Duration::ZERO,
            folder,
        }
    }
}

pub(crate) struct Runner {
    pub(crate) machinery: Arc<Machinery>,
    /// Instead of the scenario's own number of events.
    pub(crate) events: Option<u64>,
    /// Whether folders stay.
    pub(crate) keeps: bool,
}

impl Runner {
    pub(crate) async fn run(&self, mut scenario: Scenario, seed: u64) -> Outcome {
        let started = Instant::now();
        if let Some(events) = self.events {
            scenario.load.events = events;
        }
        let folder = self
            .machinery
            .runs
            .join(format!("{}-{seed}", scenario.name));
        let mut outcome = Outcome::new(&scenario, seed, folder.clone());
        match Stage::set(&self.machinery, &scenario, seed).await {
            Ok(mut stage) => self.play(&mut stage, &scenario, &mut outcome).await,
            Err(error) if error.is::<CannotMount>() => {
                outcome.skipped = Some(format!("{error:#}"));
            }
            Err(error) => outcome.broken.push(format!("no start: {error:#}")),
        }
        if outcome.broken.is_empty() && !self.keeps {
            let _ = std::fs::remove_dir_all(&folder);
        }
        outcome.took = started.elapsed();
        outcome
    }

    async fn play(&self, stage: &mut Stage, scenario: &Scenario, outcome: &mut Outcome) {
        let played = tokio::time::timeout(scenario.limit, act(stage, scenario, outcome)).await;
        match played {
            Ok(Ok(())) => {}
            Ok(Err(error)) => outcome.broken.push(format!("{error:#}")),
            Err(_) => {
                let what = format!("not at its end after {:?}", scenario.limit);
                outcome.broken.push(what);
            }
        }
        if outcome.broken.is_empty() {
            if let Err(error) = stage.strike().await {
                outcome.broken.push(format!("{error:#}"));
            }
        } else {
            stage.note(&format!("broken: {:#?}", outcome.broken));
            stage.note_activity().await;
            stage.end_servers().await;
        }
        if !self.keeps {
            stage.remove_data();
        }
    }
}

/// Fills in what was found.
async fn act(stage: &mut Stage, scenario: &Scenario, outcome: &mut Outcome) -> anyhow::Result<()> {
    let mut draw = Draw::new(outcome.seed, scenario.name);
    let steps = (scenario.steps)(&mut draw);
    let begun = |step: &&Step| matches!(step, Step::Begin(_));
    outcome.faults = steps.iter().filter(begun).count();
    let mortal = steps.iter().filter_map(Step::victim).collect();
    let starts_whole = scenario.setup.starts_whole();
    let watch = begin(stage, scenario, &mut draw).await?;
    let (before, troubles_before) = (uses(&stage.daemons), watch.troubles().await);
    take_all(stage, steps).await?;
    if stage.load.is_none() {
        start_load(stage, scenario, &mut draw).await?;
    }
    let healed = *stage.healed.get_or_insert_with(Instant::now);
    let recovery = recovery(stage, healed, scenario.lanes_to_recover()).await;
    let before = uses_at_work(stage, starts_whole.then_some(before)).await;
    let mut load = stage.load.take().context("the load runs")?;
    let finished = load.finish(scenario.load_ends).await;
    let generated = finished.context("the load")?.unwrap_or_default();
    let quiet = quiet(stage, scenario.promise.quiet).await?;
    outcome.soaked = watch.soaked();
    outcome.peak = stage.peak;
    stage.note(&format!(
        "recovered after {recovery:?}, quiet after {quiet:?}"
    ));
    let ready = watch.all_ready(stage).await;
    let findings = audit::audit(
        stage,
        &load.ledger,
        &generated,
        &scenario.promise,
        &watch.sockets,
    )
    .await?;
    stage.note(&format!("found {findings:#?}"));
    watch.note(stage);
    let troubles = stage.deaths + since(&troubles_before, &watch.troubles().await);
    let observed = Observed {
        first_fault: stage.first_fault.unwrap_or(healed),
        healing: stage.healing.unwrap_or(healed),
        recovery,
        not_ready_at_the_end: ready,
        answers: load.answers.all(),
        troubles,
        pause: watch.longest_pause(),
        before,
        after: uses(&stage.daemons),
        mortal,
    };
    outcome.pause = observed.pause;
    outcome.recovery = observed.recovery.worst();
    outcome.broken = judge(
        scenario,
        &findings,
        &observed,
        &watch.readiness,
        &watch.questions,
    );
    outcome
        .broken
        .extend(outcome.soaked.iter().flat_map(Soaked::broken));
    outcome.findings = findings;
    Ok(())
}

/// Who looks on; and the load, where the daemons can take it before anything is done.
async fn begin(stage: &mut Stage, scenario: &Scenario, draw: &mut Draw) -> anyhow::Result<Watch> {
    let starts_whole = scenario.setup.starts_whole();
    match starts_whole {
        true => stage.all_ready().await?,
        false => stage.all_live().await?,
    }
    let watch = Watch::start(stage, scenario, &mut draw.fork());
    if starts_whole {
        watch.all_subscribed().await?;
        start_load(stage, scenario, draw).await?;
        sleep(WARM_UP).await;
    }
    Ok(watch)
}

async fn take_all(stage: &mut Stage, steps: Vec<Step>) -> anyhow::Result<()> {
    for step in steps {
        stage.take(step).await?;
    }
    stage.heal().await
}

async fn start_load(stage: &mut Stage, scenario: &Scenario, draw: &mut Draw) -> anyhow::Result<()> {
    let file = stage.folder.join("ledger");
    let load = load::Running::start(&scenario.load, &stage.doors(), draw, &file).await?;
    stage.load = Some(load);
    Ok(())
}

/// What was counted meanwhile; who has been started again began at zero.
fn since(before: &BTreeMap<Node, u64>, now: &BTreeMap<Node, u64>) -> u64 {
    let more = now.iter().map(|(node, count)| {
        let before = before.get(node).copied().unwrap_or_default();
        count.checked_sub(before).unwrap_or(*count)
    });
    more.sum()
}

/// Where the fault was there from the start, the daemons had never worked before it.
async fn uses_at_work(stage: &Stage, before: Option<BTreeMap<Node, Use>>) -> BTreeMap<Node, Use> {
    if let Some(before) = before {
        return before;
    }
    sleep(WARM_UP).await;
    uses(&stage.daemons)
}

fn uses(daemons: &BTreeMap<Node, Daemon>) -> BTreeMap<Node, Use> {
    let of = |(node, daemon): (&Node, &Daemon)| Some((*node, use_of(daemon.pid())?));
    daemons.iter().filter_map(of).collect()
}

/// Measures from now on; `healed` is a moment ago. So many `lanes` have to commit.
async fn recovery(stage: &Stage, healed: Instant, lanes: i64) -> Recovery {
    let moment = SystemTime::now() - healed.elapsed();
    let since_epoch = moment
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let micros = i64::try_from(since_epoch.as_micros()).unwrap_or_default();
    let moment = UnixMicros(micros).to_rfc3339();
    let db = stage.db().await.ok();
    let has_committed = async || {
        let Some(db) = &db else { return false };
        let sql = "SELECT count(DISTINCT consumer) FROM commits JOIN writers ON writer_id = id
                    WHERE committed_at > $1::text::timestamptz";
        let row = db.query_one(sql, &[&moment]).await;
        row.is_ok_and(|row| row.get::<_, i64>(0) >= lanes)
    };
    let has_accepted = async || {
        let Some(load) = &stage.load else { return true };
        load.probe(&stage.url(Node::Ingestion)).await
    };
    let limit = Duration::from_secs(60);
    let time = |reached: bool| reached.then(|| healed.elapsed());
    let (accepted, committed) =
        tokio::join!(async { time(wait_for(limit, has_accepted).await) }, async {
            time(wait_for(limit, has_committed).await)
        },);
    Recovery {
        accepted,
        committed,
    }
}

/// How long it took until nothing was in flight.
async fn quiet(stage: &Stage, limit: Duration) -> anyhow::Result<Duration> {
    let (redis, keys, started) = (stage.redis().await?, stage.keys(), Instant::now());
    let is_quiet = async || {
        let quiet = stream::is_quiet(&mut redis.clone(), &keys, GROUP).await;
        quiet.unwrap_or(false)
    };
    if wait_for(limit, is_quiet).await {
        return Ok(started.elapsed());
    }
    anyhow::bail!("events are still in flight {limit:?} after the load has ended")
}
