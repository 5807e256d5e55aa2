//! The api on port 0, and a small HTTP client.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use api::config::Config;
use common::{
    config::{Loader, sample_variables},
    shutdown::Shutdown,
};
use serde_json::Value;
use testkit::Services;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_postgres::Client;

mod written;

pub(crate) use written::{Sent, build, write};

pub(crate) const MINUTE: i64 = 60_000_000;

pub(crate) struct Api {
    pub(crate) services: Arc<Services>,
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    pub(crate) db: Client,
}

impl Api {
    pub(crate) async fn start() -> Self {
        Self::with(Services::start().await, &[]).await
    }

    pub(crate) async fn with(services: impl Into<Arc<Services>>, changes: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, services, changes).await
    }

    pub(crate) async fn on(
        listener: TcpListener,
        services: impl Into<Arc<Services>>,
        changes: &[(&str, &str)],
    ) -> Self {
        let services = services.into();
        let mut variables = sample_variables();
        variables.extend(services.variables());
        // What a test has written counts in its next question.
        variables.insert("ANSWER_CACHE_BYTES".into(), "0".into());
        // Statements are counted, and nobody's but the test's are wanted.
        variables.insert("AUDIT_INTERVAL".into(), "0".into());
        variables.extend(
            changes
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into())),
        );
        let config = Arc::new(Config::load(Loader::from_variables(variables)).unwrap());
        let (address, shutdown) = (listener.local_addr().unwrap(), Shutdown::new());
        api::run(config, listener, shutdown.clone()).unwrap();
        let db = services.db().await;
        Self {
            services,
            address,
            shutdown,
            db,
        }
    }

    pub(crate) async fn ready(self) -> Self {
        let ready = async || self.get("/health/ready").await.status == 200;
        testkit::wait_until("the api is ready", Duration::from_secs(10), ready).await;
        self
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        ))
        .await
    }

    pub(crate) async fn send(&self, request: &str) -> Response {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Response {
            status,
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    /// `data` of a 200.
    pub(crate) async fn data(&self, path: &str) -> Value {
        self.body(path).await["data"].take()
    }

    pub(crate) async fn body(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        response.json()
    }

    pub(crate) async fn stop(self) {
        self.shutdown.stop();
        self.shutdown
            .finished(Duration::from_secs(10))
            .await
            .unwrap();
    }
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }

    /// Of the answer of `/metrics`; 0 where it isn't there.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let mut values = self.body.lines().filter_map(|line| line.strip_prefix(name));
        let value = values.find_map(|rest| rest.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }
}
