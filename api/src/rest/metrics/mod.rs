//! `/api/v1/metrics/*`, but for series.

mod breakdown;
mod realtime;
mod summary;

pub(super) use self::{breakdown::breakdown, realtime::realtime, summary::summary};
