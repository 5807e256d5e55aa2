//! The commands an operator runs by hand.

use std::num::NonZeroU32;

use api::{config::Config, keys};
use clap::{Args, Parser, Subcommand};
use common::{
    auth::{KeyId, Scope},
    http::healthcheck,
};

/// Answers questions about events over REST and WebSocket, and serves the dashboard.
///
/// Without a command it runs as a daemon. Everything is configured by environment variables;
/// .env.example lists them.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask the api on this machine whether it is ready; exit code 0 if so.
    Healthcheck,
    /// Who may ask, send and control.
    #[command(subcommand)]
    Keys(Keys),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Makes a key and prints it, this once. Daemons take it within five seconds.
    Create(Create),
    /// Prints all keys, oldest first: one JSON object a line. None of them holds a secret.
    List,
    /// Ends a key. Daemons refuse it within five seconds.
    Revoke {
        /// As `list` names it.
        #[arg(value_parser = key_id)]
        id: KeyId,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Who or what is to have it, in at most 100 characters.
    #[arg(long, value_parser = name)]
    name: String,
    /// write (send events), read (ask and watch), control (drive the generator), admin (all);
    /// several separated by commas.
    #[arg(long, required = true, value_delimiter = ',')]
    scope: Vec<Scope>,
    /// Requests, of the collector events, a second and process; ten times as many at once. No
    /// limit where absent.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
}

fn key_id(text: &str) -> Result<KeyId, &'static str> {
    KeyId::parse(text).ok_or("an id has 12 hexadecimal digits; `api keys list` prints them")
}

fn name(text: &str) -> Result<String, &'static str> {
    let name = text.trim();
    match name.chars().count() {
        1..=100 if !name.chars().any(char::is_control) => Ok(name.to_owned()),
        _ => Err("a name has 1 to 100 characters, none of them a control character"),
    }
}

pub(crate) async fn run(command: Command, config: &Config) -> anyhow::Result<()> {
    let postgres = &config.postgres;
    match command {
        Command::Healthcheck => {
            let (address, port) = (config.bind.bind_address, config.server.api_port);
            Ok(healthcheck(address, port).await?)
        }
        Command::Keys(Keys::Create(create)) => {
            let new = keys::New {
                name: create.name,
                scopes: create.scope.into_iter().collect(),
                rate: create.rate.and_then(NonZeroU32::new),
            };
            let key = keys::create(postgres, &new).await?;
            eprintln!(
                "key {} is made; it is shown this once and can't be shown again",
                key.id()
            );
            println!("{}", key.text());
            Ok(())
        }
        Command::Keys(Keys::List) => {
            for line in keys::list(postgres).await? {
                println!("{line}");
            }
            Ok(())
        }
        Command::Keys(Keys::Revoke { id }) => {
            let name = keys::revoke(postgres, id).await?;
            println!("key {id} ({name}) is revoked; daemons refuse it within five seconds");
            Ok(())
        }
    }
}
