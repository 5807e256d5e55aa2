//! What was observed, against what was promised.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use crate::{
    audit::{Findings, Kind},
    fault::Node,
    load::Answer,
    scenario::{Promise, Scenario},
    watch::{Questions, Readiness, Use},
};

/// What a process may hold at the end beyond what it held under load before the faults, or after the
/// recovery where the fault was there from the start.
const MORE_BYTES: u64 = 64 * 1024 * 1024;
const MORE_DESCRIPTORS: u64 = 24;
/// Within this time a daemon that can't do its work says so.
const NOTICES: Duration = Duration::from_secs(3);
/// The collector's answer: five seconds for a turn, and five for Redis. Who asks gives up then,
/// too.
const COLLECTOR_ANSWERS: Duration = Duration::from_secs(10);
/// What each live client may add to the memory of the node that it comes to.
const BYTES_OF_A_CLIENT: u64 = 64 * 1024;

/// From the end of the faults.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recovery {
    /// To the first request that was acknowledged.
    pub(crate) accepted: Option<Duration>,
    /// To the first commit.
    pub(crate) committed: Option<Duration>,
}

impl Recovery {
    pub(crate) fn worst(&self) -> Option<Duration> {
        Some(self.accepted?.max(self.committed?))
    }
}

pub(crate) struct Observed {
    pub(crate) first_fault: Instant,
    /// When the last fault was being ended.
    pub(crate) healing: Instant,
    pub(crate) recovery: Recovery,
    pub(crate) not_ready_at_the_end: Vec<Node>,
    pub(crate) answers: Vec<Answer>,
    /// What the daemons have counted of it, and how often one has died.
    pub(crate) troubles: u64,
    /// For how long the machine itself stood still: nobody keeps a time meanwhile.
    pub(crate) pause: Duration,
    pub(crate) before: BTreeMap<Node, Use>,
    pub(crate) after: BTreeMap<Node, Use>,
    /// Whom the scenario kills or ends.
    pub(crate) mortal: BTreeSet<Node>,
}

/// Every promise that isn't kept.
pub(crate) fn judge(
    scenario: &Scenario,
    findings: &Findings,
    observed: &Observed,
    readiness: &Readiness,
    questions: &Questions,
) -> Vec<String> {
    let promise = &scenario.promise;
    if let Some(kind) = promise.caught_by {
        return of_broken_build(kind, findings);
    }
    let mut broken = of_findings(findings);
    broken.extend(of_recovery(promise, observed));
    broken.extend(of_readiness(promise, observed, readiness));
    broken.extend(of_refusals(promise, observed));
    broken.extend(of_slowness(promise, observed));
    broken.extend(of_code(promise, observed));
    broken.extend(of_hanging(observed));
    broken.extend(of_every_refusal(&observed.answers));
    broken.extend(of_silence(observed, readiness));
    broken.extend(of_questions(promise, observed, questions));
    if promise.is_noticed && observed.troubles == 0 {
        broken.push("nobody noticed that anything was broken".to_owned());
    }
    broken.extend(of_resources(scenario, observed));
    broken
}

/// Anything else that is found proves only that something else is wrong, too.
fn of_broken_build(kind: Kind, findings: &Findings) -> Vec<String> {
    let found = findings.bad();
    if found.iter().any(|(found, _)| *found == kind) {
        return Vec::new();
    }
    let name = kind.name();
    vec![format!(
        "a build that is broken on purpose has nothing {name}, but {found:?}"
    )]
}

fn of_findings(findings: &Findings) -> Vec<String> {
    let bad = findings.bad().into_iter();
    let bad = bad.map(|(kind, count)| format!("{count} {}", kind.name()));
    bad.chain(findings.wrong.iter().cloned()).collect()
}

fn of_recovery(promise: &Promise, observed: &Observed) -> Vec<String> {
    let (recovery, limit) = (&observed.recovery, promise.recovers + observed.pause);
    let times = [
        ("acknowledged", recovery.accepted),
        ("committed", recovery.committed),
    ];
    let late = times.into_iter().filter_map(|(what, time)| match time {
        Some(time) if time <= limit => None,
        Some(time) => Some(format!(
            "nothing was {what} for {time:.1?} after the faults, not {limit:.1?}"
        )),
        None => Some(format!("nothing was {what} any more")),
    });
    late.collect()
}

fn of_readiness(promise: &Promise, observed: &Observed, readiness: &Readiness) -> Vec<String> {
    let all = promise.not_ready.iter();
    let wrong = all.filter_map(|(node, limit)| unready(*node, *limit, observed, readiness).err());
    let mut broken: Vec<_> = wrong.collect();
    if let Some((nodes, limit)) = promise.one_not_ready {
        let mut among = observed.after.keys().filter(|node| nodes.has(**node));
        if !among.any(|node| unready(*node, limit, observed, readiness).is_ok()) {
            broken.push(format!(
                "of {nodes:?} none was unready within {limit:?} and stayed so"
            ));
        }
    }
    let unready = observed.not_ready_at_the_end.iter();
    broken.extend(unready.map(|node| format!("{} isn't ready in the end", node.name())));
    broken
}

/// Whether a node said in time that it isn't ready, and never that it is until the faults were
/// ended.
fn unready(
    node: Node,
    limit: Duration,
    observed: &Observed,
    readiness: &Readiness,
) -> Result<(), String> {
    let (first_fault, healing) = (observed.first_fault, observed.healing);
    let (name, limit) = (node.name(), limit + observed.pause);
    match readiness.not_ready_after(node, first_fault) {
        None => Err(format!("{name} was ready all the time")),
        Some(time) if first_fault + time >= healing => Err(format!(
            "{name} wasn't unready before the end of the faults"
        )),
        Some(time) if time > limit => Err(format!("{name} was ready for {time:.1?} more")),
        Some(_) if readiness.is_ready_between(node, first_fault + limit, healing) => Err(format!(
            "{name} was ready again before the end of the faults"
        )),
        Some(_) => Ok(()),
    }
}

/// A backlog that is full slows down who fills it.
fn of_slowness(promise: &Promise, observed: &Observed) -> Option<String> {
    let slowed = !promise.slows || during(observed).any(|answer| answer.status == Some(429));
    (!slowed).then(|| "the backlog was never full: the collector took everything".to_owned())
}

fn during(observed: &Observed) -> impl Iterator<Item = &Answer> {
    let answers = observed.answers.iter();
    answers.filter(|answer| {
        answer.sent > observed.first_fault && answer.sent + answer.took < observed.healing
    })
}

/// From a while after the fault to its end no request is acknowledged, and each is answered.
fn of_refusals(promise: &Promise, observed: &Observed) -> Vec<String> {
    let Some(limit) = promise.refuses else {
        return Vec::new();
    };
    let limit = limit + observed.pause;
    let from = observed.first_fault + limit;
    let (mut refused, mut broken) = (0, Vec::new());
    for answer in during(observed).filter(|answer| answer.sent > from) {
        match answer.status {
            Some(503) if answer.took <= limit => refused += 1,
            status => broken.push(format!(
                "the collector answered {status:?} after {:.1?}, {:.1?} after the fault",
                answer.took,
                answer.sent - observed.first_fault
            )),
        }
    }
    if refused == 0 {
        broken.push("the collector refused nothing".to_owned());
    }
    broken.truncate(3);
    broken
}

/// A fault that is to be felt by senders is.
fn of_code(promise: &Promise, observed: &Observed) -> Option<String> {
    let code = promise.refuses_by?;
    let refused = during(observed).any(|answer| answer.code == code);
    (!refused).then(|| format!("the collector never answered {code}"))
}

/// Whatever is broken, nobody waits for the collector without end.
fn of_hanging(observed: &Observed) -> Option<String> {
    let limit = COLLECTOR_ANSWERS + observed.pause;
    let hung = observed.answers.iter();
    let count = hung.filter(|answer| answer.took >= limit).count();
    (count > 0).then(|| format!("{count} requests to the collector took {limit:.1?} and more"))
}

/// Whoever is refused is told when to ask again.
fn of_every_refusal(answers: &[Answer]) -> Option<String> {
    let mute =
        |answer: &&Answer| matches!(answer.status, Some(429 | 503)) && answer.retry_after.is_none();
    let count = answers.iter().filter(mute).count();
    (count > 0).then(|| format!("{count} refusals of the collector without Retry-After"))
}

/// While the collector keeps saying that something it stands on is missing, it isn't ready.
fn of_silence(observed: &Observed, readiness: &Readiness) -> Vec<String> {
    let notices = NOTICES + observed.pause;
    let wants = wants(&observed.answers, notices).into_iter();
    let silent = wants.filter(|from| {
        let noticed = readiness.not_ready_after(Node::Ingestion, *from);
        noticed.is_none_or(|time| time > notices)
    });
    silent
        .map(|_| format!("ingestion was ready while it refused everything for {notices:?}"))
        .collect()
}

/// When the collector began to say nothing else, for at least so long, than that something is
/// missing.
fn wants(answers: &[Answer], length: Duration) -> Vec<Instant> {
    let mut answers: Vec<_> = answers.iter().collect();
    answers.sort_by_key(|answer| answer.sent);
    let alike = answers.chunk_by(|one, next| one.lacks() == next.lacks());
    let lacking = alike.filter(|run| run[0].lacks());
    lacking
        .filter(|run| run[run.len() - 1].sent - run[0].sent >= length)
        .map(|run| run[0].sent)
        .collect()
}

fn of_questions(promise: &Promise, observed: &Observed, questions: &Questions) -> Vec<String> {
    let mut broken = Vec::new();
    for (node, seen) in questions.seen() {
        let name = node.name();
        if seen.longest > promise.answers + observed.pause {
            let (asked, longest) = (seen.asked, seen.longest);
            broken.push(format!(
                "one of {asked} answers of {name} took {longest:.1?}"
            ));
        }
        if let Some(error) = seen.failed.filter(|_| !observed.mortal.contains(&node)) {
            broken.push(format!("{name} gave no answer to a question: {error}"));
        }
        if seen.refused == 0
            && promise
                .refuses_questions
                .is_some_and(|nodes| nodes.has(node))
        {
            broken.push(format!("{name} never said that it can't answer"));
        }
        broken.extend(seen.surprises);
    }
    broken
}

fn of_resources(scenario: &Scenario, observed: &Observed) -> Vec<String> {
    let mut broken = Vec::new();
    if scenario.is_soak {
        // Held to what it held meanwhile, which says more.
        return broken;
    }
    // Live clients of one node may have gone to another.
    let crowd = scenario.setup.crowd as u64;
    let more_descriptors = MORE_DESCRIPTORS + crowd;
    let more_bytes = MORE_BYTES + crowd * BYTES_OF_A_CLIENT;
    for (node, after) in &observed.after {
        let Some(before) = observed.before.get(node) else {
            continue;
        };
        let mib = |bytes: u64| bytes / (1 << 20);
        if after.resident_bytes > before.resident_bytes + more_bytes {
            let (then, now) = (mib(before.resident_bytes), mib(after.resident_bytes));
            broken.push(format!("{} holds {now} MiB, {then} before", node.name()));
        }
        if after.descriptors > before.descriptors + more_descriptors {
            let (then, now) = (before.descriptors, after.descriptors);
            broken.push(format!(
                "{} holds {now} descriptors, {then} before",
                node.name()
            ));
        }
    }
    broken
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
