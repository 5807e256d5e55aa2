//! A stream, the tables and some lanes, and what must hold in the end.

use std::collections::{BTreeMap, BTreeSet};

use common::{
    rollup::Dimension,
    time::UnixMicros,
    wire::{EntryId, event_id_for},
};
use uuid::Uuid;

use super::{
    Broken, LANES, Op, Sent,
    lane::{Lane, Stage},
};
use crate::{
    decode::RowKey,
    read::model::{FIRST_MS, Stream},
    write::model::Tables,
};

const STAGES: [Stage; 4] = [Stage::Reader, Stage::Decoder, Stage::Writer, Stage::Acker];
/// Rounds of all stages after the last fault, until which everything must be done.
const ROUNDS: usize = 2_000;

#[derive(Debug, Clone, Copy)]
enum Fate {
    Stored(RowKey),
    Dead(u32),
}

pub(super) struct World {
    broken: Option<Broken>,
    stream: Stream,
    tables: Tables,
    /// `None` where it was killed.
    lanes: [Option<Lane>; LANES],
    sent: BTreeMap<EntryId, Vec<Fate>>,
}

/// Where and when an event of this number happened: in one of two minutes.
fn key(number: u8) -> RowKey {
    let minute = i64::from(number % 2) * 60_000_000;
    let at = UnixMicros(FIRST_MS as i64 * 1_000 - minute);
    (at, Uuid::from_u128(u128::from(number) + 1))
}

fn json(sent: Sent) -> String {
    match sent {
        Sent::Poison => "poison".into(),
        Sent::WithoutId => r#"{"event_type":"login","user_id":"u","value":0.5}"#.into(),
        Sent::WithId(number) => {
            let (at, id) = key(number);
            let at = at.to_rfc3339();
            format!(
                r#"{{"event_id":"{id}","event_type":"login","user_id":"u","occurred_at":"{at}","country":"A{}","value":{number}}}"#,
                char::from(b'A' + number)
            )
        }
    }
}

impl World {
    pub(super) fn new(broken: Option<Broken>) -> Self {
        Self {
            broken,
            stream: Stream::default(),
            tables: Tables::default(),
            lanes: std::array::from_fn(|number| Some(Lane::start(number, broken))),
            sent: BTreeMap::new(),
        }
    }

    pub(super) fn apply(&mut self, op: &Op) {
        match op {
            Op::Add(events) => self.add(events),
            Op::Step { lane, stage, size } => self.step(*lane, *stage, *size),
            Op::Run { lane, steps, size } => {
                for stage in STAGES.into_iter().cycle().take(*steps) {
                    self.step(*lane, stage, *size);
                }
            }
            Op::Kill(lane) => {
                if let Some(lane) = self.lanes[*lane].take() {
                    lane.kill(&mut self.tables);
                }
            }
            Op::Start(lane) => self.start(*lane),
            Op::CutRedis { lane, is_executed } => {
                if let Some(lane) = &mut self.lanes[*lane] {
                    lane.cut_redis(&mut self.stream, *is_executed);
                }
            }
            Op::CutPostgres(lane) => {
                if let Some(lane) = &mut self.lanes[*lane] {
                    lane.cut_postgres(&mut self.tables);
                }
            }
            Op::Rotate(lane) => {
                if let Some(lane) = &mut self.lanes[*lane] {
                    lane.rotate(&mut self.tables);
                }
            }
            Op::EndOrphan { is_committed } => self.tables.end_orphan(*is_committed),
            Op::Wait => self.stream.wait(),
            Op::Delete(share) => self.stream.delete(*share),
            Op::SetBack => self.stream.set_back(),
        }
    }

    fn add(&mut self, events: &[Sent]) {
        let lines: Vec<_> = events.iter().copied().map(json).collect();
        let field = if events.len() == 1 { "event" } else { "batch" };
        let id = self.stream.add(field, &lines.join("\n"));
        let fate = |(index, sent): (u32, &Sent)| match sent {
            Sent::Poison => Fate::Dead(index),
            Sent::WithoutId => Fate::Stored((id.accepted_at(), event_id_for(id, index))),
            Sent::WithId(number) => Fate::Stored(key(*number)),
        };
        self.sent.insert(id, (0..).zip(events).map(fate).collect());
    }

    fn step(&mut self, lane: usize, stage: Stage, size: usize) {
        if let Some(lane) = &mut self.lanes[lane] {
            lane.step(stage, size, &mut self.stream, &mut self.tables);
        }
    }

    fn start(&mut self, lane: usize) {
        self.lanes[lane].get_or_insert_with(|| Lane::start(lane, self.broken));
    }

    /// Everybody comes back, and all faults end.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        (0..LANES).for_each(|lane| self.start(lane));
        for round in 0..ROUNDS {
            self.tables.end_orphan(round % 2 == 0);
            if round % 16 == 0 {
                self.stream.wait();
            }
            for (lane, stage) in (0..LANES).flat_map(|lane| STAGES.map(|stage| (lane, stage))) {
                self.step(lane, stage, 2);
            }
            let mut lanes = self.lanes.iter().flatten();
            if self.stream.is_quiet() && lanes.all(Lane::is_idle) {
                self.stream.trim();
                return Ok(());
            }
        }
        Err("it never becomes quiet".into())
    }

    /// What is wrong in the end.
    pub(super) fn verdict(&self) -> Result<(), String> {
        let ensure = |holds: bool, what: &str| match holds {
            true => Ok(()),
            false => Err(format!("{what}: {:?}", self.tables)),
        };
        let counted: BTreeSet<_> = self.tables.counted.iter().copied().collect();
        ensure(
            counted.len() == self.tables.counted.len(),
            "an entry is counted twice",
        )?;
        let is_there = |id: &EntryId| counted.contains(id) || self.stream.deleted.contains(id);
        ensure(self.sent.keys().all(is_there), "an entry is not counted")?;
        let fates = || {
            let entries = counted.iter().map(|id| (*id, &self.sent[id]));
            entries.flat_map(|(id, fates)| fates.iter().map(move |fate| (id, *fate)))
        };
        let keys: BTreeSet<_> = fates().filter_map(|(_, fate)| stored(fate)).collect();
        let rows: BTreeSet<_> = self.tables.events.keys().copied().collect();
        ensure(keys == rows, "rows are not those that were sent")?;
        let letters: BTreeSet<_> = fates().filter_map(|(id, fate)| dead(id, fate)).collect();
        let written: BTreeSet<_> = self.tables.letters.iter().copied().collect();
        ensure(
            letters == written,
            "dead letters are not those that were sent",
        )?;
        let ledger = self.tables.ledger;
        let handled = ledger.stored + ledger.duplicates + ledger.dead_lettered;
        ensure(
            handled == fates().count() as u64,
            "the accounts don't add up",
        )?;
        ensure(
            ledger.stored == rows.len() as u64,
            "stored is not what is stored",
        )?;
        ensure(
            ledger.entries == counted.len() as u64,
            "entries are not those counted",
        )?;
        ensure(
            ledger.lost_entries <= self.stream.deleted.len() as u64,
            "more is lost than was deleted",
        )?;
        ensure(
            self.rollups_are_right(),
            "rollups are not those of the rows",
        )?;
        ensure(self.stream.len() == 0, "what is done with is not trimmed")
    }

    fn rollups_are_right(&self) -> bool {
        let mut right = BTreeMap::new();
        for (bucket, sums) in self.tables.events.values() {
            for dimension in Dimension::ALL {
                let sum = right
                    .entry((*bucket, dimension))
                    .or_insert_with(Default::default);
                add(sum, *sums);
            }
        }
        right == self.tables.rolled_up()
    }
}

fn add(sum: &mut crate::write::model::Sums, more: crate::write::model::Sums) {
    sum.events += more.events;
    sum.value_micros += more.value_micros;
}

fn stored(fate: Fate) -> Option<RowKey> {
    match fate {
        Fate::Stored(key) => Some(key),
        Fate::Dead(_) => None,
    }
}

fn dead(id: EntryId, fate: Fate) -> Option<(EntryId, u32)> {
    match fate {
        Fate::Stored(_) => None,
        Fate::Dead(index) => Some((id, index)),
    }
}
