//! Three daemons on a database and a stream of one test's own.

pub(crate) mod client;
pub(crate) mod forwarder;
pub(crate) mod socket;
pub(crate) mod verdicts;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use redis::{AsyncCommands as _, streams::StreamInfoConsumersReply};
use serde_json::{Value, json};
use testkit::{
    Daemon, Program, Services,
    audit::{self, Run},
    free_port, http, wait_until,
};

/// For anything that needs a moment, on a machine that compiles something beside.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
/// What "quiet" may take after a fault.
pub(crate) const QUIET: Duration = Duration::from_secs(60);
/// What a daemon has to end, once asked to.
pub(crate) const STOP: Duration = Duration::from_secs(10);

pub(crate) struct Pipeline {
    pub(crate) services: Services,
    pub(crate) api: Daemon,
    pub(crate) ingestion: Daemon,
    pub(crate) consumers: BTreeMap<&'static str, Daemon>,
    logs: Logs,
}

/// A folder with what the daemons print; it stays when the test fails.
struct Logs(PathBuf);

impl Drop for Logs {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the daemons' logs are in {}", self.0.display());
        } else {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

impl Logs {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn spawn(&self, program: Program, name: &str, variables: &BTreeMap<String, String>) -> Daemon {
        let log = self.0.join(format!("{name}.log"));
        let port = free_port().unwrap();
        Daemon::spawn(program, port, variables, &[], &log).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Claims and compaction so often that a test of seconds sees them.
fn variables(services: &Services) -> BTreeMap<String, String> {
    let mut variables = services.variables();
    let hurried = [("CLAIM_IDLE_MS", "2000"), ("COMPACT_INTERVAL", "1")];
    variables.extend(hurried.map(|(name, value)| (name.into(), value.into())));
    variables
}

impl Pipeline {
    /// An api, an ingestion and a consumer of each of these names, all ready.
    pub(crate) async fn start(consumers: &[&'static str]) -> Self {
        let services = Services::start().await;
        let (logs, variables) = (Logs::new(&services.stream.stream_key), variables(&services));
        let mut pipeline = Self {
            api: logs.spawn(Program::Api, "api", &variables),
            ingestion: logs.spawn(Program::Ingestion, "ingestion", &variables),
            consumers: BTreeMap::new(),
            services,
            logs,
        };
        for name in consumers {
            pipeline.start_consumer(name);
        }
        pipeline.ready().await;
        pipeline
    }

    /// An api, an ingestion and a consumer `a` on these services, all ready, with further variables
    /// of each.
    pub(crate) async fn start_with(
        services: Services,
        more: impl Fn(Program) -> Vec<(&'static str, String)>,
    ) -> Self {
        let logs = Logs::new(&services.stream.stream_key);
        let spawn = |program: Program, name: &str| {
            let mut variables = variables(&services);
            let more = more(program).into_iter();
            variables.extend(more.map(|(name, value)| (name.to_owned(), value)));
            logs.spawn(program, name, &variables)
        };
        let mut pipeline = Self {
            api: spawn(Program::Api, "api"),
            ingestion: spawn(Program::Ingestion, "ingestion"),
            consumers: BTreeMap::from([("a", spawn(Program::Consumer, "a"))]),
            services,
            logs,
        };
        pipeline.ready().await;
        pipeline
    }

    /// What the daemons have printed so far, each its lines.
    pub(crate) fn printed(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.logs.0).unwrap();
        let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        texts
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }

    /// None of them can be ready yet: no schema, and Redis and PostgreSQL at these addresses.
    pub(crate) async fn start_too_early(redis: u16, postgres: u16) -> Self {
        let services = Services::without_schema().await;
        let (logs, mut variables) = (Logs::new(&services.stream.stream_key), variables(&services));
        for (name, port) in [("REDIS_URL", redis), ("POSTGRES_URL", postgres)] {
            let url = &variables[name];
            let elsewhere = url.replace(forwarder::address(url), &format!("127.0.0.1:{port}"));
            variables.insert(name.into(), elsewhere);
        }
        let spawn = |program: Program| logs.spawn(program, program.name(), &variables);
        Self {
            api: spawn(Program::Api),
            ingestion: spawn(Program::Ingestion),
            consumers: BTreeMap::from([("a", spawn(Program::Consumer))]),
            services,
            logs,
        }
    }

    pub(crate) fn daemons(&mut self) -> impl Iterator<Item = &mut Daemon> {
        let both = [&mut self.ingestion, &mut self.api];
        self.consumers.values_mut().chain(both)
    }

    pub(crate) async fn ready(&mut self) {
        for daemon in self.daemons() {
            let ready = daemon.ready(LIMIT).await;
            ready.unwrap_or_else(|error| panic!("{error}"));
        }
    }

    /// Starts a consumer of this name, or starts it again.
    pub(crate) fn start_consumer(&mut self, name: &'static str) {
        let mut variables = variables(&self.services);
        variables.insert("CONSUMER_NAME".into(), name.into());
        let daemon = self.logs.spawn(Program::Consumer, name, &variables);
        self.consumers.insert(name, daemon);
    }

    pub(crate) async fn restart_api(&mut self) {
        let variables = variables(&self.services);
        self.api = self.logs.spawn(Program::Api, "api", &variables);
        self.api.ready(LIMIT).await.unwrap();
    }

    pub(crate) async fn restart_ingestion(&mut self) {
        let variables = variables(&self.services);
        self.ingestion = self.logs.spawn(Program::Ingestion, "ingestion", &variables);
        self.ingestion.ready(LIMIT).await.unwrap();
    }

    /// `data` of a GET on the api.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let url = format!("http://127.0.0.1:{}/api/v1{path}", self.api.port);
        let (status, mut body) = http::get_fresh(&url).await.unwrap();
        assert_eq!(status, 200, "GET {url}: {body}");
        body["data"].take()
    }

    pub(crate) fn collector(&self) -> String {
        format!("http://127.0.0.1:{}/api/v1/events", self.ingestion.port)
    }

    fn generator_url(&self) -> String {
        format!("http://127.0.0.1:{}/api/v1/generator", self.ingestion.port)
    }

    pub(crate) async fn generator(&self) -> Value {
        http::get(&self.generator_url()).await.unwrap().1
    }

    /// Changes the generator's settings.
    pub(crate) async fn generate(&self, change: &Value) -> Value {
        let (status, body) = http::put(&self.generator_url(), change).await.unwrap();
        assert_eq!(status, 200, "{body}");
        body
    }

    /// Everything the generator can do wrong, from now on.
    pub(crate) async fn generate_faulty(&self, seed: u64, rate: f64) {
        let faults = json!({"duplicates": 0.02, "late": 0.01, "out_of_order": 0.05,
            "malformed": 0.02, "skewed": 0.01});
        let change = json!({"running": true, "seed": seed, "rate": rate, "faults": faults});
        self.generate(&change).await;
    }

    /// Stops the generator; what it has sent.
    pub(crate) async fn generated(&self) -> Run {
        self.generate(&json!({"running": false})).await;
        let all_sent = async || {
            let status = self.generator().await["status"].take();
            status["sent"] == status["generated"]
        };
        wait_until("all that was generated is sent", LIMIT, all_sent).await;
        Run::read(&self.generator().await).unwrap()
    }

    /// Waits until nothing is in flight; fails unless the first `count` events of `run` are
    /// what raw rows, rollups, ledger, dead letters and REST say.
    pub(crate) async fn prove(&self, run: &Run, count: u64) {
        let quiet = Instant::now();
        audit::quiet(&self.services, QUIET).await.unwrap();
        println!("quiet after {:?}", quiet.elapsed());
        let lines = audit::compare(&self.services, self.api.port, &run.truth(count)).await;
        let lines = lines.unwrap();
        let wrong: Vec<_> = lines.iter().filter(|line| !line.agrees()).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(lines.len() > 25, "everything was asked: {lines:#?}");
    }

    /// Waits until the group knows no consumer but those of the running processes.
    pub(crate) async fn only_the_living_remain(&self) {
        let (keys, group) = (self.services.keys(), &self.services.stream.consumer_group);
        let mut redis = self.services.redis().await;
        let mut known = BTreeSet::new();
        let started = Instant::now();
        while started.elapsed() < LIMIT {
            let consumers: StreamInfoConsumersReply =
                redis.xinfo_consumers(&keys.stream, group).await.unwrap();
            known = consumers.consumers.iter().map(|c| c.name.clone()).collect();
            // Two lanes each.
            if known.len() <= 2 * self.consumers.len() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("dead consumers remain among {known:?}");
    }

    /// Events that Redis took from the generator.
    pub(crate) async fn accepted(&self) -> u64 {
        let mut redis = self.services.redis().await;
        let field = "accepted:generator";
        let count: Option<u64> = redis
            .hget(self.services.keys().ledger, field)
            .await
            .unwrap();
        count.unwrap_or_default()
    }
}
