//! Every row and every dead letter, one by one.

use std::collections::HashMap;

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
    for (id, fate) in &sent.events {
        let there = found.rows.contains_key(id) || letters.contains_key(id);
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
    let strangers = found
        .rows
        .keys()
        .filter(|id| !sent.events.contains_key(*id));
    within(strangers.count() as u64, generated.stored, &mut findings);
    let of_generator = found.letters.iter().filter(|letter| letter.is_of_generator);
    within(
        of_generator.count() as u64,
        generated.dead_letters,
        &mut findings,
    );
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

/// Where only a count is known.
fn within(count: u64, (least, most): (u64, u64), findings: &mut Findings) {
    findings.lost += least.saturating_sub(count);
    findings.unexpected += count.saturating_sub(most);
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
    fn the_generator_is_held_to_its_count() {
        let generated = Generated {
            events: 3,
            stored: (1, 2),
            dead_letters: (0, 0),
        };
        let closed = Window::default();
        let rows = |strangers: u128| {
            let ours = [(1, 1), (2, 1), (3, 1)];
            let theirs = (0..strangers).map(|n| (100 + n, 1));
            ours.into_iter().chain(theirs).collect::<Vec<_>>()
        };
        let numbers = |strangers| numbers(&found(&rows(strangers), &[POISON]), &generated, &closed);
        assert_eq!(numbers(0), [1, 0, 0, 0]);
        assert_eq!(numbers(1), [0; 4]);
        assert_eq!(numbers(2), [0; 4]);
        assert_eq!(numbers(4), [0, 0, 0, 2]);
    }
}
