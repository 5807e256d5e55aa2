//! Takes the steps of a scenario.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use testkit::wait_for;

use super::Stage;
use crate::{fault::Node, scenario::Step};

impl Stage {
    pub(crate) async fn take(&mut self, step: Step) -> anyhow::Result<()> {
        match step {
            Step::Wait(time) => {
                self.note(&format!("wait {time:.1?}"));
                tokio::time::sleep(time).await;
            }
            Step::Begin(fault) => self.begin(fault).await?,
            Step::End(fault) => self.end(&fault).await?,
            Step::Heal => self.heal().await?,
            Step::Absent(fault) => self.absent(fault),
            Step::EndLast => self.end_last().await?,
            Step::Dies(node, limit) => {
                let mut daemon = self.remove_daemon(node)?;
                let ended = daemon.wait(limit).await;
                let ended = ended
                    .with_context(|| format!("{} doesn't die within {limit:?}", node.name()))?;
                self.fault_begins();
                self.note(&format!("{} died: {ended}", node.name()));
            }
            Step::Start(node, variables) => {
                self.start_daemon(node, &variables, false)?;
                self.healed = Some(Instant::now());
                self.note(&format!("started {}", node.name()));
            }
            Step::Terminate(node) => {
                self.fault_begins();
                self.note(&format!("SIGTERM to {}", node.name()));
                self.terminate(node).await?;
                self.healed = Some(Instant::now());
                self.note(&format!("{} ended", node.name()));
            }
            Step::TakenOver(node, limit) => self.taken_over(node, limit).await?,
            Step::Do(what, deed) => {
                self.note(what);
                deed(self).await.context(what)?;
            }
        }
        Ok(())
    }

    async fn taken_over(&self, node: Node, limit: Duration) -> anyhow::Result<()> {
        let since = self.first_fault.context("a fault was begun")?;
        let left = limit.saturating_sub(since.elapsed());
        let holds_nothing = async || self.held_by(node).await.is_ok_and(|held| held == 0);
        let taken_over = wait_for(left, holds_nothing).await;
        let (name, after) = (node.name(), since.elapsed());
        ensure!(taken_over, "{name} still holds entries after {after:.1?}");
        self.note(&format!("{name} holds nothing after {after:.1?}"));
        Ok(())
    }

    /// Ends all faults that are there, the last one first.
    pub(crate) async fn heal(&mut self) -> anyhow::Result<()> {
        while !self.faults.is_empty() {
            self.end_last().await?;
        }
        Ok(())
    }

    async fn end_last(&mut self) -> anyhow::Result<()> {
        let (fault, _) = self.faults.last().context("a fault was begun")?;
        let fault = fault.clone();
        self.end(&fault).await
    }
}
