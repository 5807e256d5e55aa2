//! Every row and every dead letter, one by one.

use std::collections::{HashMap, HashSet};

use futures_util::{TryStreamExt as _, pin_mut};
use tokio_postgres::{Client, types::Type};
use uuid::Uuid;

use super::{Findings, Window};
use crate::load::{Entries, Fate, Generated};

/// What the database holds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// How many rows each event has.
    rows: HashMap<u128, u32>,
    letters: Vec<Letter>,
}

#[derive(Debug)]
struct Letter {
    payload: Vec<u8>,
    reason: String,
    is_of_generator: bool,
}

impl Found {
    pub(crate) async fn read(db: &Client) -> anyhow::Result<Self> {
        let mut found = Self::default();
        let copy = "COPY (SELECT event_id FROM events) TO STDOUT BINARY";
        let rows = tokio_postgres::binary_copy::BinaryCopyOutStream::new(
            db.copy_out(copy).await?,
            &[Type::UUID],
        );
        pin_mut!(rows);
        while let Some(row) = rows.try_next().await? {
            let id: Uuid = row.try_get(0)?;
            *found.rows.entry(id.as_u128()).or_default() += 1;
        }
        let letters = "SELECT payload, reason, source = 'generator' FROM dead_letters";
        let letters = db.query(letters, &[]).await?;
        found.letters = letters
            .iter()
            .map(|row| Letter {
                payload: row.get(0),
                reason: row.get(1),
                is_of_generator: row.get(2),
            })
            .collect();
        Ok(found)
    }
}

pub(super) fn compare(
    found: &Found,
    sent: &Entries,
    generated: &Generated,
    window: &Window,
) -> Findings {
    let mut findings = Findings {
        audited: sent.events.len() as u64 + generated.events,
        ..Findings::default()
    };
    let letters = letters(found, sent, &mut findings);
    let poison: HashSet<_> = sent.poison.values().map(|(_, id)| id).collect();
    let is_row = |id: &u128| found.rows.contains_key(id);
    findings.unexpected += poison.iter().filter(|id| is_row(id)).count() as u64;
    for (id, fate) in &sent.events {
        let there = match poison.contains(id) {
            true => letters.contains_key(id),
            false => is_row(id),
        };
        match fate {
            Fate::Acknowledged(_) if there => {}
            Fate::Acknowledged(at) if window.has(*at) => findings.lost_as_documented += 1,
            Fate::Acknowledged(_) => findings.lost += 1,
            Fate::Refused if there => findings.unexpected += 1,
            Fate::Refused | Fate::Open { .. } => {}
        }
    }
    let twice = |count: &u32| u64::from(count.saturating_sub(1));
    findings.duplicated = found.rows.values().map(twice).sum();
    findings.duplicated += letters.values().map(twice).sum::<u64>();
    let strangers = found.rows.keys();
    let strangers = strangers.filter(|id| !sent.events.contains_key(*id));
    let of_generator = found.letters.iter().filter(|letter| letter.is_of_generator);
    let counts = (strangers.count() as u64, of_generator.count() as u64);
    hold(counts, generated, &mut findings);
    findings
}

/// How many dead letters each poison event has.
fn letters(found: &Found, sent: &Entries, findings: &mut Findings) -> HashMap<u128, u32> {
    let mut letters = HashMap::new();
    for letter in found
        .letters
        .iter()
        .filter(|letter| !letter.is_of_generator)
    {
        match sent.poison.get(&letter.payload) {
            Some((reason, id)) if *reason == letter.reason => {
                *letters.entry(*id).or_default() += 1;
            }
            _ => {
                findings.unexpected += 1;
                if findings.wrong.len() < 5 {
                    let payload = String::from_utf8_lossy(&letter.payload);
                    let what = format!("dead letter for {}: {payload:.300}", letter.reason);
                    findings.wrong.push(what);
                }
            }
        }
    }
    letters
}

/// The generator to what it has made, of which only counts are known: rows and dead letters.
fn hold((rows, letters): (u64, u64), generated: &Generated, findings: &mut Findings) {
    let Generated {
        unique,
        dead_letters,
        unsure,
        ..
    } = *generated;
    let missing = unique.saturating_sub(rows) + dead_letters.saturating_sub(letters);
    findings.lost += missing.saturating_sub(unsure);
    findings.unexpected += rows.saturating_sub(unique) + letters.saturating_sub(dead_letters);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rows: &[(u128, u32)], letters: &[(&[u8], &str)]) -> Found {
        let letter = |(payload, reason): &(&[u8], &str)| Letter {
            payload: payload.to_vec(),
            reason: (*reason).to_owned(),
            is_of_generator: false,
        };
        Found {
            rows: rows.iter().copied().collect(),
            letters: letters.iter().map(letter).collect(),
        }
    }

    /// 1 to 4 are acknowledged, 4 is poison, 5 is open, 6 was refused.
    fn sent() -> Entries {
        let mut sent = Entries::default();
        sent.events
            .extend((1..=4).map(|id| (id, Fate::Acknowledged(10))));
        sent.events.insert(5, Fate::Open { doubt: true });
        sent.events.insert(6, Fate::Refused);
        sent.poison.insert(b"poison".to_vec(), ("required", 4));
        sent
    }

    fn numbers(found: &Found, generated: &Generated, window: &Window) -> [u64; 4] {
        let findings = compare(found, &sent(), generated, window);
        [
            findings.lost,
            findings.lost_as_documented,
            findings.duplicated,
            findings.unexpected,
        ]
    }

    const POISON: (&[u8], &str) = (b"poison", "required");

    #[test]
    fn each_event_once_is_right_and_anything_else_is_not() {
        let (none, closed) = (Generated::default(), Window::default());
        let all = [(1, 1), (2, 1), (3, 1)];
        assert_eq!(numbers(&found(&all, &[POISON]), &none, &closed), [0; 4]);
        let ambiguous = [(1, 1), (2, 1), (3, 1), (5, 1)];
        assert_eq!(
            numbers(&found(&ambiguous, &[POISON]), &none, &closed),
            [0; 4]
        );
        let missing = found(&all[..2], &[]);
        assert_eq!(numbers(&missing, &none, &closed), [2, 0, 0, 0]);
        let window = Window(vec![(5, 15)]);
        assert_eq!(numbers(&missing, &none, &window), [0, 2, 0, 0]);
        let twice = found(&[(1, 2), (2, 1), (3, 1)], &[POISON, POISON]);
        assert_eq!(numbers(&twice, &none, &closed), [0, 0, 2, 0]);
        let refused = [(1, 1), (2, 1), (3, 1), (6, 1), (7, 1)];
        assert_eq!(
            numbers(&found(&refused, &[POISON]), &none, &closed),
            [0, 0, 0, 2]
        );
        let reason = found(&all, &[(b"poison", "too_long")]);
        assert_eq!(numbers(&reason, &none, &closed), [1, 0, 0, 1]);
    }

    #[test]
    fn poison_is_a_dead_letter_and_no_row() {
        let (none, closed) = (Generated::default(), Window::default());
        let row = [(1, 1), (2, 1), (3, 1), (4, 1)];
        let stored = found(&row, &[]);
        assert_eq!(numbers(&stored, &none, &closed), [1, 0, 0, 1]);
        let both = found(&row, &[POISON]);
        assert_eq!(numbers(&both, &none, &closed), [0, 0, 0, 1]);
        let letter = found(&row[1..3], &[POISON, (b"no poison", "required")]);
        assert_eq!(numbers(&letter, &none, &closed), [1, 0, 0, 1]);
    }

    #[test]
    fn the_generator_is_held_to_its_count() {
        let generated = Generated {
            events: 4,
            unique: 2,
            dead_letters: 1,
            unsure: 1,
        };
        let closed = Window::default();
        let numbers = |strangers: u128, letters: usize| {
            let ours = [(1, 1), (2, 1), (3, 1)];
            let theirs = (0..strangers).map(|n| (100 + n, 1));
            let rows: Vec<_> = ours.into_iter().chain(theirs).collect();
            let mut found = found(&rows, &[POISON]);
            found.letters.extend((0..letters).map(|_| Letter {
                payload: Vec::new(),
                reason: "required".to_owned(),
                is_of_generator: true,
            }));
            numbers(&found, &generated, &closed)
        };
        assert_eq!(numbers(2, 1), [0; 4]);
        assert_eq!(numbers(1, 1), [0; 4]);
        assert_eq!(numbers(2, 0), [0; 4]);
        assert_eq!(numbers(1, 0), [1, 0, 0, 0]);
        assert_eq!(numbers(3, 1), [0, 0, 0, 1]);
        assert_eq!(numbers(4, 2), [0, 0, 0, 3]);
    }
}
