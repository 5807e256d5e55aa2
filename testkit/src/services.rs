//! A database and a stream that no other test sees.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use common::{
    clients,
    config::{Loader, PostgresConfig, RedisConfig, StreamConfig, sample_variables},
    wire::StreamKeys,
};
use redis::aio::MultiplexedConnection;
use tokio_postgres::Client;
use uuid::Uuid;

/// Ends the connections of the consumers' lanes; counts them.
pub const TERMINATE_LANES: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'tidemark-consumer'";

/// Configuration of the real services, for one test. The database and the keys are removed
/// when it is dropped.
pub struct Services {
    pub postgres: PostgresConfig,
    pub redis: RedisConfig,
    pub stream: StreamConfig,
    admin: PostgresConfig,
    database: String,
    is_kept: bool,
    /// Database roles of this test, dropped with its database.
    logins: Mutex<Vec<String>>,
}

impl Services {
    /// A migrated database and an unused stream key.
    ///
    /// # Panics
    /// The services can't be reached.
    pub async fn start() -> Self {
        let services = Self::without_schema().await;
        consumer::migrate::run(&services.postgres)
            .await
            .expect("migrations apply to an empty database");
        services
    }

    /// An empty database and an unused stream key.
    ///
    /// # Panics
    /// The services can't be reached.
    pub async fn without_schema() -> Self {
        let services = Self::named(&format!("tidemark_test_{}", Uuid::new_v4().simple()), false);
        services.create_database().await;
        services
    }

    /// A database and a stream of this name, emptied now and kept afterwards. The schema is
    /// left to the consumer.
    ///
    /// # Panics
    /// The services can't be reached.
    pub async fn emptied(name: &str) -> Self {
        let services = Self::named(name, true);
        services.remove().await;
        services.create_database().await;
        services
    }

    /// The configured database and stream, as they are.
    ///
    /// # Panics
    /// The configuration is wrong.
    #[must_use]
    pub fn configured() -> Self {
        let variables = service_variables();
        Self {
            postgres: section(&variables),
            redis: section(&variables),
            stream: section(&variables),
            admin: section(&variables),
            database: String::new(),
            is_kept: true,
            logins: Mutex::default(),
        }
    }

    fn named(name: &str, is_kept: bool) -> Self {
        let mut variables = service_variables();
        variables.insert("STREAM_KEY".into(), name.to_owned());
        let admin: PostgresConfig = section(&variables);
        let url = variables["POSTGRES_URL"].clone();
        let (server, _) = url.rsplit_once('/').expect("the URL names a database");
        variables.insert("POSTGRES_URL".into(), format!("{server}/{name}"));
        Self {
            postgres: section(&variables),
            redis: section(&variables),
            stream: section(&variables),
            admin,
            database: name.to_owned(),
            is_kept,
            logins: Mutex::default(),
        }
    }

    async fn create_database(&self) {
        let create = format!("CREATE DATABASE {}", self.database);
        let client = connect(&self.admin).await;
        client
            .batch_execute(&create)
            .await
            .expect("a database is created");
    }

    /// Drops the database with all connections to it, and makes an empty one in its place.
    ///
    /// # Panics
    /// The database server can't be reached.
    pub async fn lose_database(&self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.database);
        let client = connect(&self.admin).await;
        client
            .batch_execute(&drop)
            .await
            .expect("the database is dropped");
        self.create_database().await;
    }

    async fn remove(&self) {
        remove(&self.admin, &self.redis, self.keys(), &self.database).await;
    }

    /// A connection to the test's database.
    ///
    /// # Panics
    /// It can't be made.
    pub async fn db(&self) -> Client {
        connect(&self.postgres).await
    }

    /// The address of the test's database for a new login with these attributes, such as
    /// `NOSUPERUSER IN ROLE tidemark_api`.
    ///
    /// # Panics
    /// The test's own login may create no roles.
    pub async fn login(&self, attributes: &str) -> PostgresConfig {
        let (name, password) = (
            format!("tidemark_test_{}", Uuid::new_v4().simple()),
            Uuid::new_v4().simple(),
        );
        let create = format!("CREATE ROLE {name} LOGIN PASSWORD '{password}' {attributes}");
        let admin = connect(&self.admin).await;
        admin
            .batch_execute(&create)
            .await
            .expect("a login is created");
        self.logins
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(name.clone());
        let url = &self.postgres.postgres_url.0;
        let (_, place) = url.rsplit_once('@').expect("the URL names a login");
        let mut config = self.postgres.clone();
        config.postgres_url.0 = format!("postgres://{name}:{password}@{place}");
        config
    }

    /// Lets nobody into the test's database any more, and those who are in out.
    ///
    /// # Panics
    /// PostgreSQL refuses it.
    pub async fn shut(&self) {
        let database = &self.database;
        let shut = format!(
            "ALTER DATABASE {database} ALLOW_CONNECTIONS false; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        );
        let client = connect(&self.admin).await;
        client
            .batch_execute(&shut)
            .await
            .expect("the database is shut");
    }

    /// A connection to Redis.
    ///
    /// # Panics
    /// It can't be made.
    pub async fn redis(&self) -> MultiplexedConnection {
        clients::redis::connect(&self.redis, Duration::ZERO)
            .await
            .expect("Redis is reachable")
    }

    #[must_use]
    pub fn keys(&self) -> StreamKeys {
        StreamKeys::new(&self.stream.stream_key)
    }

    /// The environment for a daemon process that is to use these services. It asks for no keys.
    #[must_use]
    pub fn variables(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("REDIS_URL".into(), self.redis.redis_url.0.clone()),
            ("POSTGRES_URL".into(), self.postgres.postgres_url.0.clone()),
            ("STREAM_KEY".into(), self.stream.stream_key.clone()),
            ("AUTH".into(), "off".into()),
        ])
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        let (admin, redis, keys) = (self.admin.clone(), self.redis.clone(), self.keys());
        let database = self.database.clone();
        let logins = std::mem::take(
            self.logins
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner),
        );
        // A runtime of its own: drop may run inside one, or after it has ended.
        let cleaner = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.expect("a runtime can be built");
            runtime.block_on(async {
                remove(&admin, &redis, keys, &database).await;
                let client = connect(&admin).await;
                for login in logins {
                    let drop = format!("DROP ROLE {login}");
                    client
                        .batch_execute(&drop)
                        .await
                        .expect("a login is dropped");
                }
            });
        });
        if cleaner.join().is_err() && !std::thread::panicking() {
            panic!("the test's database {} could not be dropped", self.database);
        }
    }
}

async fn remove(admin: &PostgresConfig, redis: &RedisConfig, keys: StreamKeys, database: &str) {
    let client = connect(admin).await;
    let drop = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
    client
        .batch_execute(&drop)
        .await
        .expect("the database is dropped");
    if let Ok(mut redis) = clients::redis::connect(redis, Duration::ZERO).await {
        let mut command = redis::cmd("DEL");
        command.arg(&[keys.stream, keys.ledger, keys.generator]);
        let _: Result<(), _> = command.query_async(&mut redis).await;
    }
}

async fn connect(config: &PostgresConfig) -> Client {
    clients::postgres::connect(config, "tidemark-test")
        .await
        .expect("PostgreSQL is reachable")
}

fn section<T: serde::de::DeserializeOwned + validator::Validate>(
    variables: &BTreeMap<String, String>,
) -> T {
    let mut loader = Loader::from_variables(variables.clone());
    loader.section().expect("the test's configuration is right")
}

/// From the environment where both are set, else from `scripts/services.sh`.
fn service_variables() -> BTreeMap<String, String> {
    let mut variables = sample_variables();
    let given = ["REDIS_URL", "POSTGRES_URL"].map(|name| Some((name, std::env::var(name).ok()?)));
    if let [Some(redis), Some(postgres)] = given {
        variables.extend([redis, postgres].map(|(name, url)| (name.to_owned(), url)));
        return variables;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/services.sh");
    for command in ["start", "env"] {
        let output = Command::new(script)
            .arg(command)
            .output()
            .expect("the script can be run");
        assert!(
            output.status.success(),
            "{script} {command} failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        variables.extend(lines.lines().filter_map(|line| {
            let (name, value) = line.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        }));
    }
    variables
}
