//! The commands an operator runs by hand.

use std::num::NonZeroU32;

use api::{config::Config, keys};
use clap::{Args, Parser, Subcommand};
use common::{
    auth::{KeyId, Scope},
    http::healthcheck,
};

/// Answers queries over REST and WebSocket, and serves the dashboard.
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
    /// Asks the running daemon whether it is ready; exit code 0 if it is.
    Healthcheck,
    /// Creates, lists and revokes keys.
    #[command(subcommand)]
    Keys(Keys),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Creates a key and prints it, only this once. Daemons accept it within five seconds.
    Create(Create),
    /// Prints all keys, oldest first, without secrets: one JSON object per line.
    List,
    /// Revokes a key. Daemons refuse it within five seconds.
    Revoke {
        /// The id that `list` prints.
        #[arg(value_parser = key_id)]
        id: KeyId,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Who or what the key is for, at most 100 characters.
    #[arg(long, value_parser = name)]
    name: String,
    /// write (send events), read (query and watch), control (the generator), admin (everything);
    /// several separated by commas.
    #[arg(long, required = true, value_delimiter = ',')]
    scope: Vec<Scope>,
    /// Requests (for the collector: events) per second and process; bursts of up to ten times as
    /// many. Unlimited by default.
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
