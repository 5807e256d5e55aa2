//! Points at which a test makes a daemon die or do wrong. They exist in builds with the feature
//! `fault-points`; in all others these functions are empty, and `fail` is no dependency.
//!
//! `FAILPOINTS` arms them: `name=action;name=action`, an action being `[p%][n*]task`, several
//! of them chained by `->` (<https://docs.rs/fail>). `before_copy=3*off->return` lets three
//! batches pass and acts on the fourth.

/// Arms what `FAILPOINTS` names, until the process ends.
///
/// # Panics
/// An action isn't shaped as `fail` wants it.
#[cfg(feature = "fault-points")]
pub fn arm() {
    tracing::warn!("this build has fault points: it is for tests only");
    std::mem::forget(fail::FailScenario::setup());
}

/// The task `return` ends the process here and now, as SIGKILL would; the others (`sleep(ms)`,
/// `panic`, …) do what they are called, on the thread that came here.
#[cfg(feature = "fault-points")]
pub fn point(name: &'static str) {
    fail::fail_point!(name, |_| std::process::abort());
}

/// Whether the code that asks is to do its work wrongly: the task `return`.
#[cfg(feature = "fault-points")]
#[must_use]
pub fn is_on(name: &'static str) -> bool {
    fail::fail_point!(name, |_| true);
    false
}

/// Panics where `bytes` hold the text of the task `return(text)`.
///
/// # Panics
/// On purpose.
#[cfg(feature = "fault-points")]
pub fn poison(name: &'static str, bytes: &[u8]) {
    let holds = |text: String| memchr::memmem::find(bytes, text.as_bytes()).is_some();
    fail::fail_point!(name, |text| assert!(!text.is_some_and(holds), "poison"));
}

#[cfg(not(feature = "fault-points"))]
mod absent {
    pub const fn arm() {}

    pub const fn point(_: &'static str) {}

    #[must_use]
    pub const fn is_on(_: &'static str) -> bool {
        false
    }

    pub const fn poison(_: &'static str, _: &[u8]) {}
}

#[cfg(not(feature = "fault-points"))]
pub use absent::*;
