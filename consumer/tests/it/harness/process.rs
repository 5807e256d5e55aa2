//! The real binary.

use std::{
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use testkit::wait_until;

use super::world::World;

fn command(variables: impl IntoIterator<Item = (String, String)>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_consumer"));
    // Away from any `.env` of the checkout.
    command.env_clear().envs(variables).current_dir("/");
    command
}

/// Runs the binary until it ends by itself.
pub(crate) fn run_to_end(
    variables: impl IntoIterator<Item = (String, String)>,
    arguments: &[&str],
) -> (Output, Duration) {
    let started = Instant::now();
    let output = command(variables).args(arguments).output().unwrap();
    (output, started.elapsed())
}

/// A consumer process; killed when dropped.
pub(crate) struct Daemon(Child);

impl World {
    pub(crate) fn daemon(&self, changes: &[(&str, &str)]) -> Daemon {
        let mut command = command(self.variables(changes));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Daemon(child.unwrap())
    }
}

impl Daemon {
    /// SIGKILL; returns when the process is gone.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// SIGTERM; returns how it ended.
    pub(crate) async fn terminate(self, limit: Duration) -> ExitStatus {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").arg(pid).status().unwrap().success());
        self.ended(limit).await
    }

    /// How it ended, by itself.
    pub(crate) async fn ended(mut self, limit: Duration) -> ExitStatus {
        let child = std::cell::RefCell::new(&mut self.0);
        wait_until("the process ends", limit, || async {
            child.borrow_mut().try_wait().unwrap().is_some()
        })
        .await;
        self.0.wait().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
