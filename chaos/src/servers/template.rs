//! A database cluster with the schema, made once and copied for each scenario.

use std::path::PathBuf;

use anyhow::Context as _;
use common::{
    auth::Key,
    config::{Loader, PostgresConfig, sample_variables},
};
use testkit::free_port;
use uuid::Uuid;

use super::{Postgres, Programs};
use crate::http;

/// What the daemons' database is called.
pub(crate) const DATABASE: &str = "tidemark";

/// Of the daemons' logins.
pub(crate) const PASSWORD: &str = "daemon";
/// As SECURITY.md has them.
const LOGINS: [(&str, &str); 3] = [
    ("tm_api", "tidemark_api"),
    ("tm_consumer", "tidemark_consumer"),
    ("tm_ingestion", "tidemark_ingestion"),
];

pub(crate) struct Template {
    pub(crate) folder: PathBuf,
    pub(super) password: String,
    /// "PostgreSQL 15.18, TimescaleDB 2.19.3".
    pub(crate) version: String,
}

impl Template {
    pub(crate) async fn make(programs: &Programs) -> anyhow::Result<Self> {
        let name = format!("template-{}", std::process::id());
        let mut template = Self {
            folder: programs.folder.join(name),
            password: Uuid::new_v4().simple().to_string(),
            version: String::new(),
        };
        template.initialise(programs).await?;
        let port = free_port()?;
        let mut server = Postgres::within(programs, &template.folder, &template.password, port);
        server.start().await?;
        template.version = fill(&server).await.context("the template's schema")?;
        let_in(&server)
            .await
            .context("the template's keys and logins")?;
        server.stop("INT").await?;
        Ok(template)
    }

    async fn initialise(&self, programs: &Programs) -> anyhow::Result<()> {
        // Only the owner's processes can read it, and it is gone in a second.
        let password = self.folder.with_extension("password");
        std::fs::write(&password, &self.password)?;
        let mut words = programs.initdb.clone();
        let paths = [
            ("--pgdata", self.folder.display()),
            ("--pwfile", password.display()),
        ];
        words.extend(paths.map(|(name, path)| format!("{name}={path}")));
        words.extend(
            [
                "--username=tidemark",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-instructions",
                "--no-sync",
            ]
            .map(str::to_owned),
        );
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let made = programs.run(&[], &words).await;
        std::fs::remove_file(password)?;
        made
    }
}

async fn fill(server: &Postgres) -> anyhow::Result<String> {
    let client = server.connect("postgres").await?;
    client
        .batch_execute(&format!("CREATE DATABASE {DATABASE}"))
        .await?;
    let mut variables = sample_variables();
    variables.insert("POSTGRES_URL".into(), server.url(server.port, DATABASE));
    let config: PostgresConfig = Loader::from_variables(variables)
        .section()
        .context("the sample configuration is right")?;
    consumer::migrate::run(&config).await?;
    let client = server.connect(DATABASE).await?;
    let sql = "SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)
                      || ', TimescaleDB ' || extversion
                 FROM pg_extension WHERE extname = 'timescaledb'";
    Ok(client.query_one(sql, &[]).await?.get(0))
}

/// A login for each daemon, which may do its own work and nothing else, and a key for us.
async fn let_in(server: &Postgres) -> anyhow::Result<()> {
    let client = server.connect(DATABASE).await?;
    for (login, group) in LOGINS {
        let create = format!("CREATE ROLE {login} LOGIN PASSWORD '{PASSWORD}' IN ROLE {group}");
        client.batch_execute(&create).await?;
    }
    let key = Key::generate()?;
    let (id, hash) = (key.id().to_string(), key.hash());
    let insert = "INSERT INTO api_keys (id, name, scopes, hash) \
                  VALUES ($1, 'chaos', '{admin}', $2)";
    client.execute(insert, &[&id, &&hash[..]]).await?;
    http::carry(&key);
    client.batch_execute("CHECKPOINT").await?;
    Ok(())
}
