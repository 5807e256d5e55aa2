//! Entries → a batch of rows ready for COPY. Events are decoded in place, without copying; the
//! output owns its memory.

mod again;
mod batch;
mod copy;
mod decoder;
mod intern;
mod policy;
mod stage;

pub use again::decode_again;
pub use batch::{Batch, Counts, DeadLetter, PerSource, Row, RowKey};
pub use copy::{COLUMNS, CopyDocument, CopyRows};
pub use decoder::{Decoder, Rejected, parse_row};
pub use intern::Values;
pub use policy::BatchPolicy;
pub use stage::decode;
