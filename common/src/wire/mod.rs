//! The stream between ingestion and consumer: key names, entry ids, what an entry carries.

mod encode;
mod entry;
mod entry_id;
mod keys;

pub use encode::encode_event;
pub use entry::{
    FIELD_BATCH, FIELD_EVENT, FIELD_SOURCE, MAX_ENTRY_BYTES, MAX_ENTRY_EVENTS, Payload, Source,
    event_id_for, lines,
};
pub use entry_id::EntryId;
pub use keys::StreamKeys;
