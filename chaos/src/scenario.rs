//! A scenario: a value that says what is done to the pipeline, and what must hold.

use std::{sync::Arc, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::{
    audit::Kind,
    fault::{Fault, Node, Nodes},
    load::Load,
    stage::Stage,
};

/// Of each consumer, by default.
const LANES: i64 = 2;

type Steps = Arc<dyn Fn(&mut Draw) -> Vec<Step> + Send + Sync>;

/// One row of the table of results.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// The row of promises that it proves, in a few words.
    pub(crate) proves: &'static str,
    pub(crate) setup: Setup,
    pub(crate) load: Load,
    /// What is done while the load runs, drawn from the seed.
    pub(crate) steps: Steps,
    pub(crate) promise: Promise,
    /// Whether it is among those of `make test`.
    pub(crate) is_short: bool,
    /// Whether memory over time and the audit meanwhile are looked at as well.
    pub(crate) is_soak: bool,
    /// Until every event of the load has its fate, once all is healed.
    pub(crate) load_ends: Duration,
    /// A run that takes longer hangs.
    pub(crate) limit: Duration,
}

impl Scenario {
    pub(crate) fn new(
        name: &'static str,
        proves: &'static str,
        steps: impl Fn(&mut Draw) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            proves,
            setup: Setup::default(),
            load: Load::default(),
            steps: Arc::new(steps),
            promise: Promise::default(),
            is_short: false,
            is_soak: false,
            load_ends: Duration::from_secs(60),
            limit: Duration::from_secs(300),
        }
    }

    pub(crate) fn setup(mut self, change: impl FnOnce(&mut Setup)) -> Self {
        change(&mut self.setup);
        self
    }

    pub(crate) fn load(mut self, change: impl FnOnce(&mut Load)) -> Self {
        change(&mut self.load);
        self
    }

    pub(crate) fn promise(mut self, change: impl FnOnce(&mut Promise)) -> Self {
        change(&mut self.promise);
        self
    }

    pub(crate) const fn short(mut self) -> Self {
        self.is_short = true;
        self
    }

    /// That have to commit again.
    pub(crate) fn lanes_to_recover(&self) -> i64 {
        match self.promise.every_lane {
            true => LANES * self.setup.consumers as i64,
            false => 1,
        }
    }
}

/// Servers and daemons as they start.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// Consumers `a`, `b`, …, of [`LANES`] lanes each.
    pub(crate) consumers: usize,
    /// Nodes of the api.
    pub(crate) apis: usize,
    /// `appendfsync` of Redis.
    pub(crate) fsync: &'static str,
    /// Further lines of redis.conf.
    pub(crate) redis: &'static [&'static str],
    /// Further lines of postgresql.conf.
    pub(crate) postgres: &'static [&'static str],
    /// Whether the disks of the two are small file systems of their own that a fault can fill.
    pub(crate) small_disks: bool,
    /// Whether Redis and PostgreSQL run when the daemons start.
    pub(crate) redis_runs: bool,
    pub(crate) postgres_runs: bool,
    /// Whether something else keeps the daemons from being ready at first.
    pub(crate) is_unfit: bool,
    /// Further variables of daemons, fault points among them.
    pub(crate) variables: Vec<(Node, &'static str, &'static str)>,
    /// WebSocket clients that turn to the first api node first, besides one of each node that is
    /// told of every commit and stays with it.
    pub(crate) crowd: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            consumers: 2,
            apis: 2,
            fsync: "everysec",
            redis: &[],
            postgres: &[],
            small_disks: false,
            redis_runs: true,
            postgres_runs: true,
            is_unfit: false,
            variables: Vec::new(),
            crowd: 0,
        }
    }
}

impl Setup {
    /// Whether the daemons are ready before anything is done.
    pub(crate) const fn starts_whole(&self) -> bool {
        self.redis_runs && self.postgres_runs && !self.is_unfit
    }

    pub(crate) fn variable(&mut self, node: Node, name: &'static str, value: &'static str) {
        self.variables.push((node, name, value));
    }
}

/// What has to hold besides the audit, which is the same for all scenarios.
#[derive(Debug, Clone)]
pub(crate) struct Promise {
    /// From the end of the faults to the next commit and the next acknowledged request.
    pub(crate) recovers: Duration,
    /// From the end of the faults until nothing is in flight, once the load has ended.
    pub(crate) quiet: Duration,
    /// These say within that time after the first fault that they aren't ready, and until the last
    /// one is ended never that they are.
    pub(crate) not_ready: Vec<(Node, Duration)>,
    /// The same of at least one of these: the others may wait for its locks.
    pub(crate) one_not_ready: Option<(Nodes, Duration)>,
    /// After this time, counted from the first fault, the collector refuses until it ends.
    pub(crate) refuses: Option<Duration>,
    /// With this code the collector refuses something meanwhile.
    pub(crate) refuses_by: Option<&'static str>,
    /// The longest answer of the api to a question, 503 included, at any time.
    pub(crate) answers: Duration,
    /// Nodes of the api that say at least once that they can't answer a question.
    pub(crate) refuses_questions: Option<Nodes>,
    /// Whose live clients are told by 1001 that it goes.
    pub(crate) says_goodbye: Option<Node>,
    /// Whether every lane, and not just one, has committed again when the pipeline counts as
    /// recovered.
    pub(crate) every_lane: bool,
    /// The longest time that a live client is away between two subscriptions.
    pub(crate) comes_back: Option<Duration>,
    /// What Redis acknowledged so shortly before it was lost may be lost with it.
    pub(crate) may_lose: Option<Duration>,
    /// What `/api/v1/audit` may say in the end.
    pub(crate) verdicts: &'static [&'static str],
    /// Whether a daemon has died or counted a failure: else the fault went unnoticed.
    pub(crate) is_noticed: bool,
    /// Of a deliberately broken build: what the audit has to find, whatever else it finds.
    pub(crate) caught_by: Option<Kind>,
    /// Whether the backlog fills up, so that the collector says 429 meanwhile.
    pub(crate) slows: bool,
}

impl Default for Promise {
    fn default() -> Self {
        Self {
            recovers: Duration::from_secs(10),
            quiet: Duration::from_secs(60),
            not_ready: Vec::new(),
            one_not_ready: None,
            refuses: None,
            refuses_by: None,
            answers: Duration::from_secs(8),
            refuses_questions: None,
            says_goodbye: None,
            every_lane: false,
            comes_back: None,
            may_lose: None,
            verdicts: &["balanced"],
            is_noticed: true,
            caught_by: None,
            slows: false,
        }
    }
}

/// A check or a deed that no other step can express.
pub(crate) type Deed =
    for<'a> fn(&'a mut Stage) -> futures_util::future::BoxFuture<'a, anyhow::Result<()>>;

/// What is done, one after the other, while the load runs.
#[derive(Clone)]
pub(crate) enum Step {
    Wait(Duration),
    /// The fault is there when the step is done, and stays.
    Begin(Fault),
    /// Ends this fault, which was begun before.
    End(Fault),
    /// Ends all faults that are there.
    Heal,
    /// A fault that the setup has begun.
    Absent(Fault),
    /// Ends the fault that was begun last.
    EndLast,
    /// Waits until a daemon has died by itself, at a fault point.
    Dies(Node, Duration),
    /// Starts a daemon that is dead, with further variables.
    Start(Node, Vec<(&'static str, String)>),
    /// SIGTERM; it has to end with code 0 within ten seconds, and is left dead.
    Terminate(Node),
    /// Waits until none of its lanes holds an entry any more, so long after the first fault at most.
    TakenOver(Node, Duration),
    Do(&'static str, Deed),
}

impl Step {
    /// Whom it kills or ends.
    pub(crate) const fn victim(&self) -> Option<Node> {
        match self {
            Self::Begin(Fault::Killed(node)) | Self::Dies(node, _) | Self::Terminate(node) => {
                Some(*node)
            }
            _ => None,
        }
    }

    /// Begins, waits, ends.
    pub(crate) fn during(fault: Fault, time: Duration) -> [Self; 3] {
        [
            Self::Begin(fault.clone()),
            Self::Wait(time),
            Self::End(fault),
        ]
    }
}

/// Everything that is left to chance follows from the seed.
pub(crate) struct Draw(StdRng);

impl Draw {
    /// Of this scenario: two scenarios of one seed have nothing in common.
    pub(crate) fn new(seed: u64, scenario: &str) -> Self {
        let name = scenario
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        Self(StdRng::seed_from_u64(seed ^ name))
    }

    /// One that goes its own way from here.
    pub(crate) fn fork(&mut self) -> Self {
        Self(StdRng::seed_from_u64(self.0.random()))
    }

    pub(crate) fn seconds(&mut self, range: std::ops::Range<f64>) -> Duration {
        Duration::from_secs_f64(self.0.random_range(range))
    }

    pub(crate) fn number(&mut self, range: std::ops::Range<u64>) -> u64 {
        self.0.random_range(range)
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.0.random_range(0..of.len())].clone()
    }

    pub(crate) fn chance(&mut self, of: f64) -> bool {
        self.0.random_bool(of)
    }
}
