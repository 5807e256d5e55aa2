//! The keys in the database. The only SQL of this crate, because all daemons read them.

use tokio_postgres::{Client, Error};

use super::{key::KeyId, scope::Scopes};

/// No more keys are kept in memory; the oldest ones count.
pub const MOST_KEYS: usize = 10_000;

const ACTIVE: &str = "-- active_keys
SELECT id, name, scopes, hash, rate FROM api_keys
 WHERE revoked_at IS NULL ORDER BY created_at, id LIMIT 10000";

const USED: &str = "-- used_keys
UPDATE api_keys SET last_used_at = now()
 WHERE id = ANY($1) AND (last_used_at IS NULL OR last_used_at < now() - INTERVAL '1 minute')";

/// For a test that prepares them.
pub const STATEMENTS: [&str; 2] = [ACTIVE, USED];

/// A key that isn't revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) id: KeyId,
    pub(super) name: String,
    pub(super) scopes: Scopes,
    pub(super) hash: [u8; 32],
    pub(super) rate: Option<u32>,
}

pub(super) async fn active(client: &Client) -> Result<Vec<Stored>, Error> {
    let rows = client.query(ACTIVE, &[]).await?;
    let stored = rows.iter().filter_map(|row| {
        let (id, name, scopes): (&str, String, Vec<&str>) = (row.get(0), row.get(1), row.get(2));
        let (hash, rate): (&[u8], Option<i32>) = (row.get(3), row.get(4));
        // The table's own checks exclude that anything is left out here.
        Some(Stored {
            id: KeyId::parse(id)?,
            name,
            scopes: scopes
                .iter()
                .filter_map(|scope| scope.parse().ok())
                .collect(),
            hash: hash.try_into().ok()?,
            rate: rate.and_then(|rate| u32::try_from(rate).ok()),
        })
    });
    Ok(stored.collect())
}

pub(super) async fn mark_used(client: &Client, ids: &[String]) -> Result<(), Error> {
    client.execute(USED, &[&ids]).await.map(drop)
}
