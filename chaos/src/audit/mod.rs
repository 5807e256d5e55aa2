//! Compares what was stored in the end with what the senders know.

mod rows;
mod sums;
mod witnesses;

use std::time::{Duration, Instant};

use crate::{
    load::{Generated, Ledger},
    scenario::Promise,
    stage::Stage,
    watch::Watcher,
};

pub(crate) use rows::Found;

/// What the audit says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Findings {
    /// Events whose fate was looked up.
    pub(crate) audited: u64,
    /// Acknowledged, and neither stored nor dead-lettered.
    pub(crate) lost: u64,
    /// The same, within what the promise allows.
    pub(crate) lost_as_documented: u64,
    /// Rows or dead letters beyond the first of an event.
    pub(crate) duplicated: u64,
    /// By how much sums of rollups differ from counts of rows, over all minutes and dimensions.
    pub(crate) double_counted: u64,
    /// Rows and dead letters that nobody sent, that were refused, or with another reason.
    pub(crate) unexpected: u64,
    /// Anything else that is wrong.
    pub(crate) wrong: Vec<String>,
}

/// How events can be counted otherwise than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Lost,
    Duplicated,
    DoubleCounted,
    Unexpected,
}

impl Findings {
    /// What was found, with how much of it.
    pub(crate) fn bad(&self) -> Vec<(Kind, u64)> {
        let counts = [
            (Kind::Lost, self.lost),
            (Kind::Duplicated, self.duplicated),
            (Kind::DoubleCounted, self.double_counted),
            (Kind::Unexpected, self.unexpected),
        ];
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Duplicated => "duplicated",
            Self::DoubleCounted => "double counted",
            Self::Unexpected => "unexpected",
        }
    }
}

/// To be called when nothing is in flight.
pub(crate) async fn audit(
    stage: &Stage,
    ledger: &Ledger,
    generated: &Generated,
    promise: &Promise,
    watchers: &[(String, Watcher)],
) -> anyhow::Result<Findings> {
    let db = stage.db().await?;
    let found = Found::read(&db).await?;
    let mut findings = rows::compare(
        &found,
        &ledger.entries(),
        generated,
        &Window::of(stage, ledger, promise),
    );
    findings.double_counted = sums::double_counted(&db).await?;
    findings.wrong.extend(sums::drift(stage).await?);
    findings
        .wrong
        .extend(witnesses::of_rest(stage, &db, promise).await?);
    findings
        .wrong
        .extend(witnesses::of_sockets(&db, promise, watchers).await?);
    findings.wrong.extend(witnesses::of_group(stage).await?);
    findings.wrong.extend(witnesses::of_logs(stage)?);
    findings.wrong.extend(ledger.entries().surprises.clone());
    Ok(findings)
}

/// What was acknowledged at these times may be lost.
#[derive(Debug, Default)]
struct Window(Vec<(u32, u32)>);

impl Window {
    fn of(stage: &Stage, ledger: &Ledger, promise: &Promise) -> Self {
        let Some(length) = promise.may_lose else {
            return Self::default();
        };
        let until = |crash: &Instant| {
            // An answer is noted a little after it was given.
            let end = *crash + Duration::from_millis(200);
            (ledger.clock(*crash - length), ledger.clock(end))
        };
        Self(stage.crashes.iter().map(until).collect())
    }

    fn has(&self, at: u32) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&at))
    }
}
