//! `/api/v1/metrics/*`, but for series.

mod breakdown;
mod realtime;
mod summary;

pub(super) use self::{
    breakdown::{MAX_LIMIT, breakdown},
    realtime::realtime,
    summary::summary,
};
