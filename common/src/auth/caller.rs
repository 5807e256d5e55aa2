//! Who sent a request: an extension of every request that was let in.

use std::{num::NonZeroU32, sync::Arc};

use axum::http::HeaderMap;

use super::{key::KeyId, keys::Known, rate::Rate, refusal::Refusal, scope::Scopes};
use crate::http::Problem;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Caller(Option<Arc<Known>>);

impl Caller {
    /// Every caller with `AUTH=off`.
    pub(super) const ANYBODY: Self = Self(None);

    pub(super) fn with(key: Arc<Known>) -> Self {
        Self(Some(key))
    }

    #[must_use]
    pub fn scopes(&self) -> Scopes {
        self.0.as_ref().map_or(Scopes::ALL, |key| key.scopes())
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.0.as_ref().map(|key| key.name())
    }

    /// Which key it is; `None` with `AUTH=off`.
    #[must_use]
    pub fn key(&self) -> Option<KeyId> {
        self.0.as_ref().map(|key| key.id())
    }

    /// For what goes on for long: whether the key is in force no more.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        self.0.as_ref().is_some_and(|key| key.is_revoked())
    }

    /// Counts a request against the key's rate.
    pub(super) fn charge_request(&self) -> Result<(), Refusal> {
        let taken = self
            .rate()
            .map_or(Ok(()), |rate| rate.take(NonZeroU32::MIN));
        taken.map_err(|exceeded| Refusal::TooOften(exceeded, self.clone()))
    }

    /// Counts what is asked for on a socket as a request against the key's rate.
    ///
    /// # Errors
    /// 429.
    pub fn charge_message(&self) -> Result<(), Problem> {
        self.charge_request().map_err(|refusal| refusal.counted())
    }

    /// Counts a body of so many events against the key's rate; the request itself has counted
    /// as one of them.
    ///
    /// # Errors
    /// 429, or 413 if the rate could never allow so many.
    pub fn charge_events(&self, events: usize) -> Result<(), Problem> {
        let events = u32::try_from(events).unwrap_or(u32::MAX);
        let taken = self.rate().map_or(Ok(()), |rate| rate.take_events(events));
        taken.map_err(|exceeded| Refusal::TooOften(exceeded, self.clone()).counted())
    }

    /// `RateLimit` and `RateLimit-Policy`, where the key has a rate.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        if let Some(rate) = self.rate() {
            rate.tell(headers);
        }
    }

    fn rate(&self) -> Option<&Rate> {
        self.0.as_ref().and_then(|key| key.rate.as_ref())
    }
}
