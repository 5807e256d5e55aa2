//! A redis-server.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use redis::aio::MultiplexedConnection;
use testkit::wait_for;
use tokio::{process::Child, task::JoinHandle, time::sleep};

use super::{Disk, Programs, process::signal};
use crate::{fault::Remains, scenario::Setup};

const STARTS: Duration = Duration::from_secs(20);
const ENDS: Duration = Duration::from_secs(20);
/// How often the length of its log is noted.
const NOTED: Duration = Duration::from_millis(50);

pub(crate) struct Redis {
    pub(crate) port: u16,
    pub(crate) disk: Option<Disk>,
    programs: Programs,
    folder: PathBuf,
    log: PathBuf,
    child: Option<Child>,
    lengths: Lengths,
    noting: JoinHandle<()>,
}

/// The length of the log at moments of the last seconds.
type Lengths = Arc<Mutex<VecDeque<(Instant, u64)>>>;

impl Redis {
    /// Prepares one in `folder`, which is the owner's; it doesn't run yet.
    pub(crate) async fn prepare(
        programs: &Programs,
        folder: &Path,
        setup: &Setup,
        port: u16,
    ) -> anyhow::Result<Self> {
        let data = folder.join("redis");
        programs
            .run(&[], &["mkdir", "-m", "700", &data.to_string_lossy()])
            .await?;
        let disk = match setup.small_disks {
            true => Some(Disk::mount(data.clone()).await?),
            false => None,
        };
        std::fs::write(
            folder.join("redis.conf"),
            configuration(port, &data, setup)?,
        )?;
        let lengths = Lengths::default();
        let noting = tokio::spawn(note(data.join("appendonlydir"), lengths.clone()));
        Ok(Self {
            port,
            disk,
            programs: programs.clone(),
            log: folder.join("redis.log"),
            folder: data,
            child: None,
            lengths,
            noting,
        })
    }

    /// Starts it and waits until it answers.
    pub(crate) async fn start(&mut self) -> anyhow::Result<()> {
        let configuration = self.log.with_extension("conf");
        let mut words = self.programs.redis.clone();
        words.push(configuration.to_string_lossy().into_owned());
        let prefix = self.disk.as_ref().map(Disk::prefix).unwrap_or_default();
        self.child = Some(self.programs.spawn(&prefix, &words, &self.log)?);
        let answers = async || self.ping().await.is_ok();
        ensure!(wait_for(STARTS, answers).await, "Redis doesn't answer");
        Ok(())
    }

    async fn ping(&self) -> anyhow::Result<()> {
        let mut connection = self.connect().await?;
        redis::cmd("PING")
            .query_async::<()>(&mut connection)
            .await?;
        Ok(())
    }

    /// A connection of one's own, past all proxies.
    pub(crate) async fn connect(&self) -> anyhow::Result<MultiplexedConnection> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", self.port))?;
        let settings = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(2)))
            .set_response_timeout(Some(Duration::from_secs(10)));
        let connection = client.get_multiplexed_async_connection_with_config(&settings);
        Ok(connection.await?)
    }

    /// kill -9, and what the disk keeps of the data.
    pub(crate) async fn kill(&mut self, remains: Remains) -> anyhow::Result<()> {
        let killed = Instant::now();
        let mut child = self.child.take().context("Redis runs")?;
        child.kill().await?;
        let log = self.folder.join("appendonlydir");
        match remains {
            Remains::Everything => {}
            Remains::Nothing => std::fs::remove_dir_all(log)?,
            Remains::Until(before) => {
                let length = self.length_at(killed - before);
                let file = log_file(&log).context("Redis has a log")?;
                File::options().write(true).open(file)?.set_len(length)?;
            }
        }
        Ok(())
    }

    fn length_at(&self, moment: Instant) -> u64 {
        let lengths = self.lengths.lock().unwrap_or_else(PoisonError::into_inner);
        let then = lengths.iter().rev().find(|(at, _)| *at <= moment);
        then.or(lengths.front()).map_or(0, |(_, length)| *length)
    }

    pub(crate) async fn terminate(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("Redis runs")?;
        signal("TERM", &[child.id().context("Redis runs")?]).await?;
        if tokio::time::timeout(ENDS, child.wait()).await.is_err() {
            bail!("Redis doesn't end");
        }
        Ok(())
    }

    pub(crate) async fn signal(&self, name: &str) -> anyhow::Result<()> {
        let id = self.child.as_ref().and_then(Child::id);
        signal(name, &[id.context("Redis runs")?]).await
    }

    /// Where it may write, or nowhere at all.
    pub(crate) fn may_write(&self, may: bool) -> std::io::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = if may { 0o700 } else { 0o500 };
        std::fs::set_permissions(&self.folder, std::fs::Permissions::from_mode(mode))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.noting.abort();
    }
}

fn configuration(port: u16, data: &Path, setup: &Setup) -> anyhow::Result<String> {
    let mut text = format!(
        "bind 127.0.0.1\nport {port}\ndir \"{}\"\ndaemonize no\nappendonly yes\n\
         appendfsync {}\nauto-aof-rewrite-percentage 0\nsave \"\"\n\
         maxmemory 1gb\nmaxmemory-policy noeviction\n",
        data.display(),
        setup.fsync
    );
    for line in setup.redis {
        writeln!(text, "{line}")?;
    }
    Ok(text)
}

/// The part of the log that grows.
fn log_file(folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?;
    let mut paths = files.filter_map(|file| Some(file.ok()?.path()));
    paths.find(|path| path.to_string_lossy().ends_with(".incr.aof"))
}

async fn note(folder: PathBuf, lengths: Lengths) {
    loop {
        if let Some(length) = log_file(&folder).and_then(|file| file.metadata().ok()) {
            let mut lengths = lengths.lock().unwrap_or_else(PoisonError::into_inner);
            lengths.push_back((Instant::now(), length.len()));
            if lengths.len() > 200 {
                lengths.pop_front();
            }
        }
        sleep(NOTED).await;
    }
}
