//! How each fault begins and ends.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use testkit::wait_for;
use tokio::{task::JoinHandle, time::sleep};
use tokio_postgres::Client;

use super::{DATABASE, Stage};
use crate::{
    fault::{Fault, Remains, Service},
    proxy::Toxic,
    servers::Disk,
};

/// What lasts as long as a fault.
pub(super) enum Held {
    Nothing,
    Connection(Client),
    Task(JoinHandle<()>),
}

/// How long a database that gave up for want of space may take to come back.
const REVIVED: Duration = Duration::from_secs(30);

impl Stage {
    pub(super) async fn begin(&mut self, fault: Fault) -> anyhow::Result<()> {
        // A disk isn't full before it is filled, which takes seconds on a busy machine.
        if !matches!(fault, Fault::DiskFull(_)) {
            self.fault_begins();
        }
        self.note(&format!("begin {fault:?}"));
        let mut held = Held::Nothing;
        match &fault {
            Fault::Net(service, nodes, toxic) => self.set_toxic(*service, *nodes, *toxic),
            Fault::RedisKilled(remains) => {
                self.redis_server.kill(*remains).await?;
                // Without `always` it may have answered before it wrote: it waits with writes
                // for up to two seconds while the disk is busy with a sync.
                if *remains != Remains::Everything || self.setup.fsync != "always" {
                    self.crashes.push(Instant::now());
                }
            }
            Fault::RedisStopped => self.redis_server.terminate().await?,
            Fault::PostgresKilled => self.postgres.kill().await?,
            Fault::PostgresStopped(signal) => self.postgres.stop(signal).await?,
            Fault::Frozen(service) => self.signal_server(*service, "STOP").await?,
            Fault::Redis(commands, _) => self.tell_redis(commands).await?,
            Fault::Sql(statements, _) => self.sql(statements).await?,
            Fault::Held(statements) => {
                let db = self.db().await?;
                db.batch_execute(statements).await.context(*statements)?;
                held = Held::Connection(db);
            }
            Fault::Repeated(statements, pause) => {
                let url = self.postgres.url(self.postgres.port, DATABASE);
                held = Held::Task(tokio::spawn(repeat(url, statements, *pause)));
            }
            Fault::DiskFull(service) => self.disk(*service)?.fill().await?,
            Fault::Killed(node) => self.remove_daemon(*node)?.kill().await?,
            Fault::Stopped(node) => self.daemon(*node)?.signal("STOP").await?,
        }
        self.fault_begins();
        self.faults.push((fault, held));
        Ok(())
    }

    pub(super) fn absent(&mut self, fault: Fault) {
        self.fault_begins();
        self.faults.push((fault, Held::Nothing));
    }

    pub(super) async fn end(&mut self, fault: &Fault) -> anyhow::Result<()> {
        let at = self.faults.iter().position(|(begun, _)| begun == fault);
        let (_, held) = self.faults.remove(at.context("the fault was begun")?);
        self.healing = Some(Instant::now());
        match fault {
            Fault::Net(service, nodes, toxic) => match toxic {
                Toxic::Reset | Toxic::HalfOpen => {}
                _ => self
                    .proxies(*service, *nodes)
                    .for_each(|proxy| proxy.clear()),
            },
            Fault::RedisKilled(_) | Fault::RedisStopped => self.redis_server.start().await?,
            Fault::PostgresKilled | Fault::PostgresStopped(_) => self.postgres.start().await?,
            Fault::Frozen(service) => self.signal_server(*service, "CONT").await?,
            Fault::Redis(_, commands) => self.tell_redis(commands).await?,
            Fault::Sql(_, statements) => self.sql(statements).await?,
            Fault::Held(_) | Fault::Repeated(..) => match held {
                Held::Connection(db) => db.batch_execute("ROLLBACK").await?,
                Held::Task(task) => task.abort(),
                Held::Nothing => {}
            },
            Fault::DiskFull(service) => self.empty_disk(*service).await?,
            Fault::Killed(node) => self.start_daemon(*node, &[], false)?,
            Fault::Stopped(node) => self.daemon(*node)?.signal("CONT").await?,
        }
        self.healed = Some(Instant::now());
        self.note(&format!("ended {fault:?}"));
        Ok(())
    }

    async fn signal_server(&self, service: Service, name: &str) -> anyhow::Result<()> {
        match service {
            Service::Redis => self.redis_server.signal(name).await,
            Service::Postgres => self.postgres.signal(name).await,
        }
    }

    fn disk(&self, service: Service) -> anyhow::Result<&Disk> {
        let disk = match service {
            Service::Redis => &self.redis_server.disk,
            Service::Postgres => &self.postgres.disk,
        };
        disk.as_ref().context("the setup has small disks")
    }

    async fn empty_disk(&mut self, service: Service) -> anyhow::Result<()> {
        self.disk(service)?.empty().await?;
        if service == Service::Postgres {
            // Without space for its log it has ended, or tries to come back by itself.
            if self.postgres.has_died() {
                self.postgres.launch()?;
            }
            let answers = async || self.db().await.is_ok();
            ensure!(
                wait_for(REVIVED, answers).await,
                "PostgreSQL doesn't answer"
            );
        }
        Ok(())
    }

    async fn tell_redis(&self, commands: &[&str]) -> anyhow::Result<()> {
        let mut redis = self.redis().await?;
        for words in commands {
            let mut words = words.split(' ');
            let mut command = redis::cmd(words.next().unwrap_or_default());
            words.for_each(|word| {
                command.arg(word);
            });
            command.query_async::<redis::Value>(&mut redis).await?;
        }
        Ok(())
    }
}

/// Whatever becomes of each.
async fn repeat(url: String, statements: &'static [&'static str], pause: Duration) {
    loop {
        let connected = tokio_postgres::connect(&url, tokio_postgres::NoTls).await;
        if let Ok((db, connection)) = connected {
            let connection = tokio::spawn(connection);
            for statement in statements {
                let _ = db.batch_execute(statement).await;
            }
            connection.abort();
        }
        sleep(pause).await;
    }
}
