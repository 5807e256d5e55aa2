//! The analytics event: what a producer may send, the rules it must satisfy, and the validated
//! result ([`Event`]), which can't be invalid.

mod decimal;
mod diagnose;
mod input;
mod model;
mod properties;
mod rules;
mod text;
mod violation;

pub use decimal::Micros;
pub use model::{Event, parse};
pub use properties::{
    MAX_PROPERTIES_BYTES, MAX_PROPERTIES_DECIMALS, MAX_PROPERTIES_DEPTH, MAX_PROPERTIES_KEYS,
};
pub use rules::{Acceptance, BUILT_IN_TYPES, Limits};
pub use violation::{Code, Violation, Violations};
