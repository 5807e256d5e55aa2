//! A small file system of a server's own, which can be filled.

use std::{path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context as _, bail};
use testkit::wait_for;
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, Command},
};

/// In memory, mounted where only the processes of its name space see it. It lasts as long as
/// this value.
pub(crate) struct Disk {
    holder: Child,
    id: u32,
    folder: PathBuf,
}

/// Larger than what a scenario writes.
const SIZE: &str = "400m";
const MOUNTED: Duration = Duration::from_secs(5);

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
    /// Mounts one over this folder, which exists. Fails where that isn't allowed.
    pub(crate) async fn mount(folder: PathBuf) -> anyhow::Result<Self> {
        for way in WAYS {
            if let Ok(disk) = Self::try_mount(way, folder.clone()).await {
                return Ok(disk);
            }
        }
        bail!("this user can't mount a file system here")
    }

    async fn try_mount(way: &[&str], folder: PathBuf) -> anyhow::Result<Self> {
        let script = format!(
            "mount -t tmpfs -o size={SIZE},mode=777 chaos '{}' && touch '{0}/mounted' && exec sleep infinity",
            folder.display()
        );
        let holder = Command::new(way[0])
            .args(&way[1..])
            .args(["sh", "-c", &script])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let id = holder.id().context("it runs")?;
        let disk = Self { holder, id, folder };
        let mounted = disk.seen().join("mounted");
        if !wait_for(MOUNTED, async || mounted.exists()).await {
            bail!("not mounted")
        }
        Ok(disk)
    }

    /// The words before a command that is to see it.
    pub(crate) fn prefix(&self) -> Vec<String> {
        let name_space = format!("--mount=/proc/{}/ns/mnt", self.id);
        ["nsenter", &name_space, "--"].map(str::to_owned).to_vec()
    }

    /// Where it is seen from outside.
    pub(crate) fn seen(&self) -> PathBuf {
        let below = self.folder.strip_prefix("/").unwrap_or(&self.folder);
        PathBuf::from(format!("/proc/{}/root", self.id)).join(below)
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

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.start_kill();
    }
}
