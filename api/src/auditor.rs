//! Audits the accounts at intervals, so that alerts work without anybody querying the audit.

use std::time::Duration;

use crate::{
    observe,
    query::{audit, database::Database, stream::Stream},
};

/// Audits every `interval`, the first time after one, for ever; never where it is zero.
pub async fn run(database: Database, stream: Stream, interval: Duration) {
    if interval.is_zero() {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(interval).await;
        match audit::audit(&database, &stream, false).await {
            Ok(audit) => observe::audited(&audit),
            Err(error) => observe::audit_failed(&error),
        }
    }
}
