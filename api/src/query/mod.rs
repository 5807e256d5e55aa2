//! Questions and their answers, without HTTP: `metrics` from rollups, the pipeline's own
//! state, the audit. Every statement is constant and named; every answer comes from one
//! snapshot of the database.

pub mod audit;
pub mod bounded;
pub mod cells;
pub mod chains;
pub mod compare;
pub mod database;
pub mod dead_letters;
pub mod events;
pub mod explorer;
pub mod export;
pub mod filter;
pub mod funnel;
pub mod interval;
pub mod kept;
pub mod ledger;
pub mod metadata;
pub mod metric;
pub mod metrics;
pub mod number;
pub mod page;
pub mod parts;
pub mod pattern;
pub mod pieces;
pub mod pipeline;
pub mod plan;
pub mod range;
pub mod raw;
pub mod reach;
pub mod report;
pub mod retention;
pub mod rollups;
pub mod rows;
pub mod sessions;
pub mod sql_text;
pub mod statements;
pub mod stream;
pub mod sums;
pub mod values;
