//! What can be measured.

use clap::ValueEnum;

use crate::{
    clean, collector, figure::Outcome, growth, lanes, latency, micro, peer, questions, rates,
    rollups, round::Round, singles, sockets, together, variants,
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
    /// trimming; the same table with its unique index. The time runs from its first read to its
    /// last XACK.
    Peer,
    /// The drain of a stream in which 1 % of the events were sent twice.
    Duplicates,
    /// The drain of a stream in which 1 event in 5,000 breaks a rule and becomes a dead letter.
    Poison,
    /// The drain of events of 100,000 different pages, all equally frequent.
    Pages,
    /// The drain again by a consumer that leaves its rollups empty. The overhead is the time of
    /// the clean drain divided by the time of this one, minus 1.
    Rollups,
    /// The drain by one lane.
    Lanes,
    /// The drain by two consumer processes of one lane each, and by one of two lanes, while
    /// `pg_stat_activity` is sampled every 10 ms.
    Processes,
    /// All three daemons, the generator at 10,000 events/s, a WebSocket client of the topic
    /// `metrics`; 30 s after 5 s of warm-up. Every event counts, none is sampled: a reader of the
    /// stream notes each entry's id (its milliseconds are when Redis accepted it) and its events'
    /// `occurred_at` (which the generator sets up to 3 ms before it sends); the `commits` row that
    /// holds the id says how long decoding, queueing and writing took, and when it was made; and an
    /// event is on the wire with the first frame whose `position` counts that commit.
    Latency,
    /// `ingestion` alone; each profile with a highest rate of 100 to 200,000 events/s, 4 s each.
    /// The events of each stream entry are counted by its id, which says when Redis accepted it.
    /// The schedule is computed again from the settings (Poisson arrivals follow from the seed), so
    /// that the two are compared second by second without any randomness. Because an event takes
    /// some milliseconds from its schedule to Redis, the stream's seconds begin that much later (the
    /// median of the run). A difference of one event is ignored.
    Rates,
    /// The drain of the data set into a table of 1, 10 and 50 times as many rows, three times at
    /// each size. The rows are copies of the first ones, shifted in time, spread over ten days.
    Growth,
    /// The criterion benchmarks of `common`, `consumer` and `ingestion`: one event, one rollup, a
    /// batch of 20,000 events. What counts is the multiple of a fixed piece of work (FNV-1a over
    /// a kibibyte) in the same process.
    Micro,
    /// wrk sends `ingestion` 20 bodies of 500 events each in turn, over 8 connections for 4 s. What
    /// Redis has accepted by the end counts.
    Collector,
    /// All three daemons, with 24 hours of history stored before. The generator sends as fast as
    /// backpressure allows: the backlog is limited to 500,000 events. After 5 s of warm-up, for 15 s,
    /// the commits of each second are added up, stream and memory are sampled every 100 ms, and a
    /// client queries summary, timeseries and breakdown of the last 24 hours four times a second
    /// each. Then the generator stops, and every number is compared with the truth recomputed from
    /// its seed.
    Together,
    /// `together` for a minute.
    Minute,
    /// `together` for ten minutes, without queries and audit. The table of events is emptied
    /// whenever it is larger than 16 GiB.
    Soak,
    /// Three days go through the pipeline; the rows and rollups of one of them are copied to every
    /// day of the year before, 50,000,000 events in total, with minutes for the days in which queried
    /// ranges end. Then one client queries over one connection: summary, timeseries, breakdown by page
    /// and by country in turn, in five time zones, with all ranges different. wrk queries over 16
    /// connections, with different ranges and with one and the same. A server as a Node programmer
    /// would write it (bench/peers/express), with the obvious SQL, answers the same queries over
    /// 24 hours from the raw table.
    Questions,
    /// 10,000 WebSocket clients of the topic `metrics` in one process beside the three daemons;
    /// once a second one event comes in over HTTP. For each client and commit the time runs from
    /// the commit's last row to the first frame that counts it. Then 1,000 clients with eight
    /// subscriptions each while the generator sends 20,000 events/s, and as many on a server as
    /// a Node programmer would write it (bench/peers/ws), which sends frames of the same length to
    /// all as fast as the slowest takes them.
    Sockets,
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
            | Self::Micro
            | Self::Latency
            | Self::Rates
            | Self::Collector
            | Self::Together => true,
            Self::Growth | Self::Minute | Self::Soak | Self::Questions | Self::Sockets => false,
        }
    }

    /// Rounds that it takes part in, at most: long ones are long enough to be taken once.
    pub(crate) const fn max_rounds(self) -> usize {
        match self {
            Self::Growth
            | Self::Micro
            | Self::Peer
            | Self::Lanes
            | Self::Processes
            | Self::Latency
            | Self::Rates
            | Self::Together
            | Self::Minute
            | Self::Soak
            | Self::Questions
            | Self::Sockets => 1,
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
            Self::Latency => latency::run().await,
            Self::Growth => growth::run(round).await,
            Self::Micro => micro::run().await,
            Self::Lanes => lanes::lanes(round).await,
            Self::Processes => lanes::processes(round).await,
            Self::Rates => rates::run().await,
            Self::Collector => collector::run().await,
            Self::Together => together::run(15).await,
            Self::Minute => together::run(60).await,
            Self::Soak => together::soak().await,
            Self::Questions => questions::run().await,
            Self::Sockets => sockets::run().await,
        }
    }
}
