//! The database is there and won't have the daemons.

use super::secs;
use crate::{
    fault::{Fault, Node},
    scenario::{Promise, Scenario, Step},
};

/// Changes what the daemons come as.
macro_rules! every_login {
    ($change:literal) => {
        concat!(
            "ALTER ROLE tm_api ",
            $change,
            "; ALTER ROLE tm_consumer ",
            $change,
            "; ALTER ROLE tm_ingestion ",
            $change
        )
    };
}

/// The same, and ends their sessions.
macro_rules! anew {
    ($change:literal) => {
        concat!(
            every_login!($change),
            "; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'tm\\_%'"
        )
    };
}

pub(super) fn all() -> Vec<Scenario> {
    vec![
        hold(
            "table-missing",
            "a table is missing (42P01): hold, not ready",
            Fault::Sql(
                "ALTER TABLE commits RENAME TO commits_away",
                "ALTER TABLE commits_away RENAME TO commits",
            ),
        )
        .promise(api_too),
        hold(
            "permission-denied",
            "permission denied (42501): hold, not ready",
            Fault::Sql(
                "REVOKE tidemark_api FROM tm_api; REVOKE tidemark_consumer FROM tm_consumer;
                 REVOKE tidemark_ingestion FROM tm_ingestion",
                "GRANT tidemark_api TO tm_api; GRANT tidemark_consumer TO tm_consumer;
                 GRANT tidemark_ingestion TO tm_ingestion",
            ),
        )
        .promise(api_too),
        hold(
            "wrong-password",
            "wrong password (28P01): hold, not ready",
            Fault::Sql(
                anew!("PASSWORD 'another'"),
                every_login!("PASSWORD 'daemon'"),
            ),
        )
        .promise(api_too),
        hold(
            "read-only",
            "the server takes no writes (25006)",
            Fault::Sql(
                anew!("SET default_transaction_read_only = on"),
                anew!("RESET default_transaction_read_only"),
            ),
        ),
        hold(
            "no-connection-left",
            "too many connections (53300)",
            Fault::Sql(
                anew!("CONNECTION LIMIT 0"),
                every_login!("CONNECTION LIMIT -1"),
            ),
        )
        .promise(api_too),
    ]
}

/// The daemons are there, and the database won't have them.
fn hold(name: &'static str, proves: &'static str, fault: Fault) -> Scenario {
    Scenario::new(name, proves, move |draw| {
        Step::during(fault.clone(), draw.seconds(6.0..9.0)).to_vec()
    })
    .promise(|promise| {
        promise.recovers = secs(6);
        promise.not_ready = vec![(Node::Consumer(0), secs(6))];
    })
}

/// Where it doesn't let the api read either.
fn api_too(promise: &mut Promise) {
    promise.not_ready.push((Node::Api(0), secs(6)));
}
