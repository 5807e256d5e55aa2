//! The aggregate the consumer writes and the api reads: what it is keyed by, what it holds,
//! how two of them merge and how they are stored.
//!
//! Merging is associative, commutative and exact: counts and sums add, the sketches keep the
//! same registers whatever the grouping and order.

mod distinct;
mod durations;
mod key;
mod leb128;
mod packed;
mod state;
mod visits;

pub use distinct::{DISTINCT_RELATIVE_ERROR, Distinct, DistinctUnion, Identity};
pub use durations::{DURATION_RELATIVE_ERROR, Durations};
pub use key::{Dimension, OTHER, Tier, key_value};
pub use state::{InvalidSketch, Rollup, Sample};
pub use visits::{BOUNCE_RATE_ERROR, Session, Visits};
