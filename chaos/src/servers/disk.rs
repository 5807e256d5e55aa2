//! A small file system of a server's own, which can be filled.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, Command},
    time::sleep,
};

/// Not every user may mount a file system on every machine: no fault of the pipeline's.
#[derive(Debug, thiserror::Error)]
#[error("this user can't mount a file system here")]
pub(crate) struct CannotMount;

/// In memory, mounted where only the processes of its name space see it. It lasts as long as
/// this value.
pub(crate) struct Disk {
    holder: Child,
    id: u32,
    folder: PathBuf,
    /// Whether it is in a name space of users of its own.
    is_users: bool,
}

/// Larger than what a scenario writes.
const SIZE: &str = "400m";
const MOUNTED: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(20);

/// Without root, a user may do that in a name space of users, where the system allows it.
const WAYS: [&[&str]; 2] = [
    &["unshare", "--mount"],
    &[
        "unshare",
        "--user",
        "--map-current-user",
        "--keep-caps",
        "--mount",
    ],
];

impl Disk {
    /// Mounts one over this folder, which exists.
    ///
    /// # Errors
    /// [`CannotMount`] where that isn't allowed.
    pub(crate) async fn mount(folder: PathBuf) -> anyhow::Result<Self> {
        for way in WAYS {
            if let Some(disk) = Self::try_mount(way, folder.clone()).await? {
                return Ok(disk);
            }
        }
        Err(CannotMount.into())
    }

    /// `None` where it isn't allowed in this way.
    async fn try_mount(way: &[&str], folder: PathBuf) -> anyhow::Result<Option<Self>> {
        let script = format!(
            "mount -t tmpfs -o size={SIZE},mode=777 chaos '{}' && touch '{0}/mounted' && exec sleep infinity",
            folder.display()
        );
        let mut holder = Command::new(way[0])
            .args(&way[1..])
            .args(["sh", "-c", &script])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let id = holder.id().context("it runs")?;
        let mounted = seen(id, &folder).join("mounted");
        let started = Instant::now();
        while !mounted.exists() {
            if holder.try_wait()?.is_some() {
                return Ok(None);
            }
            ensure!(started.elapsed() < MOUNTED, "not mounted in {MOUNTED:?}");
            sleep(LOOK).await;
        }
        Ok(Some(Self {
            holder,
            id,
            folder,
            is_users: way.contains(&"--user"),
        }))
    }

    /// The words before a command that is to see it.
    pub(crate) fn prefix(&self) -> Vec<String> {
        let mut words = vec!["nsenter".to_owned()];
        if self.is_users {
            words.push(format!("--user=/proc/{}/ns/user", self.id));
            words.push("--preserve-credentials".to_owned());
        }
        words.push(format!("--mount=/proc/{}/ns/mnt", self.id));
        words.push("--".to_owned());
        words
    }

    /// Where it is seen from outside.
    pub(crate) fn seen(&self) -> PathBuf {
        seen(self.id, &self.folder)
    }

    /// Writes until nothing fits any more.
    pub(crate) async fn fill(&self) -> anyhow::Result<()> {
        let mut ballast = tokio::fs::File::create(self.seen().join("ballast")).await?;
        for size in [1 << 20, 4_096] {
            let piece = vec![0; size];
            while ballast.write_all(&piece).await.is_ok() && ballast.flush().await.is_ok() {}
        }
        Ok(())
    }

    pub(crate) async fn empty(&self) -> anyhow::Result<()> {
        tokio::fs::remove_file(self.seen().join("ballast")).await?;
        Ok(())
    }
}

fn seen(id: u32, folder: &Path) -> PathBuf {
    let below = folder.strip_prefix("/").unwrap_or(folder);
    PathBuf::from(format!("/proc/{id}/root")).join(below)
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.start_kill();
    }
}
