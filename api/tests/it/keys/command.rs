//! `api keys`, as an operator runs it.

use std::{
    collections::BTreeMap,
    process::{Command, Output},
};

use common::auth::Key;
use serde_json::Value;
use testkit::Services;

use super::guarded;

fn run(variables: &BTreeMap<String, String>, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_api"));
    // Away from any `.env` of the checkout.
    command.env_clear().envs(variables).current_dir("/");
    let Output {
        status,
        stdout,
        stderr,
    } = command.args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test]
async fn a_key_is_made_listed_used_and_revoked() {
    let (api, _) = guarded(&["read"], None, &[]).await;
    let variables = api.services.variables();
    let create = [
        "keys",
        "create",
        "--name",
        "the wall",
        "--scope",
        "read,control",
        "--rate",
        "50",
    ];
    let (status, stdout, stderr) = run(&variables, &create);
    assert_eq!(status, Some(0), "{stderr}");
    let text = stdout.strip_suffix('\n').unwrap();
    let key = Key::parse(text).expect("the key, and nothing else");
    assert!(!stderr.contains(text));
    super::routes::taken(&api, &key).await;

    let (_, stdout, _) = run(&variables, &["keys", "list"]);
    let listed: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (id, secret) = text["tmk_".len()..].split_once('_').unwrap();
    let ours = listed.iter().find(|it| it["id"] == id).unwrap();
    assert_eq!(
        (ours["name"].as_str(), ours["rate"].as_i64()),
        (Some("the wall"), Some(50))
    );
    assert_eq!(ours["scopes"], serde_json::json!(["read", "control"]));
    assert!(ours["revoked_at"].is_null());
    assert!(!stdout.contains(secret));
    let stored = "SELECT count(*) FROM api_keys t WHERE t::text LIKE '%' || $1 || '%'";
    let stored: i64 = api.db.query_one(stored, &[&secret]).await.unwrap().get(0);
    assert_eq!(stored, 0, "the database has no secrets");

    assert_eq!(run(&variables, &["keys", "revoke", id]).0, Some(0));
    let (_, after, _) = run(&variables, &["keys", "list"]);
    let revoked = after.lines().find(|line| line.contains(id)).unwrap();
    assert!(!revoked.contains("\"revoked_at\" : null"), "{revoked}");
    assert_eq!(
        run(&variables, &["keys", "revoke", id]).0,
        Some(0),
        "again is no harm"
    );
    api.stop().await;
}

#[tokio::test]
async fn what_cant_be_made_is_told_why() {
    let services = Services::start().await;
    let variables = services.variables();
    for (arguments, told) in [
        (&["create", "--name", "a"][..], "--scope"),
        (
            &["create", "--name", "a", "--scope", "all"],
            "write, read, control or admin",
        ),
        (&["create", "--name", " ", "--scope", "read"], "1 to 100"),
        (
            &["create", "--name", "a", "--scope", "read", "--rate", "0"],
            "rate",
        ),
        (&["revoke", "1"], "12 hexadecimal digits"),
        (&["revoke", "0123456789ab"], "no key 0123456789ab"),
    ] {
        let (status, stdout, stderr) = run(&variables, &[&["keys"][..], arguments].concat());
        assert_ne!(status, Some(0), "{arguments:?}");
        assert!(
            stdout.is_empty() && stderr.contains(told),
            "{arguments:?}: {stderr}"
        );
    }
    let empty = Services::without_schema().await;
    let (status, _, stderr) = run(&empty.variables(), &["keys", "list"]);
    assert_eq!(status, Some(1));
    assert!(stderr.contains("consumer migrate"), "{stderr}");
}

#[tokio::test]
async fn every_statement_prepares() {
    let services = Services::start().await;
    let db = services.db().await;
    for statement in api::keys::STATEMENTS
        .iter()
        .chain(&common::auth::STATEMENTS)
    {
        assert!(statement.starts_with("-- "));
        db.prepare(statement).await.unwrap();
    }
}

#[test]
fn an_open_door_beyond_loopback_is_a_wrong_configuration() {
    let variables = [
        ("REDIS_URL", "redis://127.0.0.1:1"),
        ("POSTGRES_URL", "postgres://127.0.0.1:1/x"),
        ("AUTH", "off"),
        ("BIND_ADDRESS", "0.0.0.0"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (status, _, stderr) = run(&variables.into(), &[]);
    assert_eq!(status, Some(2));
    assert!(stderr.contains("  AUTH: off is accepted only"), "{stderr}");
}
