//! Keys, and the routes that ask for them.

use std::{collections::BTreeSet, fmt::Debug};

use common::auth::Key;

use crate::Services;

impl Services {
    /// Makes a key, which running daemons take within five seconds.
    ///
    /// # Panics
    /// The database refuses it.
    pub async fn key(&self, scopes: &[&str], rate: Option<i32>) -> Key {
        let key = Key::generate().expect("there are random numbers");
        let (id, hash) = (key.id().to_string(), key.hash());
        let insert = "INSERT INTO api_keys (id, name, scopes, hash, rate) \
                      VALUES ($1, 'of a test', $2, $3, $4)";
        let inserted = self
            .db()
            .await
            .execute(insert, &[&id, &scopes, &&hash[..], &rate])
            .await;
        inserted.expect("the key is stored");
        key
    }

    /// # Panics
    /// The database refuses it.
    pub async fn revoke(&self, key: &Key) {
        let update = "UPDATE api_keys SET revoked_at = now() WHERE id = $1";
        let revoked = self
            .db()
            .await
            .execute(update, &[&key.id().to_string()])
            .await;
        assert_eq!(revoked.expect("the key is revoked"), 1);
    }
}

/// The paths of a router, as it was put together: axum shows them in `Debug` and nowhere else.
///
/// # Panics
/// It shows none.
#[must_use]
pub fn routes(router: &impl Debug) -> BTreeSet<String> {
    let shown = format!("{router:?}");
    let ours = shown.split("fallback_router:").next().unwrap_or_default();
    let paths: BTreeSet<_> = ours
        .split("RouteId(")
        .filter_map(|part| part.split_once("): \"")?.1.split('"').next())
        .filter(|path| path.starts_with('/'))
        .map(str::to_owned)
        .collect();
    assert!(!paths.is_empty(), "no routes in {shown}");
    paths
}

/// Every method that a route could have, but those that a browser asks for permission with.
pub const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
