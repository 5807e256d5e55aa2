//! What can be measured.

use clap::ValueEnum;

use crate::{clean, figure::Outcome, rollups, round::Round};

/// In the order of the report. The descriptions are the report's section on method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Scenario {
    /// `ingestion` publishes the data set as fast as it can; the time runs from the first event
    /// that Redis has to the last. The same events, decoded and encoded as COPY rows
    /// beforehand, are sent into the `events` hypertable (unique index included) of a fresh
    /// database, over one connection in one transaction: the yardstick. Then `consumer` is
    /// started on the preloaded stream; the time runs from its first read until nothing is
    /// unread, pending or left in the stream.
    Drain,
    /// The drain again by a consumer that leaves its rollups empty. The overhead is the time of
    /// the clean drain by that of this one, less 1.
    Rollups,
}

impl Scenario {
    pub(crate) fn name(self) -> String {
        self.value(|value| value.get_name().to_owned())
    }

    pub(crate) fn method(self) -> String {
        self.value(|value| {
            value
                .get_help()
                .map(ToString::to_string)
                .unwrap_or_default()
        })
    }

    fn value(self, of: impl Fn(&clap::builder::PossibleValue) -> String) -> String {
        self.to_possible_value()
            .as_ref()
            .map(of)
            .unwrap_or_default()
    }

    /// Whether it runs when no scenario is named.
    pub(crate) const fn is_standard(self) -> bool {
        match self {
            Self::Drain | Self::Rollups => true,
        }
    }

    /// Rounds that it takes part in, at most: long ones are long enough to be taken once.
    pub(crate) const fn max_rounds(self) -> usize {
        match self {
            Self::Drain | Self::Rollups => usize::MAX,
        }
    }

    /// Measures once.
    pub(crate) async fn run(self, round: &mut Round) -> anyhow::Result<Outcome> {
        match self {
            Self::Drain => clean::run(round).await,
            Self::Rollups => rollups::run(round).await,
        }
    }
}
