//! What the api reads from the environment, section by section.

use common::config::{
    AuthConfig, BindConfig, ConfigError, Loader, PostgresConfig, ProcessConfig, RedisConfig,
    RetentionConfig, StreamConfig, refuse_open_doors,
};

mod live;
mod query;
mod server;

pub use live::LiveConfig;
pub use query::QueryConfig;
pub use server::ServerConfig;

#[derive(Debug, Clone)]
pub struct Config {
    pub process: ProcessConfig,
    pub bind: BindConfig,
    pub auth: AuthConfig,
    pub redis: RedisConfig,
    pub postgres: PostgresConfig,
    pub stream: StreamConfig,
    /// What the consumer is told, too.
    pub retention: RetentionConfig,
    pub server: ServerConfig,
    pub query: QueryConfig,
    pub live: LiveConfig,
}

impl Config {
    /// # Errors
    /// Every variable that is missing or wrong.
    pub fn load(mut loader: Loader) -> Result<Self, ConfigError> {
        let (process, bind) = (loader.section(), loader.section());
        let (redis, postgres) = (loader.section(), loader.section());
        let (stream, retention) = (loader.section(), loader.section());
        let (server, query) = (loader.section(), loader.section());
        let (live, auth) = (loader.section(), loader.section());
        refuse_open_doors(&mut loader, auth.as_ref(), bind.as_ref());
        refuse_small_pool(&mut loader, postgres.as_ref(), query.as_ref());
        loader.finish()?;
        // Unwrap safety: a section that is absent has left a problem.
        #[allow(clippy::unwrap_used)]
        Ok(Self {
            process: process.unwrap(),
            bind: bind.unwrap(),
            auth: auth.unwrap(),
            redis: redis.unwrap(),
            postgres: postgres.unwrap(),
            stream: stream.unwrap(),
            retention: retention.unwrap(),
            server: server.unwrap(),
            query: query.unwrap(),
            live: live.unwrap(),
        })
    }
}

/// Readiness, the live feed and the pipeline's report.
const OWN_CONNECTIONS: usize = 3;

/// Else questions that have their places wait for each other's connections, and readiness for
/// one, though the database is well.
fn refuse_small_pool(
    loader: &mut Loader,
    postgres: Option<&PostgresConfig>,
    query: Option<&QueryConfig>,
) {
    let (Some(postgres), Some(query)) = (postgres, query) else {
        return;
    };
    let least = query.most_connections() + OWN_CONNECTIONS;
    if postgres.postgres_pool_size < least {
        let what = format!(
            "must be at least {least}: QUERY_CONCURRENCY + ANALYSIS_CONCURRENCY + \
             EXPORT_CONCURRENCY + {OWN_CONNECTIONS}"
        );
        loader.refuse("POSTGRES_POOL_SIZE", what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(changes: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let mut variables = common::config::sample_variables();
        for (name, value) in changes {
            variables.insert((*name).to_owned(), (*value).to_owned());
        }
        Config::load(Loader::from_variables(variables))
    }

    #[test]
    fn the_sample_holds_the_defaults() {
        let sample = load(&[]).unwrap();
        let mut bare = common::config::sample_variables();
        let ours = [
            "API_PORT",
            "INGESTION_PUBLIC_URL",
            "CORS_ORIGINS",
            "AUDIT_INTERVAL",
            "QUERY_TIMEOUT_MS",
            "QUERY_CONCURRENCY",
            "QUERY_WAIT_MS",
            "QUERY_CACHE_BYTES",
            "ANSWER_CACHE_BYTES",
            "ANALYSIS_CONCURRENCY",
            "ANALYSIS_TIMEOUT_MS",
            "EXPORT_CONCURRENCY",
            "EXPORT_TIMEOUT_MS",
            "EVENTS_RETENTION_DAYS",
            "ROLLUPS_RETENTION_DAYS",
            "DEAD_LETTERS_RETENTION_DAYS",
            "LIVE_MAX_SOCKETS",
            "LIVE_MAX_SOCKETS_PER_ADDRESS",
            "LIVE_INTERVAL_MS",
            "LIVE_SEND_TIMEOUT_MS",
            "AUTH",
        ];
        for name in ours {
            assert!(bare.remove(name).is_some(), "{name} is in .env.example");
        }
        let defaults = Config::load(Loader::from_variables(bare)).unwrap();
        assert_eq!(format!("{sample:?}"), format!("{defaults:?}"));
    }

    #[test]
    fn keys_are_left_out_on_loopback_only() {
        for loopback in ["127.0.0.1", "127.8.8.8", "::1"] {
            load(&[("AUTH", "off"), ("BIND_ADDRESS", loopback)]).unwrap();
        }
        for open in ["0.0.0.0", "::", "192.0.2.1"] {
            let error = load(&[("AUTH", "off"), ("BIND_ADDRESS", open)]).unwrap_err();
            assert_eq!(error.0[0].variable, "AUTH", "{error}");
            load(&[("AUTH", "on"), ("BIND_ADDRESS", open)]).unwrap();
        }
    }

    #[test]
    fn a_pool_has_a_connection_for_each_place() {
        let places = [
            ("QUERY_CONCURRENCY", "4"),
            ("ANALYSIS_CONCURRENCY", "3"),
            ("EXPORT_CONCURRENCY", "2"),
        ];
        let of = |size| load(&[&places[..], &[("POSTGRES_POOL_SIZE", size)]].concat());
        of("12").unwrap();
        let problems = of("11").unwrap_err().0;
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].variable, "POSTGRES_POOL_SIZE");
        assert!(problems[0].what.starts_with("must be at least 12: "));
    }

    #[test]
    fn every_wrong_variable_is_named() {
        let wrong = [
            ("API_PORT", "70000"),
            ("CORS_ORIGINS", "example.org"),
            ("INGESTION_PUBLIC_URL", "http://x/'; script-src *"),
            ("LIVE_INTERVAL_MS", "0"),
            ("QUERY_CONCURRENCY", "many"),
        ];
        let problems = load(&wrong).unwrap_err().0;
        let names: Vec<_> = problems
            .iter()
            .map(|problem| problem.variable.as_str())
            .collect();
        assert_eq!(names, wrong.map(|(name, _)| name));
    }
}
