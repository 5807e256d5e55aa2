//! A round measures each scenario once; ratios are taken within it.

use testkit::Services;

use crate::{
    clean::{self, Clean},
    quiet,
    singles::{self, Singles},
};

pub(crate) struct Round {
    /// Events of the data set.
    pub(crate) events: u64,
    clean: Option<Clean>,
    singles: Option<Singles>,
}

impl Round {
    pub(crate) fn new(events: u64) -> Self {
        Self {
            events,
            clean: None,
            singles: None,
        }
    }

    /// The clean drain of this round, what others are compared with. Measured when somebody
    /// asks first.
    pub(crate) async fn clean(&mut self) -> anyhow::Result<Clean> {
        if let Some(known) = &self.clean {
            return Ok(known.clone());
        }
        let clean = clean::measure(self.events).await?;
        Ok(self.clean.insert(clean).clone())
    }

    /// The same from single-event entries.
    pub(crate) async fn singles(&mut self) -> anyhow::Result<Singles> {
        if let Some(known) = &self.singles {
            return Ok(known.clone());
        }
        let singles = singles::measure(self.events).await?;
        Ok(self.singles.insert(singles).clone())
    }
}

/// A migrated database and an unused stream on calm services; both are dropped with it.
pub(crate) async fn fresh() -> anyhow::Result<Services> {
    let services = Services::start().await;
    quiet::wait(&services).await?;
    Ok(services)
}
