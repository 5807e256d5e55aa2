//! A Redis of one's own, to be broken.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use redis::{Client, InfoDict};

use crate::daemon::{redis_url, until};

pub(crate) struct PrivateRedis {
    pub(crate) url: String,
    pub(crate) folder: PathBuf,
    port: u16,
    options: &'static [&'static str],
    child: Child,
}

impl PrivateRedis {
    /// One with these options, which answers.
    pub(crate) async fn start(options: &'static [&'static str]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let name = format!("tidemark-redis-{}-{port}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        let url = format!("redis://127.0.0.1:{port}/");
        let child = spawn(port, &folder, options);
        let redis = Self {
            url,
            folder,
            port,
            options,
            child,
        };
        redis.answers().await;
        redis
    }

    async fn answers(&self) {
        until("Redis answers", || async {
            self.command(&["PING"]).await.is_ok()
        })
        .await;
    }

    pub(crate) async fn command(&self, words: &[&str]) -> redis::RedisResult<redis::Value> {
        let client = Client::open(self.url.as_str())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query_async(&mut connection).await
    }

    /// Killed, and started again with what it has on its disk.
    pub(crate) async fn restart(&mut self) {
        self.kill();
        self.child = spawn(self.port, &self.folder, self.options);
        self.answers().await;
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn spawn(port: u16, folder: &Path, options: &[&str]) -> Child {
    let program = program();
    let mut command = Command::new(&program);
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir"])
        .arg(folder)
        .args(options)
        .env("LD_LIBRARY_PATH", libraries(&program))
        .stdout(Stdio::null());
    command.spawn().expect("redis-server can be started")
}

/// The one that serves all tests, where it runs on this machine.
fn program() -> PathBuf {
    let client = Client::open(redis_url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let info: InfoDict = redis::cmd("INFO")
        .arg("server")
        .query(&mut connection)
        .unwrap();
    let program: Option<PathBuf> = info.get::<String>("executable").map(PathBuf::from);
    program
        .filter(|program| program.is_file())
        .unwrap_or_else(|| "redis-server".into())
}

/// Those that `scripts/services.sh` has put beside a program of its own.
fn libraries(program: &Path) -> String {
    let root = program
        .ancestors()
        .nth(3)
        .filter(|root| *root != Path::new("/"));
    let folders = root.into_iter().flat_map(|root| {
        let found = ["lib", "usr/lib"].map(|folder| root.join(folder).read_dir());
        found.into_iter().flatten().flatten().flatten()
    });
    let names = folders.map(|folder| folder.path().to_string_lossy().into_owned());
    names.collect::<Vec<_>>().join(":")
}
