//! Redis and PostgreSQL of one scenario's own.

mod disk;
mod postgres;
mod process;
mod programs;
mod redis;
mod template;

pub(crate) use disk::{CannotMount, Disk};
pub(crate) use postgres::Postgres;
pub(crate) use programs::Programs;
pub(crate) use redis::Redis;
pub(crate) use template::{PASSWORD, Template};
