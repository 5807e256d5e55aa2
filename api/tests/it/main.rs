//! The api on real services: what it answers over HTTP and WebSocket.

// Helpers of tests count as tests.
#![allow(clippy::unwrap_used)]

mod compare;
mod consistent;
mod etag;
mod events;
mod export;
mod funnel;
mod http;
mod kept;
mod keys;
mod live;
mod live_client;
mod live_cost;
mod live_filter;
mod live_limits;
mod live_model;
mod live_resume;
mod live_sse;
mod metadata;
mod metrics;
mod openapi;
mod operations;
mod patterns;
mod pipeline;
mod query;
mod raw_frames;
mod readiness;
mod retention;
mod rows;
mod sessions;
mod statements;
mod support;
