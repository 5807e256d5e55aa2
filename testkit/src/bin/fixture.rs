//! Runs a command beside the three daemons, on a database of its own that holds generated
//! events: `fixture --events 20000 -- COMMAND [ARGUMENT]…`.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::{ExitCode, ExitStatus},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use clap::Parser;
use common::auth::{Key, Scope};
use serde_json::Value;
use testkit::{Daemon, Program, Services, free_port, http, wait_for};
use tokio::process::Command;

/// Starts ingestion, consumer and api, stores events of the last days, and runs a command with
/// API_URL, INGESTION_URL, API_PID and INGESTION_PID set, and with `--keys` WRITE_KEY, READ_KEY,
/// CONTROL_KEY and ADMIN_KEY. Everything is removed afterwards.
#[derive(Debug, Parser)]
struct Arguments {
    /// Events to store before the command starts.
    #[arg(long, default_value_t = 20_000)]
    events: u64,
    /// Seconds before now over which they are spread.
    #[arg(long, default_value_t = 259_200)]
    history: u64,
    /// A variable of all three daemons, `NAME=VALUE`; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    variables: Vec<(String, String)>,
    /// Ask for keys (AUTH=on); the command has one of each scope. Else nobody is asked.
    #[arg(long)]
    keys: bool,
    /// The command and its arguments.
    #[arg(required = true, last = true)]
    command: Vec<String>,
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

const READY_LIMIT: Duration = Duration::from_secs(30);
const STORED_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("fixture: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<ExitStatus> {
    let services = Services::start().await;
    let mut keys = Vec::new();
    for scope in Scope::ALL.iter().filter(|_| arguments.keys) {
        keys.push((*scope, services.key(&[scope.as_str()], None).await));
    }
    let mut daemons = start(&services, arguments)?;
    let outcome = act(&mut daemons, arguments, &keys).await;
    for daemon in &mut daemons {
        daemon.terminate(STOP_LIMIT).await?;
    }
    outcome
}

/// Ingestion, consumer and api, in the order in which they stop.
fn start(services: &Services, arguments: &Arguments) -> anyhow::Result<[Daemon; 3]> {
    let logs = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.services/logs"));
    std::fs::create_dir_all(&logs)?;
    let mut variables = services.variables();
    let settings = BTreeMap::from([
        ("COMPACT_INTERVAL", "1".to_owned()),
        ("GENERATOR_RUNNING", "true".to_owned()),
        ("GENERATOR_RATE", "5000".to_owned()),
        ("GENERATOR_LIMIT", arguments.events.to_string()),
        ("GENERATOR_HISTORY_SECONDS", arguments.history.to_string()),
        ("GENERATOR_MALFORMED", "0.005".to_owned()),
        ("GENERATOR_DUPLICATES", "0.01".to_owned()),
    ]);
    variables.extend(
        settings
            .into_iter()
            .map(|(name, value)| (name.into(), value)),
    );
    if arguments.keys {
        variables.insert("AUTH".into(), "on".into());
    }
    variables.extend(arguments.variables.iter().cloned());
    let spawn = |program: Program| -> anyhow::Result<Daemon> {
        let log = logs.join(format!("fixture-{}.log", program.name()));
        Ok(Daemon::spawn(program, free_port()?, &variables, &[], &log)?)
    };
    Ok([
        spawn(Program::Ingestion)?,
        spawn(Program::Consumer)?,
        spawn(Program::Api)?,
    ])
}

async fn act(
    daemons: &mut [Daemon; 3],
    arguments: &Arguments,
    keys: &[(Scope, Key)],
) -> anyhow::Result<ExitStatus> {
    for daemon in daemons.iter_mut() {
        daemon.ready(READY_LIMIT).await?;
    }
    let url = |daemon: &Daemon| format!("http://127.0.0.1:{}", daemon.port);
    let [ingestion, _, api] = daemons;
    let pids = [ingestion.pid(), api.pid()].map(|pid| pid.to_string());
    let (ingestion, api) = (url(ingestion), url(api));
    let reader = keys.iter().find(|(scope, _)| *scope == Scope::Read);
    let reader = reader.map(|(_, key)| format!("Bearer {}", key.text()));
    let stored = async || all_stored(&api, arguments.events, reader.as_deref()).await;
    ensure!(
        wait_for(STORED_LIMIT, stored).await,
        "the events are not stored within {STORED_LIMIT:?}"
    );
    let (program, rest) = arguments.command.split_first().context("no command")?;
    let status = Command::new(program)
        .args(rest)
        .env("API_URL", api)
        .env("INGESTION_URL", ingestion)
        .env("INGESTION_PID", &pids[0])
        .env("API_PID", &pids[1])
        .envs(
            keys.iter()
                .map(|(scope, key)| (variable(*scope), key.text())),
        )
        .status();
    status.await.with_context(|| format!("can't run {program}"))
}

/// Under which the command finds a key.
fn variable(scope: Scope) -> String {
    format!("{}_KEY", scope.as_str().to_uppercase())
}

async fn all_stored(api: &str, events: u64, reader: Option<&str>) -> bool {
    let url = format!("{api}/api/v1/audit");
    let audit = match reader {
        Some(key) => http::get_with(&url, ("authorization", key)).await,
        None => http::get(&url).await,
    };
    let audit = audit.map(|(_, mut body)| body["data"].take());
    let audit: Value = audit.unwrap_or_default();
    let accepted = audit["total"]["accepted"].as_u64().unwrap_or_default();
    accepted >= events && audit["verdict"] == "balanced"
}
