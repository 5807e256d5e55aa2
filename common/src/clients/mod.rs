//! Connections to Redis and PostgreSQL with every timeout set.

pub mod postgres;
pub mod redis;
