//! `api keys`: makes, lists and revokes keys. Daemons read them by `common::auth`.

use std::num::NonZeroU32;

use anyhow::{Context as _, bail};
use common::{
    auth::{Key, KeyId, MOST_KEYS, Scopes},
    clients,
    config::PostgresConfig,
};
use tokio_postgres::{Client, Error, error::SqlState};

const CREATE: &str = "-- create_key
INSERT INTO api_keys (id, name, scopes, hash, rate)
SELECT $1, $2, $3, $4, $5
 WHERE (SELECT count(*) FROM api_keys WHERE revoked_at IS NULL) < $6";

const LIST: &str = "-- list_keys
SELECT json_build_object('id', id, 'name', name, 'scopes', scopes, 'rate', rate,
           'created_at', created_at, 'revoked_at', revoked_at, 'last_used_at', last_used_at)::text
  FROM api_keys ORDER BY created_at, id";

const REVOKE: &str = "-- revoke_key
UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 RETURNING name";

/// For a test that prepares them.
pub const STATEMENTS: [&str; 3] = [CREATE, LIST, REVOKE];

/// The properties of a new key.
#[derive(Debug)]
pub struct New {
    pub name: String,
    pub scopes: Scopes,
    /// Requests or events a second.
    pub rate: Option<NonZeroU32>,
}

/// Creates a key. Only its hash is stored; the returned value is the only copy of the key.
///
/// # Errors
/// The database can't be asked, or there are [`MOST_KEYS`] already.
pub async fn create(postgres: &PostgresConfig, new: &New) -> anyhow::Result<Key> {
    let key = Key::generate().context("no random numbers")?;
    let (id, scopes, hash) = (key.id().to_string(), new.scopes.names(), key.hash());
    let rate = new.rate.map(|rate| i32::try_from(rate.get())).transpose()?;
    let most = i64::try_from(MOST_KEYS)?;
    let client = connect(postgres).await?;
    let made = client
        .execute(CREATE, &[&id, &new.name, &scopes, &&hash[..], &rate, &most])
        .await
        .map_err(explained)?;
    if made == 0 {
        bail!("there are {MOST_KEYS} keys in force; revoke some of them first");
    }
    Ok(key)
}

/// A JSON object for each key.
///
/// # Errors
/// The database can't be asked.
pub async fn list(postgres: &PostgresConfig) -> anyhow::Result<Vec<String>> {
    let client = connect(postgres).await?;
    let rows = client.query(LIST, &[]).await.map_err(explained)?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Revokes a key and returns its name. A key that was already revoked is left unchanged.
///
/// # Errors
/// The database can't be asked, or there is no such key.
pub async fn revoke(postgres: &PostgresConfig, id: KeyId) -> anyhow::Result<String> {
    let client = connect(postgres).await?;
    let row = client.query_opt(REVOKE, &[&id.to_string()]).await;
    match row.map_err(explained)? {
        Some(row) => Ok(row.try_get(0)?),
        None => bail!("there is no key {id}; `api keys list` names those there are"),
    }
}

async fn connect(postgres: &PostgresConfig) -> anyhow::Result<Client> {
    clients::postgres::connect(postgres, "api-keys")
        .await
        .context("can't connect to PostgreSQL")
}

fn explained(error: Error) -> anyhow::Error {
    match error.code() {
        Some(&SqlState::UNDEFINED_TABLE) => {
            anyhow::Error::from(error).context("the database has no keys yet: `consumer migrate`")
        }
        _ => anyhow::Error::from(error).context("the database refuses"),
    }
}
