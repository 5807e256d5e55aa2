//! No key appears in the output of the daemons, however the key was presented.

use std::{collections::BTreeMap, path::Path, time::Duration};

use common::auth::Key;
use serde_json::json;
use testkit::{Daemon, Program, Services, free_port, http};

const LIMIT: Duration = Duration::from_secs(30);

fn variables(services: &Services) -> BTreeMap<String, String> {
    let mut variables = services.variables();
    let changes = [("AUTH", "on"), ("LOG_LEVEL", "trace")];
    variables.extend(changes.map(|(name, value)| (name.into(), value.into())));
    variables
}

/// By header, by cookie and by a session.
async fn show(port: u16, key: &str) {
    let bearer = format!("Bearer {key}");
    let cookie = format!("tidemark_key={key}");
    for path in [
        "/metrics",
        "/api/v1/metadata",
        "/api/v1/generator",
        "/api/v1/session",
    ] {
        let url = format!("http://127.0.0.1:{port}{path}");
        for header in [("authorization", &*bearer), ("cookie", &*cookie)] {
            http::get_with(&url, header).await.unwrap();
        }
    }
    let url = format!("http://127.0.0.1:{port}/api/v1/session");
    let body = json!({ "key": key }).to_string();
    http::post(&url, "application/json", body.into())
        .await
        .unwrap();
}

#[tokio::test]
async fn no_key_is_printed() {
    let services = Services::start().await;
    let right = services.key(&["admin"], None).await;
    let wrong = Key::generate().unwrap();
    let variables = variables(&services);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&services.stream.stream_key);
    std::fs::create_dir_all(&folder).unwrap();
    for program in [Program::Ingestion, Program::Consumer, Program::Api] {
        let log = folder.join(program.name());
        let port = free_port().unwrap();
        let mut daemon = Daemon::spawn(program, port, &variables, &[], &log).unwrap();
        daemon.ready(LIMIT).await.unwrap();
        for key in [&right, &wrong] {
            show(port, &key.text()).await;
        }
        daemon.terminate(LIMIT).await.unwrap();
        let printed = std::fs::read_to_string(&log).unwrap();
        for key in [&right, &wrong] {
            let text = key.text();
            let (_, secret) = text.rsplit_once('_').unwrap();
            assert!(!printed.contains(secret), "{} prints a key", program.name());
        }
        assert!(printed.contains("isn't in force was refused"), "{printed}");
        assert!(
            printed.contains(&wrong.id().to_string()),
            "by its id it can be found"
        );
    }
    std::fs::remove_dir_all(folder).unwrap();
}
