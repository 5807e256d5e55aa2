//! Authentication and authorization. Keys are created by `api keys` and stored hashed; each daemon
//! keeps those in force in memory ([`Gate::start`]) and checks them in front of its routes
//! ([`Gate::protect`]).

mod caller;
mod failures;
mod gate;
mod key;
mod keys;
mod observe;
mod origin;
mod rate;
mod refusal;
mod rules;
mod scope;
pub mod session;
mod shown;
mod store;

pub use caller::Caller;
pub use gate::{Gate, Settings};
pub use key::{Key, KeyId};
pub use origin::is_own_origin;
pub use rate::HEADERS as RATE_HEADERS;
pub use rules::Rules;
pub use scope::{Scope, Scopes, UnknownScope};
pub use store::{MOST_KEYS, STATEMENTS};
