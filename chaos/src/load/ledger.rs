//! What was sent and how it was answered, in memory and in a file that is fsynced.

use std::{
    collections::HashMap,
    fs::File,
    io::Write as _,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    time::Instant,
};

use tokio::sync::oneshot;

/// What the sender of an event knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was refused each time: it must not be there.
    Refused,
    /// Sent; `doubt` once an answer has failed to come. It may be there, once.
    Open { doubt: bool },
    /// It must be there, once. When it was told so, in milliseconds of the ledger.
    Acknowledged(u32),
}

#[derive(Debug, Default)]
pub(crate) struct Entries {
    pub(crate) events: HashMap<u128, Fate>,
    /// Events that break the contract, by their bytes, with the reason that they must get;
    /// their fate is under their number.
    pub(crate) poison: HashMap<Vec<u8>, (&'static str, u128)>,
    /// What no answer may look like.
    pub(crate) surprises: Vec<String>,
}

impl Entries {
    /// How many were acknowledged so far.
    pub(crate) fn acknowledged(&self) -> u64 {
        let fates = self.events.values();
        let acknowledged = fates.filter(|fate| matches!(fate, Fate::Acknowledged(_)));
        acknowledged.count() as u64
    }
}

#[derive(Debug)]
pub(crate) struct Ledger {
    started: Instant,
    entries: Mutex<Entries>,
    file: mpsc::Sender<Line>,
}

#[derive(Debug)]
enum Line {
    Records(Vec<u8>),
    Flush(oneshot::Sender<std::io::Result<()>>),
}

const SENT: u8 = b's';
const ACKNOWLEDGED: u8 = b'a';
const REFUSED: u8 = b'r';
const UNKNOWN: u8 = b'u';

impl Ledger {
    /// Each record in `file` is a letter, `s`ent, `a`cknowledged, `r`efused or `u`nknown, and
    /// the sixteen bytes of an id.
    pub(crate) fn open(file: &Path) -> std::io::Result<Self> {
        let file = File::create(file)?;
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || write(file, &lines));
        Ok(Self {
            started: Instant::now(),
            entries: Mutex::default(),
            file: sender,
        })
    }

    pub(crate) fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// On the clock of [`Fate::Acknowledged`].
    pub(crate) fn clock(&self, moment: Instant) -> u32 {
        let since = moment.saturating_duration_since(self.started);
        u32::try_from(since.as_millis()).unwrap_or(u32::MAX)
    }

    /// Before they are sent, for the first time or again.
    pub(super) fn sent(&self, ids: &[u128]) {
        self.change(SENT, ids, |fate| match fate {
            None | Some(Fate::Refused) => Fate::Open { doubt: false },
            Some(known) => known,
        });
    }

    pub(super) fn acknowledged(&self, ids: &[u128]) {
        let now = self.clock(Instant::now());
        self.change(ACKNOWLEDGED, ids, |fate| match fate {
            Some(Fate::Acknowledged(before)) => Fate::Acknowledged(before),
            _ => Fate::Acknowledged(now),
        });
    }

    /// The answer says that nothing was taken.
    pub(super) fn refused(&self, ids: &[u128]) {
        self.change(REFUSED, ids, |fate| match fate {
            Some(Fate::Open { doubt: false }) | None => Fate::Refused,
            Some(known) => known,
        });
    }

    /// No answer, or one that leaves it open.
    pub(super) fn unknown(&self, ids: &[u128]) {
        self.change(UNKNOWN, ids, |fate| match fate {
            Some(Fate::Acknowledged(at)) => Fate::Acknowledged(at),
            _ => Fate::Open { doubt: true },
        });
    }

    fn change(&self, letter: u8, ids: &[u128], next: impl Fn(Option<Fate>) -> Fate) {
        let mut records = Vec::with_capacity(17 * ids.len());
        let mut entries = self.entries();
        for id in ids {
            let fate = next(entries.events.get(id).copied());
            entries.events.insert(*id, fate);
            records.push(letter);
            records.extend_from_slice(&id.to_be_bytes());
        }
        // The thread ends after us.
        let _ = self.file.send(Line::Records(records));
    }

    pub(super) fn poison(&self, payload: &[u8], reason: &'static str, id: u128) {
        let mut entries = self.entries();
        entries.poison.insert(payload.to_vec(), (reason, id));
    }

    pub(super) fn surprise(&self, what: String) {
        let mut entries = self.entries();
        if entries.surprises.len() < 20 {
            entries.surprises.push(what);
        }
    }

    /// Returns when all is on the disk.
    pub(super) async fn flush(&self) -> std::io::Result<()> {
        let (sender, synced) = oneshot::channel();
        let _ = self.file.send(Line::Flush(sender));
        synced.await.map_err(std::io::Error::other)?
    }
}

/// Appends what comes, and syncs whenever nothing more waits.
fn write(mut file: File, lines: &mpsc::Receiver<Line>) {
    while let Ok(first) = lines.recv() {
        let mut waiting = Vec::new();
        let mut written = Ok(());
        for line in std::iter::once(first).chain(lines.try_iter()) {
            match line {
                Line::Records(records) => written = written.and(file.write_all(&records)),
                Line::Flush(sender) => waiting.push(sender),
            }
        }
        let synced = written.and_then(|()| file.sync_data());
        for sender in waiting {
            let _ = sender.send(match &synced {
                Ok(()) => Ok(()),
                Err(error) => Err(std::io::Error::new(error.kind(), error.to_string())),
            });
        }
        // Records gather meanwhile: a sync for each would be most of the disk's work.
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_known_of_an_event_only_grows() {
        let file = std::env::temp_dir().join(format!("chaos-ledger-{}", std::process::id()));
        let ledger = Ledger::open(&file).unwrap();
        let fate = |id| ledger.entries().events[&id];
        ledger.sent(&[1, 2, 3]);
        ledger.refused(&[1, 2]);
        assert_eq!(fate(1), Fate::Refused);
        ledger.sent(&[1]);
        ledger.unknown(&[1]);
        ledger.sent(&[1]);
        ledger.refused(&[1]);
        assert_eq!(
            fate(1),
            Fate::Open { doubt: true },
            "the first may be there"
        );
        ledger.acknowledged(&[1]);
        ledger.unknown(&[1]);
        assert!(matches!(fate(1), Fate::Acknowledged(_)));
        assert_eq!(fate(3), Fate::Open { doubt: false });
        ledger.flush().await.unwrap();
        assert_eq!(std::fs::read(&file).unwrap().len(), 12 * 17 - 17);
        std::fs::remove_file(file).unwrap();
    }
}
