//! Reads the pieces of a query: from the cache where possible, otherwise from its snapshot with
//! one statement for each tier, however many pieces there are.

use std::{collections::HashMap, sync::Arc};

use common::rollup::{Dimension, Rollup, Tier};
use futures_util::future::try_join_all;
use tokio_postgres::types::ToSql;

use super::{
    database::{QueryError, Snapshot},
    kept::{Answer, Group, Key, Sum, Sums, What},
    plan::{Piece, tier_buckets},
    range::Range,
    rollups::{self, Merging, Sketches},
    statements,
};

/// Up to this many rows are looked up one by one; more are read in runs of buckets, along with
/// the values that lie between.
const MOST_LOOKUPS: usize = 4_096;
/// So few values are looked up in up to [`MOST_LOOKED_UP`] buckets: pages have hundreds of others.
const FEW_VALUES: usize = 4;
/// Buckets that one statement looks up: more would be looked for in chunks that can't hold them.
const LOOKUPS_AT_ONCE: usize = 1_024;
/// More buckets than this, minutes of 45 days, are read in runs: most of them hold nothing.
const MOST_LOOKED_UP: usize = 64 * LOOKUPS_AT_ONCE;

/// Which rows: those of each group, no value in two of them.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub dimension: Dimension,
    pub groups: &'a [Group],
    pub sketches: Sketches,
}

/// Each group in each piece.
///
/// # Errors
/// As [`Snapshot::rows`]; [`QueryError::Corrupt`] where a sketch can't be read.
pub async fn merged(
    snapshot: &Snapshot,
    pieces: &[Arc<Piece>],
    asked: Asked<'_>,
) -> Result<Vec<Vec<Arc<Rollup>>>, QueryError> {
    let key = |piece: &Arc<Piece>, group: &Group| Key {
        piece: piece.clone(),
        dimension: asked.dimension,
        what: What::Merged {
            values: group.clone(),
            sketches: asked.sketches,
        },
    };
    let known = |piece, group| match snapshot.kept().get(&key(piece, group)) {
        Some(Answer::Merged(rollup)) => Some(rollup),
        _ => None,
    };
    let of_piece = |piece| {
        asked
            .groups
            .iter()
            .map(|group| known(piece, group))
            .collect()
    };
    let mut answers: Vec<Vec<Option<Arc<Rollup>>>> = pieces.iter().map(of_piece).collect();
    let missing = Tier::ALL.map(|tier| Missing::of(tier, pieces, &answers, asked));
    let reads = missing.iter().map(|missing| missing.read(snapshot, asked));
    for (missing, read) in missing.iter().zip(try_join_all(reads).await?) {
        for (place, rollup) in missing.places().zip(read) {
            let (piece, group) = place;
            let answer = &mut answers[piece][group];
            if answer.is_none() {
                let rollup = Arc::new(rollup);
                let kept = Answer::Merged(rollup.clone());
                snapshot
                    .kept()
                    .keep(key(&pieces[piece], &asked.groups[group]), kept);
                *answer = Some(rollup);
            }
        }
    }
    let whole = |piece: Vec<Option<Arc<Rollup>>>| {
        piece.into_iter().map(Option::unwrap_or_default).collect()
    };
    Ok(answers.into_iter().map(whole).collect())
}

/// What of a tier isn't kept: some pieces, each with the same groups.
struct Missing<'p> {
    tier: Tier,
    /// In their order in time, with their place among all pieces.
    pieces: Vec<(usize, &'p Piece)>,
    groups: Vec<usize>,
}

impl<'p> Missing<'p> {
    fn of(
        tier: Tier,
        pieces: &'p [Arc<Piece>],
        answers: &[Vec<Option<Arc<Rollup>>>],
        asked: Asked<'_>,
    ) -> Self {
        let of_tier = |(_, piece): &(usize, &Arc<Piece>)| piece.tier == tier;
        let lacks = |(at, _): &(usize, &Arc<Piece>)| answers[*at].iter().any(Option::is_none);
        let pieces = pieces.iter().enumerate().filter(of_tier).filter(lacks);
        let pieces: Vec<_> = pieces.map(|(at, piece)| (at, piece.as_ref())).collect();
        let lacking = |group: &usize| pieces.iter().any(|(at, _)| answers[*at][*group].is_none());
        let groups = (0..asked.groups.len()).filter(lacking).collect();
        Self {
            tier,
            pieces,
            groups,
        }
    }

    fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        let groups = |(piece, _): &(usize, &Piece)| {
            let piece = *piece;
            self.groups.iter().map(move |group| (piece, *group))
        };
        self.pieces.iter().flat_map(groups)
    }

    /// In the order of [`Self::places`].
    async fn read(&self, snapshot: &Snapshot, asked: Asked<'_>) -> Result<Vec<Rollup>, QueryError> {
        let mut merging: Vec<Merging> = Vec::new();
        merging.resize_with(self.pieces.len() * self.groups.len(), Merging::default);
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (place, group) in self.groups.iter().enumerate() {
            let values = asked.groups[*group].iter();
            places.extend(values.map(|value| (value.as_str(), place)));
        }
        let values: Vec<&str> = places.keys().copied().collect();
        let mut visit = |row: &tokio_postgres::Row| {
            let (at, rollup) = rollups::decode(row)?;
            let after = self
                .pieces
                .partition_point(|(_, piece)| piece.range.from <= at);
            let place = places.get(row.try_get::<_, &str>(VALUE)?);
            if let (Some(piece), Some(place)) = (after.checked_sub(1), place) {
                merging[piece * self.groups.len() + place].merge(rollup);
            }
            Ok(())
        };
        if !values.is_empty() {
            let runs = self.runs();
            // A few runs are better asked for one by one: what lies between them is left alone.
            let at_once = if runs.len() > FEW_RUNS { runs.len() } else { 1 };
            for runs in runs.chunks(at_once) {
                read_runs(snapshot, self.tier, runs, &values, asked, &mut visit).await?;
            }
        }
        Ok(merging.into_iter().map(Merging::into_rollup).collect())
    }

    /// Pieces without a gap between them, joined.
    fn runs(&self) -> Vec<Range> {
        let mut runs: Vec<Range> = Vec::new();
        for (_, piece) in &self.pieces {
            match runs.last_mut() {
                Some(last) if last.to == piece.range.from => last.to = piece.range.to,
                _ => runs.push(piece.range),
            }
        }
        runs
    }
}

/// Up to this many runs are queried one by one.
const FEW_RUNS: usize = 4;

async fn read_runs(
    snapshot: &Snapshot,
    tier: Tier,
    runs: &[Range],
    values: &[&str],
    asked: Asked<'_>,
    mut visit: impl FnMut(&tokio_postgres::Row) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    let dimension = asked.dimension.id();
    let Sketches {
        users,
        sessions,
        durations,
        visits,
    } = &asked.sketches;
    if asked.dimension != Dimension::All && are_looked_up(buckets_in(tier, runs), values.len()) {
        let statement = statements::rollup_rows_by_key(tier);
        let buckets = runs.iter().flat_map(|run| tier_buckets(tier, *run));
        let buckets = buckets.collect::<Vec<_>>();
        for buckets in buckets.chunks(LOOKUPS_AT_ONCE) {
            let (Some(first), Some(last)) = (buckets.first(), buckets.last()) else {
                continue;
            };
            let parameters: &[&(dyn ToSql + Sync)] = &[
                &dimension, &values, first, last, &buckets, users, sessions, durations, visits,
            ];
            snapshot.each_row(statement, parameters, &mut visit).await?;
        }
        return Ok(());
    }
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else {
        return Ok(());
    };
    let (from, to) = (first.from, last.to);
    let firsts: Vec<_> = runs.iter().map(|run| run.from).collect();
    let lasts: Vec<_> = runs.iter().map(|run| run.to).collect();
    let statement = statements::rollup_rows_in_runs(tier);
    let parameters: &[&(dyn ToSql + Sync)] = &[
        &dimension, &values, &from, &to, &firsts, &lasts, users, sessions, durations, visits,
    ];
    snapshot.each_row(statement, parameters, visit).await
}

fn buckets_in(tier: Tier, runs: &[Range]) -> usize {
    let micros: i64 = runs.iter().map(|run| run.micros()).sum();
    usize::try_from(micros / (tier.seconds() * 1_000_000)).unwrap_or(usize::MAX)
}

fn are_looked_up(buckets: usize, values: usize) -> bool {
    let few = values <= FEW_VALUES && buckets <= MOST_LOOKED_UP;
    few || buckets.saturating_mul(values) <= MOST_LOOKUPS
}

/// The column of the value in both statements; those before it are [`rollups::decode`]'s.
const VALUE: usize = 8;

/// What each value of `dimension` adds up to in a piece.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn sums(
    snapshot: &Snapshot,
    piece: &Arc<Piece>,
    dimension: Dimension,
) -> Result<Arc<Sums>, QueryError> {
    let key = Key {
        piece: piece.clone(),
        dimension,
        what: What::Sums,
    };
    if let Some(Answer::Sums(sums)) = snapshot.kept().get(&key) {
        return Ok(sums);
    }
    let (from, to) = (piece.range.from, piece.range.to);
    let statement = statements::rollup_value_sums(piece.tier);
    let mut sums = Sums::new();
    for row in snapshot
        .rows(statement, &[&dimension.id(), &from, &to])
        .await?
    {
        let sum = Sum {
            events: rollups::count(row.try_get(1)?),
            value_micros: rollups::parsed(row.try_get(2)?)?,
        };
        sums.push((row.try_get(0)?, sum));
    }
    let sums = Arc::new(sums);
    snapshot.kept().keep(key, Answer::Sums(sums.clone()));
    Ok(sums)
}
