//! A database cluster with the schema, made once and copied for each scenario.

use std::path::PathBuf;

use anyhow::Context as _;
use common::config::{Loader, PostgresConfig, sample_variables};
use testkit::free_port;
use uuid::Uuid;

use super::{Postgres, Programs};

/// What the daemons' database is called.
pub(crate) const DATABASE: &str = "tidemark";

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
    let version = client.query_one(sql, &[]).await?.get(0);
    client.batch_execute("CHECKPOINT").await?;
    Ok(version)
}
