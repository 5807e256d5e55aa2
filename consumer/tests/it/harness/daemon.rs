//! A consumer in the test's own process: production code on a port of its own.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use common::{config::Loader, shutdown::Shutdown};
use consumer::config::Config;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::world::{NAME, World};

/// Runs until it is stopped.
pub(crate) struct Running {
    shutdown: Shutdown,
    address: SocketAddr,
}

impl World {
    pub(crate) fn variables(&self, changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut variables = self.services.variables();
        let defaults = [
            ("CONSUMER_NAME", NAME),
            ("CONSUMER_LANES", "1"),
            ("CONSUMER_PORT", "0"),
            ("CLAIM_IDLE_MS", "500"),
            ("COMPACT_INTERVAL", "3600"),
            ("LOG_LEVEL", "warn"),
        ];
        for (name, value) in defaults.iter().chain(changes) {
            variables.insert((*name).to_owned(), (*value).to_owned());
        }
        variables
    }

    pub(crate) fn config(&self, changes: &[(&str, &str)]) -> Config {
        Config::load(Loader::from_variables(self.variables(changes))).unwrap()
    }

    pub(crate) async fn consumer(&self, changes: &[(&str, &str)]) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new();
        let config = self.config(changes);
        // A failed test shows what the consumer said.
        common::telemetry::init_logs("consumer", &config.process);
        consumer::run(config, listener, &shutdown);
        Running { shutdown, address }
    }
}

impl Running {
    pub(crate) async fn stop(self) {
        self.shutdown.stop();
        self.shutdown
            .finished(Duration::from_secs(20))
            .await
            .unwrap();
    }

    /// Whether `/health/ready` says so.
    pub(crate) async fn is_ready(&self) -> bool {
        self.ask("GET", "/health/ready", "").await == 200
    }

    /// The sum of a metric's series.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let url = format!("http://{}/metrics", self.address);
        let text = testkit::http::text(&url).await.unwrap();
        let values = text.lines().filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            (series.split('{').next()? == name).then(|| value.parse::<f64>().unwrap())
        });
        values.sum()
    }

    /// The status of an answer, asked for with `key` where that isn't empty.
    pub(crate) async fn ask(&self, method: &str, path: &str, key: &str) -> u16 {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let shown = match key {
            "" => String::new(),
            key => format!("Authorization: Bearer {key}\r\n"),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n{shown}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        std::str::from_utf8(&status[9..]).unwrap().parse().unwrap()
    }
}
