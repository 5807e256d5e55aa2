//! What can be measured.

use clap::ValueEnum;

use crate::{
    clean, figure::Outcome, growth, lanes, micro, peer, rollups, round::Round, singles, variants,
};

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
    /// The drain of half as many events, each in an entry of its own under the field `event`.
    Singles,
    /// bench/peers/node drains the same data: XREADGROUP, zod, one INSERT … SELECT unnest for
    /// 2,000 to 8,000 events, the next batch read and validated meanwhile, XACK. No rollups, no
    /// trimming; the same table with its unique index. Its time runs from its first read to its
    /// last XACK.
    Peer,
    /// The drain of a stream in which 1 % of the events were sent twice.
    Duplicates,
    /// The drain of a stream in which 1 event in 5,000 breaks a rule and becomes a dead letter.
    Poison,
    /// The drain of events of 100,000 different pages, all equally frequent.
    Pages,
    /// The drain again by a consumer that leaves its rollups empty. The overhead is the time of
    /// the clean drain by that of this one, less 1.
    Rollups,
    /// The drain by one lane.
    Lanes,
    /// The drain by two consumer processes of one lane each, and by one of two lanes, while
    /// `pg_stat_activity` is sampled every 10 ms.
    Processes,
    /// The drain of the data set into a table of 1, 10 and 50 times as many rows, three times at
    /// each size. The rows are copies of the first ones, moved in time, spread over ten days.
    Growth,
    /// The criterion benchmarks of `common`, `consumer` and `ingestion`: one event, one rollup, a
    /// batch of 20,000 events. What counts is the multiple of a fixed piece of work (FNV-1a over
    /// a kibibyte) in the same process.
    Micro,
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
            Self::Drain
            | Self::Singles
            | Self::Peer
            | Self::Duplicates
            | Self::Poison
            | Self::Pages
            | Self::Rollups
            | Self::Lanes
            | Self::Processes
            | Self::Micro => true,
            Self::Growth => false,
        }
    }

    /// Rounds that it takes part in, at most: long ones are long enough to be taken once.
    pub(crate) const fn max_rounds(self) -> usize {
        match self {
            Self::Growth | Self::Micro | Self::Peer | Self::Lanes | Self::Processes => 1,
            _ => usize::MAX,
        }
    }

    /// Measures once.
    pub(crate) async fn run(self, round: &mut Round) -> anyhow::Result<Outcome> {
        match self {
            Self::Drain => clean::run(round).await,
            Self::Singles => singles::run(round).await,
            Self::Peer => peer::run(round).await,
            Self::Duplicates => variants::duplicates(round).await,
            Self::Poison => variants::poison(round).await,
            Self::Pages => variants::pages(round).await,
            Self::Rollups => rollups::run(round).await,
            Self::Growth => growth::run(round).await,
            Self::Micro => micro::run().await,
            Self::Lanes => lanes::lanes(round).await,
            Self::Processes => lanes::processes(round).await,
        }
    }
}
