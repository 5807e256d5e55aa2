//! The commands an operator runs by hand.

use clap::{Parser, Subcommand};
use consumer::{config::Config, migrate};

/// Reads events from the Redis stream and writes each to TimescaleDB exactly once.
///
/// Without a command it runs as a daemon. Everything is configured by environment variables;
/// .env.example lists them.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Brings the database to the schema of this version, and ends.
    Migrate,
}

pub(crate) async fn run(command: Command, config: Config) -> anyhow::Result<()> {
    match command {
        Command::Migrate => {
            let applied = migrate::run(&config.postgres).await?;
            if applied.is_empty() {
                println!("the schema is up to date");
            }
            for migration in applied {
                println!("applied {migration}");
            }
        }
    }
    Ok(())
}
