//! How the servers are run on this machine, as `scripts/services.sh` says.

use std::{
    collections::HashMap,
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, ensure};
use tokio::process::{Child, Command};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/services.sh");

/// The words that commands begin with.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    /// Of the owner's, for data: not below a folder that only root can enter.
    pub(crate) folder: PathBuf,
    /// Becomes the user whom the servers run as; empty where that is us.
    pub(crate) owner: Vec<String>,
    pub(crate) redis: Vec<String>,
    pub(crate) initdb: Vec<String>,
    pub(crate) postgres: Vec<String>,
}

impl Programs {
    pub(crate) async fn find() -> anyhow::Result<Self> {
        let output = Command::new(SCRIPT)
            .arg("programs")
            .stderr(Stdio::inherit())
            .output()
            .await
            .with_context(|| format!("can't run {SCRIPT}"))?;
        ensure!(output.status.success(), "{SCRIPT} programs failed");
        let text = String::from_utf8(output.stdout)?;
        let mut words: HashMap<&str, Vec<String>> = HashMap::new();
        for line in text.lines() {
            let (name, rest) = line.split_once('\t').unwrap_or((line, ""));
            let rest = rest.split('\t').filter(|word| !word.is_empty());
            words.insert(name, rest.map(str::to_owned).collect());
        }
        let mut take = |name: &str| {
            let words = words.remove(name);
            words.with_context(|| format!("{SCRIPT} programs says nothing of {name}"))
        };
        Ok(Self {
            folder: take("folder")?.concat().into(),
            owner: take("owner")?,
            redis: take("redis-server")?,
            initdb: take("initdb")?,
            postgres: take("postgres")?,
        })
    }

    /// A command of the owner's.
    pub(crate) fn as_owner(&self, prefix: &[String], words: &[String]) -> Command {
        let mut all = prefix.iter().chain(&self.owner).chain(words);
        let mut command = Command::new(all.next().map_or("true", String::as_str));
        command.args(all).current_dir("/");
        command
    }

    /// Begins a command of the owner's, which is killed when dropped. What it prints is appended
    /// to `log`.
    pub(super) fn spawn(
        &self,
        prefix: &[String],
        words: &[String],
        log: &Path,
    ) -> anyhow::Result<Child> {
        let log = File::options().create(true).append(true).open(log)?;
        let child = self
            .as_owner(prefix, words)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        Ok(child)
    }

    /// Runs a command of the owner's to its end.
    pub(crate) async fn run(&self, prefix: &[String], words: &[&str]) -> anyhow::Result<()> {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        let output = self.as_owner(prefix, &words).output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{words:?} failed: {said}");
        Ok(())
    }
}
