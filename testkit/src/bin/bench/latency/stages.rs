//! Which commit and which frame an event was in, and how long each stage took.

use std::{collections::BTreeMap, ops::Range};

use anyhow::{Context as _, ensure};
use common::time::UnixMicros;

use super::{
    commits::Commits,
    watch::{Frame, Seen},
};

pub(super) const STAGES: [&str; 7] = [
    "stage 1: created → accepted by Redis",
    "stage 2: accepted → batch complete, without stage 3 (reading, lingering)",
    "stage 3: decoding the batch",
    "stage 4: batch complete → write begins",
    "stage 5: write, up to the commit's own row",
    "stage 6: COMMIT and acknowledgement, up to the hint",
    "stage 7: hint → frame at the client",
];

/// Milliseconds that one event spent in each stage.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) stages: [f64; STAGES.len()],
}

impl Sample {
    pub(super) fn total(&self) -> f64 {
        self.stages.iter().sum()
    }
}

/// Every event created within `during`.
///
/// # Errors
/// One of them was in no commit or no frame.
pub(super) fn attribute(
    seen: &Seen,
    commits: &Commits,
    during: Range<UnixMicros>,
) -> anyhow::Result<Vec<Sample>> {
    // An acknowledgement gives a hint, and hints come in the order of the commits but for
    // those of two lanes at the same moment, which a distribution doesn't tell apart.
    let (hints, count) = (&seen.hints, commits.all.len());
    ensure!(
        hints.len() == count,
        "{} hints for {count} commits",
        hints.len()
    );
    let frames = first_frames(&seen.frames, commits);
    let mut samples = Vec::new();
    for entry in &seen.entries {
        let created = entry.created.iter().filter(|at| during.contains(at));
        let mut created = created.peekable();
        if created.peek().is_none() {
            continue;
        }
        let of = commits.of(entry.id);
        let of = of.with_context(|| format!("no commit holds entry {}", entry.id))?;
        let wire = frames[of].with_context(|| format!("no frame counts entry {}", entry.id))?;
        let commit = &commits.all[of];
        let accepted = entry.id.accepted_at();
        // A look of the api between COMMIT and hint sees the commit, too.
        let hint = hints[of].min(wire);
        let write_began = commit.at.0 as f64 / 1e3 - commit.write;
        let waited = write_began - commit.queue - commit.decode - accepted.0 as f64 / 1e3;
        samples.extend(created.map(|created| Sample {
            stages: [
                between(*created, accepted),
                waited,
                commit.decode,
                commit.queue,
                commit.write,
                between(commit.at, hint),
                between(hint, wire),
            ],
        }));
    }
    Ok(samples)
}

/// For each commit, when the first frame that counts it was there.
fn first_frames(frames: &[Frame], commits: &Commits) -> Vec<Option<UnixMicros>> {
    let mut by_writer: BTreeMap<i64, Vec<(i64, UnixMicros)>> = BTreeMap::new();
    for frame in frames {
        for (writer, seq) in &frame.position {
            let known = by_writer.entry(*writer).or_default();
            if known.last().is_none_or(|(last, _)| last < seq) {
                known.push((*seq, frame.at));
            }
        }
    }
    let first = |writer, seq| {
        let known = by_writer.get(&writer)?;
        let at = known.partition_point(|(counted, _)| *counted < seq);
        known.get(at).map(|(_, at)| *at)
    };
    let commits = commits.all.iter();
    commits.map(|c| first(c.writer, c.seq)).collect()
}

fn between(from: UnixMicros, to: UnixMicros) -> f64 {
    (to.0 - from.0) as f64 / 1e3
}

/// The smallest value that a share `q` of all doesn't exceed.
pub(crate) fn percentile(values: impl Iterator<Item = f64>, q: f64) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let rank = (values.len() as f64 * q).ceil() as usize;
    values
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}
