//! The consumer against real Redis and TimescaleDB.
#![allow(clippy::unwrap_used)]

mod harness;

mod configuration;
mod counted_once;
mod cut_connections;
mod database_faults;
mod dead_letters;
#[cfg(feature = "fault-points")]
mod fault_points;
mod groups;
mod keys;
mod late_events;
mod lost_entries;
mod migrations;
mod poison;
mod process;
mod prune;
mod redelivery;
mod refused_rows;
mod restarts;
mod retention;
mod roles;
mod rollups;
mod stored_exactly;
mod takeover;
mod visits;
