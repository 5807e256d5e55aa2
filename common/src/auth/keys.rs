//! The keys in force, in memory: read again every [`INTERVAL`], and unchanged while the database
//! is away.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use subtle::ConstantTimeEq as _;
use tokio::{sync::watch, time::timeout};
use tokio_postgres::Client;

use super::{
    key::{Key, KeyId},
    observe,
    rate::Rate,
    scope::Scopes,
    store::{self, Stored},
};
use crate::{admin::Health, backoff::Backoff, clients, config::PostgresConfig};

/// So long after it was revoked, a key opens nothing any more.
const INTERVAL: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// What PostgreSQL calls the connection.
const APPLICATION: &str = "tidemark-keys";
/// The name of the dependency in `/health`.
pub(super) const DEPENDENCY: &str = "keys";

/// A key that is in force.
#[derive(Debug)]
pub(super) struct Known {
    stored: Stored,
    pub(super) rate: Option<Rate>,
    revoked: AtomicBool,
    used: AtomicBool,
}

impl Known {
    fn new(stored: Stored) -> Self {
        let rate = stored.rate.and_then(NonZeroU32::new).map(Rate::new);
        Self {
            stored,
            rate,
            revoked: AtomicBool::new(false),
            used: AtomicBool::new(false),
        }
    }

    pub(super) fn id(&self) -> KeyId {
        self.stored.id
    }

    pub(super) fn name(&self) -> &str {
        &self.stored.name
    }

    pub(super) fn scopes(&self) -> Scopes {
        self.stored.scopes
    }

    pub(super) fn is_revoked(&self) -> bool {
        self.revoked.load(Ordering::Relaxed)
    }
}

type ById = HashMap<KeyId, Arc<Known>>;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Keys(watch::Receiver<Option<Arc<ById>>>);

/// What became of a key that was shown.
#[derive(Debug)]
pub(super) enum Found {
    Known(Arc<Known>),
    Wrong,
    /// Nothing was ever read.
    NotLoaded,
}

impl Keys {
    pub(super) fn find(&self, key: &Key) -> Found {
        let keys = self.0.borrow();
        let Some(keys) = keys.as_ref() else {
            return Found::NotLoaded;
        };
        // Who knows an id knows no secret: only the comparison of hashes takes constant time.
        match keys.get(&key.id()) {
            Some(known) if bool::from(known.stored.hash.ct_eq(&key.hash())) => {
                known.used.store(true, Ordering::Relaxed);
                Found::Known(known.clone())
            }
            _ => Found::Wrong,
        }
    }

    pub(super) fn are_loaded(&self) -> bool {
        self.0.borrow().is_some()
    }
}

/// Reads the keys for as long as it is polled.
pub(super) struct Refresher {
    postgres: PostgresConfig,
    health: Health,
    known: watch::Sender<Option<Arc<ById>>>,
    connection: Option<Client>,
}

impl Refresher {
    pub(super) fn new(postgres: PostgresConfig, health: Health) -> (Self, Keys) {
        let (known, keys) = watch::channel(None);
        let refresher = Self {
            postgres,
            health,
            known,
            connection: None,
        };
        (refresher, Keys(keys))
    }

    /// Never returns.
    pub(super) async fn run(mut self) {
        let mut backoff = Backoff::default();
        let mut read_at = Instant::now();
        let mut is_failing = false;
        loop {
            let outcome = timeout(READ_TIMEOUT, self.refresh()).await;
            let error = match outcome {
                Ok(Ok(())) => {
                    self.health.up(DEPENDENCY);
                    backoff.reset();
                    (read_at, is_failing) = (Instant::now(), false);
                    tokio::time::sleep(INTERVAL).await;
                    continue;
                }
                Ok(Err(error)) => told(&error),
                Err(_) => format!("no answer within {READ_TIMEOUT:?}"),
            };
            // What it was used for may still be under way.
            self.connection = None;
            observe::unread(read_at.elapsed());
            if self.known.borrow().is_none() {
                self.health.down(DEPENDENCY, error);
            } else if !is_failing {
                is_failing = true;
                tracing::warn!(
                    error,
                    "keys can't be read again; those of before stay in force"
                );
            }
            backoff.wait().await;
        }
    }

    async fn refresh(&mut self) -> Result<(), tokio_postgres::Error> {
        let client = match &mut self.connection {
            Some(client) => client,
            none => {
                let client = clients::postgres::connect(&self.postgres, APPLICATION).await?;
                none.insert(client)
            }
        };
        let stored = store::active(client).await?;
        let before = self.known.borrow().clone().unwrap_or_default();
        let used: Vec<_> = before
            .values()
            .filter(|known| known.used.swap(false, Ordering::Relaxed))
            .map(|known| known.id().to_string())
            .collect();
        if !used.is_empty()
            && let Err(error) = store::mark_used(client, &used).await
        {
            // A convenience for who looks for keys that nobody uses any more.
            tracing::debug!(error = told(&error), "the last use of keys isn't noted");
        }
        self.replace(&before, stored);
        Ok(())
    }

    /// What has not changed stays the same object, and with it its rate.
    fn replace(&self, before: &ById, stored: Vec<Stored>) {
        let now: ById = stored
            .into_iter()
            .map(|stored| {
                let id = stored.id;
                let same = before.get(&id).filter(|known| known.stored == stored);
                let known = same
                    .cloned()
                    .unwrap_or_else(|| Arc::new(Known::new(stored)));
                (id, known)
            })
            .collect();
        for (id, known) in before {
            let stays = now.get(id).is_some_and(|other| Arc::ptr_eq(known, other));
            known.revoked.store(!stays, Ordering::Relaxed);
        }
        observe::read(now.len());
        self.known.send_replace(Some(Arc::new(now)));
    }
}

/// tokio-postgres keeps what the server says to itself.
fn told(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(refusal) if *refusal.code() == tokio_postgres::error::SqlState::UNDEFINED_TABLE => {
            "not migrated yet: start the consumer".into()
        }
        Some(refusal) => refusal.message().to_owned(),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{auth::Scope, shutdown::Shutdown};

    fn stored(key: &Key, scope: Scope) -> Stored {
        Stored {
            id: key.id(),
            name: "test".into(),
            scopes: Scopes::from_iter([scope]),
            hash: key.hash(),
            rate: Some(5),
        }
    }

    fn refresher() -> (Refresher, Keys) {
        let mut loader = crate::config::Loader::from_variables(crate::config::sample_variables());
        let postgres = loader.section().unwrap();
        let health = Health::new("test", "0", "test", &[], Shutdown::new());
        Refresher::new(postgres, health)
    }

    fn known(found: Found) -> Arc<Known> {
        match found {
            Found::Known(known) => known,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_key_is_known_while_it_is_stored() {
        let (refresher, keys) = refresher();
        let (one, other) = (Key::generate().unwrap(), Key::generate().unwrap());
        assert!(matches!(keys.find(&one), Found::NotLoaded));
        refresher.replace(&ById::new(), vec![stored(&one, Scope::Read)]);
        let first = known(keys.find(&one));
        assert!(matches!(keys.find(&other), Found::Wrong));
        // The same secret under another id, and the other way round.
        let text = one
            .text()
            .replace(&one.id().to_string(), &other.id().to_string());
        assert!(matches!(
            keys.find(&Key::parse(&text).unwrap()),
            Found::Wrong
        ));
        let text = other
            .text()
            .replace(&other.id().to_string(), &one.id().to_string());
        assert!(matches!(
            keys.find(&Key::parse(&text).unwrap()),
            Found::Wrong
        ));

        let before = refresher.known.borrow().clone().unwrap();
        refresher.replace(&before, vec![stored(&one, Scope::Read)]);
        assert!(
            Arc::ptr_eq(&first, &known(keys.find(&one))),
            "its rate goes on"
        );
        refresher.replace(&before, vec![stored(&other, Scope::Read)]);
        assert!(first.is_revoked() && matches!(keys.find(&one), Found::Wrong));
    }

    #[test]
    fn other_scopes_make_another_key() {
        let (refresher, keys) = refresher();
        let key = Key::generate().unwrap();
        refresher.replace(&ById::new(), vec![stored(&key, Scope::Read)]);
        let first = known(keys.find(&key));
        let before = refresher.known.borrow().clone().unwrap();
        refresher.replace(&before, vec![stored(&key, Scope::Write)]);
        assert!(first.is_revoked(), "what it opened before ends");
        assert!(known(keys.find(&key)).scopes().allow(Scope::Write));
    }
}
