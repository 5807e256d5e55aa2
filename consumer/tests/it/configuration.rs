//! Wrong configurations: each problem named, exit code 2, within a second, no secret shown.

use std::{collections::BTreeMap, time::Duration};

use common::config::{Loader, sample_variables};
use consumer::config::Config;

use crate::harness::run_to_end;

const SECRET: &str = "hunter2";

#[test]
fn the_sample_configuration_loads() {
    Config::load(Loader::from_variables(sample_variables())).unwrap();
}

fn good() -> BTreeMap<String, String> {
    let urls = [
        ("REDIS_URL", format!("redis://user:{SECRET}@127.0.0.1:1/0")),
        (
            "POSTGRES_URL",
            format!("postgres://user:{SECRET}@127.0.0.1:1/none"),
        ),
    ];
    urls.map(|(name, value)| (name.to_owned(), value)).into()
}

const WRONG: [(&str, &str); 25] = [
    ("REDIS_URL", ""),
    ("REDIS_URL", "http://user:hunter2@127.0.0.1"),
    ("REDIS_URL", "hunter2"),
    ("POSTGRES_URL", ""),
    ("POSTGRES_URL", "mysql://user:hunter2@127.0.0.1/x"),
    ("POSTGRES_URL", "postgres://user:hunter2@127.0.0.1:port/x"),
    ("CONSUMER_PORT", "65536"),
    ("CONSUMER_PORT", "http"),
    ("CONSUMER_LANES", "0"),
    ("CONSUMER_LANES", "65"),
    ("CONSUMER_LANES", "-1"),
    ("BATCH_MAX_EVENTS", "0"),
    ("BATCH_MAX_BYTES", "1"),
    ("BATCH_LINGER_MS", "10001"),
    ("WRITE_TIMEOUT_MS", "99"),
    ("CLAIM_IDLE_MS", "1s"),
    ("ROLLUP_MAX_VALUES", "9"),
    ("COMPACT_INTERVAL", "0"),
    ("EVENTS_RETENTION_DAYS", "36501"),
    ("MIGRATE_ON_START", "perhaps"),
    ("LOG_LEVEL", "loud"),
    ("BIND_ADDRESS", "everywhere"),
    ("AUTH", "perhaps"),
    ("EVENT_MAX_AGE", "0"),
    ("CONNECT_TIMEOUT_MS", "1e3"),
];

#[test]
fn each_wrong_variable_is_named() {
    for (name, value) in WRONG {
        let mut variables = good();
        variables.insert(name.to_owned(), value.to_owned());
        let (output, took) = run_to_end(variables, &[]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}={value}: {message}");
        assert!(
            message.contains(&format!("  {name}: ")),
            "{name}={value}: {message}"
        );
        assert_eq!(
            message
                .lines()
                .filter(|line| line.starts_with("  "))
                .count(),
            1,
            "{message}"
        );
        assert!(!message.contains(SECRET), "{message}");
        assert!(took < Duration::from_secs(1), "{name}={value}: {took:?}");
    }
}

#[test]
fn all_wrong_variables_are_named_at_once() {
    let mut variables = good();
    let by_name: BTreeMap<_, _> = WRONG.into_iter().collect();
    variables.extend(
        by_name
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
    );
    let (output, _) = run_to_end(variables, &[]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    for name in by_name.keys() {
        assert!(
            message.contains(&format!("  {name}: ")),
            "{name}: {message}"
        );
    }
    assert!(!message.contains(SECRET), "{message}");
}

#[test]
fn an_open_door_beyond_loopback_is_wrong() {
    let mut variables = good();
    let open = [("AUTH", "off"), ("BIND_ADDRESS", "0.0.0.0")];
    variables.extend(open.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let (output, _) = run_to_end(variables, &[]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("  AUTH: off is accepted only"),
        "{message}"
    );
}

#[test]
fn commands_check_the_configuration_too() {
    for command in [
        &["migrate"][..],
        &["rollup", "check"],
        &["dead-letters", "list"],
    ] {
        let (output, _) = run_to_end(BTreeMap::<String, String>::new(), command);
        assert_eq!(output.status.code(), Some(2), "{command:?}");
    }
}
