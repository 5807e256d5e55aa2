//! The binary: exit codes, signals, subcommands.

use std::{
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use ingestion::source::synthetic::{Population, Segment, truth};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{daemon::redis_url, http::send};

const BINARY: &str = env!("CARGO_BIN_EXE_ingestion");

async fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(BINARY);
    command
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied());
    let output = command.current_dir("/").kill_on_drop(true).output();
    tokio::time::timeout(Duration::from_secs(10), output)
        .await
        .unwrap()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test]
async fn a_wrong_configuration_names_every_variable_at_once() {
    let start = Instant::now();
    let variables = [
        ("REDIS_URL", "http://user:hunter2@x"),
        ("INGESTION_PORT", "70000"),
        ("BACKLOG_MAX_EVENTS", "0"),
        ("GENERATOR_RATE", "-5"),
        ("GENERATOR_LATE", "0.7"),
        ("CORS_ORIGINS", "*"),
    ];
    let output = run(&[], &variables).await;
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(output.status.code(), Some(2));
    for (name, _) in variables {
        assert!(
            stderr(&output).contains(&format!("{name}: ")),
            "{name}: {}",
            stderr(&output)
        );
    }
    assert!(!stderr(&output).contains("hunter2"));
    let profile = run(
        &[],
        &[
            ("REDIS_URL", "redis://x"),
            ("AUTH", "off"),
            ("GENERATOR_PROFILE", "square"),
        ],
    )
    .await;
    assert_eq!(profile.status.code(), Some(2));
    assert!(
        stderr(&profile).contains("GENERATOR_PROFILE: must be constant"),
        "{}",
        stderr(&profile)
    );
    let flag = [("REDIS_URL", "redis://x"), ("AUTH", "off")];
    let flag = run(&["--rate", "-1"], &flag).await;
    assert_eq!(flag.status.code(), Some(2));
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_in_the_log() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let variables = [
        ("REDIS_URL", "redis://127.0.0.1:1"),
        ("AUTH", "off"),
        ("INGESTION_PORT", &port),
    ];
    let output = run(&[], &variables).await;
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8(output.stdout).unwrap();
    let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(last["level"], "ERROR", "{last}");
    let error = last["error"].as_str().unwrap();
    assert!(error.contains("can't listen on 127.0.0.1"), "{error}");
}

#[tokio::test]
async fn truth_is_printed_as_json() {
    let output = run(
        &["truth", "--seed", "9", "--count", "1000", "--late", "0.1"],
        &[],
    )
    .await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut population = Population::default();
    population.faults.late = 0.1;
    let segments = [Segment {
        from_index: 0,
        population,
    }];
    let expected = serde_json::to_value(truth(9, &segments, 1_000)).unwrap();
    assert_eq!(printed["truth"], expected);
    let read: Vec<Segment> = serde_json::from_value(printed["segments"].clone()).unwrap();
    assert_eq!(read, segments);
}

#[tokio::test]
async fn the_truth_of_a_run_that_was_changed_is_that_of_its_status() {
    let segment = |from_index, users| Segment {
        from_index,
        population: Population {
            users,
            ..Population::default()
        },
    };
    let segments = [segment(0, 100), segment(400, 7)];
    let status = json!({"seed": 9, "status": {"generated": 1_000, "segments": segments}});
    let file = std::env::temp_dir().join(format!("tidemark-status-{}", std::process::id()));
    std::fs::write(&file, status.to_string()).unwrap();
    let path = file.to_str().unwrap();
    for (count, arguments) in [
        (1_000, &["truth", "--status", path][..]),
        (500, &["truth", "--status", path, "--count", "500"]),
    ] {
        let output = run(arguments, &[]).await;
        let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
        let expected = truth(9, &segments, count);
        assert_eq!(printed["truth"], json!(expected), "{count}");
    }
    let wrong = [
        &["truth", "--status", path, "--seed", "9"][..],
        &["truth", "--status", "/nowhere"],
        &["truth", "--seed", "9"],
    ];
    for arguments in wrong {
        let output = run(arguments, &[]).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn sigterm_under_load_is_a_clean_exit() {
    let stream = format!("it-ingestion-process-{}", std::process::id());
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut child = Command::new(BINARY)
        .args(["--run", "--rate", "50000"])
        .env_clear()
        .env("REDIS_URL", redis_url())
        .env("STREAM_KEY", &stream)
        .env("AUTH", "off")
        .env("INGESTION_PORT", port.to_string())
        .current_dir("/")
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let port_text = port.to_string();
    let variables = [
        ("REDIS_URL", "redis://x"),
        ("AUTH", "off"),
        ("INGESTION_PORT", &port_text),
    ];
    let health = run(&["healthcheck"], &variables).await;
    assert_eq!(health.status.code(), Some(0));
    let address = ([127, 0, 0, 1], port).into();
    let view = send(address, "GET", "/api/v1/generator", &[], b"")
        .await
        .json();
    assert!(view["status"]["sent"].as_u64().unwrap() > 0, "{view}");
    let pid = child.id().unwrap().to_string();
    Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .await
        .unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(10), child.wait()).await;
    assert_eq!(stopped.unwrap().unwrap().code(), Some(0));
    let client = redis::Client::open(redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys = common::wire::StreamKeys::new(&stream);
    let delete = [keys.stream, keys.ledger, keys.generator];
    let deleted: u32 = redis::cmd("DEL")
        .arg(&delete)
        .query_async(&mut connection)
        .await
        .unwrap();
    assert!(deleted >= 2);
}
