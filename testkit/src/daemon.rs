//! A daemon as a process of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    time::timeout,
};

use uuid::Uuid;

use crate::{hardware::field, http, wait::wait_for};

/// One of the three programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Ingestion,
    Consumer,
    Api,
}

impl Program {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingestion => "ingestion",
            Self::Consumer => "consumer",
            Self::Api => "api",
        }
    }

    /// Where the program is that was built beside this one.
    ///
    /// # Errors
    /// This program's own place isn't known.
    pub fn path(self) -> io::Result<PathBuf> {
        Ok(program_folder()?.join(self.name()))
    }

    #[must_use]
    pub const fn port_variable(self) -> &'static str {
        match self {
            Self::Ingestion => "INGESTION_PORT",
            Self::Consumer => "CONSUMER_PORT",
            Self::Api => "API_PORT",
        }
    }
}

/// A running daemon. It is killed when dropped.
pub struct Daemon {
    pub program: Program,
    pub port: u16,
    child: Child,
}

impl Daemon {
    /// Starts the program that was built beside this one, with exactly these variables. What
    /// it prints is appended to `log`.
    ///
    /// # Errors
    /// The program isn't built, or `log` can't be written.
    pub fn spawn(
        program: Program,
        port: u16,
        variables: &BTreeMap<String, String>,
        arguments: &[String],
        log: &Path,
    ) -> io::Result<Self> {
        let path = program.path()?;
        let log = File::options().create(true).append(true).open(log)?;
        let child = Command::new(&path)
            .args(arguments)
            .env_clear()
            .envs(variables)
            .env(program.port_variable(), port.to_string())
            // Away from any `.env` of the checkout.
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!(
                        "can't start {}: {error}; `cargo build --workspace --bins` builds it",
                        path.display()
                    ),
                )
            })?;
        Ok(Self {
            program,
            port,
            child,
        })
    }

    /// # Panics
    /// It has ended.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id().expect("the daemon runs")
    }

    /// Waits until `/health/ready` says 200.
    ///
    /// # Errors
    /// Not within `limit`, or it has ended.
    pub async fn ready(&mut self, limit: Duration) -> io::Result<()> {
        let url = format!("http://127.0.0.1:{}/health/ready", self.port);
        let name = self.program.name();
        let ready = async || matches!(http::get(&url).await, Ok((200, _)));
        if wait_for(limit, ready).await {
            return Ok(());
        }
        let ended = self.child.try_wait()?;
        Err(io::Error::other(format!(
            "{name} is not ready within {limit:?} (ended: {ended:?})"
        )))
    }

    /// Sends SIGTERM and waits for the end.
    ///
    /// # Errors
    /// Not within `limit`.
    pub async fn terminate(&mut self, limit: Duration) -> io::Result<ExitStatus> {
        self.signal("TERM").await?;
        self.wait(limit).await
    }

    /// # Errors
    /// It doesn't end within `limit`.
    pub async fn wait(&mut self, limit: Duration) -> io::Result<ExitStatus> {
        timeout(limit, self.child.wait())
            .await
            .map_err(io::Error::other)?
    }

    /// SIGKILL.
    ///
    /// # Errors
    /// It has ended already.
    pub async fn kill(&mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// Sends a signal by name, such as `STOP`.
    ///
    /// # Errors
    /// It has ended already.
    pub async fn signal(&self, name: &str) -> io::Result<()> {
        let kill = format!("kill -{name} {}", self.pid());
        let status = Command::new("sh").args(["-c", &kill]).status().await?;
        if status.success() {
            return Ok(());
        }
        Err(io::Error::other(format!("{kill} failed")))
    }

    /// The most memory it ever had resident, in bytes.
    ///
    /// # Errors
    /// It has ended.
    pub fn peak_memory(&self) -> io::Result<u64> {
        memory_of(self.pid(), "VmHWM")
    }
}

/// A row of a process's status that tells a size (proc(5)), in bytes.
///
/// # Errors
/// The process has ended, or there is no such row.
pub fn memory_of(process: u32, row: &str) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let size = field(&status, row);
    let kib = size.and_then(|size| size.strip_suffix(" kB")?.parse::<u64>().ok());
    kib.map(|kib| kib * 1024)
        .ok_or_else(|| io::Error::other(format!("no {row}")))
}

/// Where this program lies, or for a test the folder above its own.
fn program_folder() -> io::Result<PathBuf> {
    let mut folder = std::env::current_exe()?;
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    Ok(folder)
}

/// A port nobody listens on at present, below those that the system gives to clients: else
/// somebody's connection could take it before the daemon does. None is given twice to one process,
/// whose daemons may not listen yet, or not at present.
///
/// # Errors
/// There is none.
pub fn free_port() -> io::Result<u16> {
    const PORTS: std::ops::Range<u16> = 10_000..32_000;
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let (first, count) = (
        Uuid::new_v4().as_u128(),
        u128::from(PORTS.end - PORTS.start),
    );
    let ports = (0..1_000).map(|n| PORTS.start + (first.wrapping_add(n) % count) as u16);
    let mut free =
        ports.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok() && given.insert(*port));
    free.next()
        .ok_or_else(|| io::Error::other("no port is free"))
}
