//! Traces: where in a distributed trace somebody is, and spans that say how long a step took.
//!
//! Only with the feature `otel`; without it everything here is empty and costs nothing. A trace is
//! carried as W3C `traceparent`, in HTTP as a header and in the stream as a field of an entry.

#[cfg(feature = "otel")]
mod export;
#[cfg(not(feature = "otel"))]
mod off;
#[cfg(feature = "otel")]
mod on;
#[cfg(feature = "otel")]
mod parent;

#[cfg(not(feature = "otel"))]
pub use off::{Flush, Span, Trace, begin, current, within};
#[cfg(feature = "otel")]
pub use on::{Flush, Span, Trace, begin, current, within};

use axum::http::HeaderMap;

/// Where in a trace the caller is who sent these headers.
#[must_use]
pub fn caller(headers: &HeaderMap) -> Trace {
    let header = headers.get(TRACEPARENT);
    header.map_or_else(Trace::default, |header| Trace::read(header.as_bytes()))
}

/// The name of the header and of the entry's field.
pub const TRACEPARENT: &str = "traceparent";

/// Other traces that a span names, at most: what OpenTelemetry keeps of them, too.
pub const MOST_LINKS: usize = 128;

/// What a span does in the eyes of a trace's reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Answers a request.
    Server,
    /// Puts a message on a queue.
    Producer,
    /// Handles what was on a queue.
    Consumer,
    /// Asks another service, and waits.
    Client,
}
