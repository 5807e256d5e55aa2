//! A round measures each scenario once; ratios are taken within it.

use testkit::Services;

use crate::{
    clean::{self, Clean},
    quiet,
};

pub(crate) struct Round {
    /// Events of the data set.
    pub(crate) events: u64,
    clean: Option<Clean>,
}

impl Round {
    pub(crate) fn new(events: u64) -> Self {
        Self {
            events,
            clean: None,
        }
    }

    /// The clean drain of this round, what others are compared with. Measured when somebody
    /// asks first.
    pub(crate) async fn clean(&mut self) -> anyhow::Result<Clean> {
        if self.clean.is_none() {
            self.clean = Some(clean::measure(self.events).await?);
        }
        self.clean
            .clone()
            .ok_or_else(|| anyhow::anyhow!("no clean drain"))
    }
}

/// A migrated database and an unused stream on calm services; both are dropped with it.
pub(crate) async fn fresh() -> anyhow::Result<Services> {
    let services = Services::start().await;
    quiet::wait(&services).await?;
    Ok(services)
}
