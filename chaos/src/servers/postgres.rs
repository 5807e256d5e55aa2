//! A PostgreSQL server with a copy of the template's data.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use testkit::wait_for;
use tokio::process::Child;
use tokio_postgres::{Client, NoTls};

use super::{
    Disk, Programs, Template,
    process::{signal, working_in},
};
use crate::scenario::Setup;

const STARTS: Duration = Duration::from_secs(60);
const ENDS: Duration = Duration::from_secs(60);

/// Small, since many run at once; as durable as by default.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=120",
    "shared_preload_libraries=timescaledb",
    "timescaledb.telemetry_level=off",
    "timescaledb.max_background_workers=4",
    "max_worker_processes=12",
    "max_locks_per_transaction=256",
    "shared_buffers=48MB",
    "work_mem=16MB",
    "max_wal_size=2GB",
    "checkpoint_timeout=15min",
    "wal_compression=on",
    "jit=off",
    "client_connection_check_interval=5s",
    "log_line_prefix=%m [%p] %d ",
    "timezone=UTC",
    "log_timezone=UTC",
];

pub(crate) struct Postgres {
    pub(crate) port: u16,
    pub(crate) disk: Option<Disk>,
    programs: Programs,
    password: String,
    folder: PathBuf,
    log: PathBuf,
    settings: &'static [&'static str],
    child: Option<Child>,
}

impl Postgres {
    /// Prepares one in `folder`, which is the owner's; it doesn't run yet.
    pub(crate) async fn prepare(
        programs: &Programs,
        template: &Template,
        folder: &Path,
        setup: &Setup,
        port: u16,
    ) -> anyhow::Result<Self> {
        let disk_folder = folder.join("disk");
        let disk = if setup.small_disks {
            let path = disk_folder.to_string_lossy().into_owned();
            programs.run(&[], &["mkdir", "-m", "755", &path]).await?;
            Some(Disk::mount(disk_folder.clone()).await?)
        } else {
            None
        };
        let data = match &disk {
            Some(_) => disk_folder.join("postgres"),
            None => folder.join("postgres"),
        };
        let prefix = disk.as_ref().map(Disk::prefix).unwrap_or_default();
        let (from, to) = (template.folder.to_string_lossy(), data.to_string_lossy());
        let copy = ["cp", "-a", "--reflink=auto", &from, &to];
        programs.run(&prefix, &copy).await?;
        Ok(Self {
            port,
            disk,
            programs: programs.clone(),
            password: template.password.clone(),
            log: folder.join("postgres.log"),
            folder: data,
            settings: setup.postgres,
            child: None,
        })
    }

    /// One in this very folder, for the template itself.
    pub(super) fn within(programs: &Programs, folder: &Path, password: &str, port: u16) -> Self {
        Self {
            port,
            disk: None,
            programs: programs.clone(),
            password: password.to_owned(),
            log: folder.with_extension("log"),
            folder: folder.to_owned(),
            settings: &[],
            child: None,
        }
    }

    /// Starts it without waiting for anything.
    pub(crate) fn launch(&mut self) -> anyhow::Result<()> {
        let mut words = self.programs.postgres.clone();
        words.extend(["-D".to_owned(), self.folder.to_string_lossy().into_owned()]);
        let port = format!("port={}", self.port);
        for setting in SETTINGS.iter().chain(self.settings).chain([&&*port]) {
            words.extend(["-c".to_owned(), (*setting).to_owned()]);
        }
        let prefix = self.disk.as_ref().map(Disk::prefix).unwrap_or_default();
        self.child = Some(self.programs.spawn(&prefix, &words, &self.log)?);
        Ok(())
    }

    /// Starts it and waits until it answers, recovery included.
    pub(crate) async fn start(&mut self) -> anyhow::Result<()> {
        self.launch()?;
        let answers = async || self.connect("postgres").await.is_ok();
        ensure!(
            wait_for(STARTS, answers).await,
            "PostgreSQL doesn't answer; see {}",
            self.log.display()
        );
        Ok(())
    }

    /// Where programs reach it by this port, as the owner of everything.
    pub(crate) fn url(&self, port: u16, database: &str) -> String {
        let password = &self.password;
        format!("postgres://tidemark:{password}@127.0.0.1:{port}/{database}")
    }

    /// A connection of one's own, past all proxies.
    pub(crate) async fn connect(&self, database: &str) -> anyhow::Result<Client> {
        let url = self.url(self.port, database);
        let url = format!("{url}?connect_timeout=3&application_name=chaos");
        let connecting = tokio_postgres::connect(&url, NoTls);
        let (client, connection) =
            tokio::time::timeout(Duration::from_secs(3), connecting).await??;
        tokio::spawn(connection);
        Ok(client)
    }

    fn processes(&self) -> Vec<u32> {
        let mut all = working_in(&self.folder);
        all.extend(self.child.as_ref().and_then(Child::id));
        all
    }

    /// kill -9 of the server and all its children, as if the power had gone but for what the
    /// kernel holds.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("PostgreSQL runs")?;
        let mut all = self.processes();
        all.extend(child.id());
        signal("KILL", &all).await?;
        child.wait().await?;
        self.all_gone().await
    }

    /// By a signal to the server: `TERM` smart, `INT` fast, `QUIT` immediate.
    pub(crate) async fn stop(&mut self, name: &str) -> anyhow::Result<()> {
        let mut child = self.child.take().context("PostgreSQL runs")?;
        signal(name, &[child.id().context("PostgreSQL runs")?]).await?;
        tokio::time::timeout(ENDS, child.wait()).await??;
        self.all_gone().await
    }

    async fn all_gone(&self) -> anyhow::Result<()> {
        let gone = async || working_in(&self.folder).is_empty();
        ensure!(wait_for(ENDS, gone).await, "PostgreSQL doesn't end");
        let _ = std::fs::remove_file(self.folder.join("postmaster.pid"));
        Ok(())
    }

    /// To the server and all its children.
    pub(crate) async fn signal(&self, name: &str) -> anyhow::Result<()> {
        signal(name, &self.processes()).await
    }

    pub(crate) const fn runs(&self) -> bool {
        self.child.is_some()
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_died(&mut self) -> bool {
        let ended = self.child.as_mut().and_then(|child| child.try_wait().ok());
        ended.flatten().is_some()
    }
}
