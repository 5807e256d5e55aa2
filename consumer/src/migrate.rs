//! Migrates the database to the schema of this version.

use anyhow::{Context as _, bail};
use common::{clients, config::PostgresConfig};
use refinery::{Migration, Runner};

mod embedded {
    refinery::embed_migrations!("../migrations");
}

const ROLES: &str = include_str!("../../migrations/roles.sql");
const MISSING_ROLES: &str = "-- missing_roles
SELECT role FROM unnest(ARRAY['tidemark_api', 'tidemark_ingestion', 'tidemark_consumer',
                              'tidemark_admin']) AS role
 WHERE to_regrole(role) IS NULL";

/// Serialises migrations of all consumers; refinery takes no lock of its own.
const LOCK: i64 = 0x7469_6465_6d61_726b;

/// Below this, ON CONFLICT DO NOTHING on a compressed chunk could drop the rest of a batch.
const MIN_TIMESCALEDB: (u32, u32, u32) = (2, 19, 1);
const MIN_POSTGRES: i32 = 150_000;

/// Applies what is missing; returns the names of what was applied. Any number of processes
/// may call it at once.
///
/// # Errors
/// The database can't be reached, is too old, has a migration that was changed since, or one that
/// this version doesn't know and not all that it does.
pub async fn run(config: &PostgresConfig) -> anyhow::Result<Vec<String>> {
    let mut client = clients::postgres::connect(config, "tidemark-migrate")
        .await
        .context("can't connect to PostgreSQL")?;
    // Session locks end with the session, also when this process is killed.
    client
        .execute("SET lock_timeout = '60s'", &[])
        .await
        .context("can't set the lock timeout")?;
    client
        .execute("SELECT pg_advisory_lock($1)", &[&LOCK])
        .await
        .context("another migration is still running")?;
    check_versions(&client).await?;
    let runner = embedded::migrations::runner();
    let is_newer = is_newer(&runner, &mut client).await?;
    let report = runner
        .set_abort_missing(!is_newer)
        .run_async(&mut client)
        .await
        .context("a migration failed; the database is as before it")?;
    grant(&client)
        .await
        .context("the group roles of the daemons can't be given their rights")?;
    Ok(report
        .applied_migrations()
        .iter()
        .map(ToString::to_string)
        .collect())
}

/// Whether the database has all that this version brings, and more: a newer version has been
/// here. A schema serves the version before it, too, so that one may go back by one version, or
/// replace one consumer after the other. A database that lacks something of ours is another's.
async fn is_newer(runner: &Runner, client: &mut tokio_postgres::Client) -> anyhow::Result<bool> {
    let began = "SELECT to_regclass('refinery_schema_history') IS NOT NULL";
    if !client.query_one(began, &[]).await?.get::<_, bool>(0) {
        return Ok(false);
    }
    let applied = runner.get_applied_migrations_async(client).await;
    let applied = applied.context("can't read which migrations were applied")?;
    let has = |ours: &Migration| {
        applied
            .iter()
            .any(|known| known.version() == ours.version())
    };
    let ours = runner.get_migrations();
    let is_newer = applied.len() > ours.len() && ours.iter().all(has);
    if is_newer {
        let newest = applied.iter().max().map(ToString::to_string);
        tracing::warn!(
            newest,
            "the database has the schema of a newer version; docs/OPERATIONS.md says how far one may go back"
        );
    }
    Ok(is_newer)
}

/// Makes the group roles and gives them what they lack. A login that may make no roles leaves
/// that to an administrator: everything works without them, under one login.
async fn grant(client: &tokio_postgres::Client) -> Result<(), tokio_postgres::Error> {
    client.batch_execute(ROLES).await?;
    let missing = client.query(MISSING_ROLES, &[]).await?;
    let missing: Vec<String> = missing.iter().map(|row| row.get(0)).collect();
    if !missing.is_empty() {
        tracing::info!(
            ?missing,
            "this login may not create roles; SECURITY.md says how an administrator does"
        );
    }
    Ok(())
}

async fn check_versions(client: &tokio_postgres::Client) -> anyhow::Result<()> {
    let row = client
        .query_one(
            "SELECT current_setting('server_version_num')::int,
                    (SELECT coalesce(installed_version, default_version)
                       FROM pg_available_extensions
                      WHERE name = 'timescaledb')",
            &[],
        )
        .await?;
    let (postgres, timescaledb): (i32, Option<String>) = (row.get(0), row.get(1));
    if postgres < MIN_POSTGRES {
        bail!("PostgreSQL 15 or newer is needed; this is {postgres}");
    }
    let Some(timescaledb) = timescaledb else {
        bail!("the TimescaleDB extension is not installed on this PostgreSQL");
    };
    let mut parts = timescaledb
        .split(['.', '-'])
        .map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < MIN_TIMESCALEDB {
        bail!("TimescaleDB 2.19.1 or newer is needed; this is {timescaledb}");
    }
    Ok(())
}
