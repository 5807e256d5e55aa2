//! Redis keys that belong to one stream.

/// All names derived from `STREAM_KEY`. The helpers share a hash tag with the stream, so one
/// MULTI may touch them all on a Redis Cluster too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamKeys {
    /// The stream itself.
    pub stream: String,
    /// Hash: `epoch`; per source `accepted:<source>` (events) and `entries:<source>`; and
    /// `gone`, the entries that others had removed before the accounts began.
    pub ledger: String,
    /// String, JSON: the generator's last report. Expires when nobody renews it.
    pub generator: String,
    /// Pub/Sub channel: "something was committed". A hint, never data.
    pub commits: String,
    /// Prefix of the strings that remember when an id was first seen without a time.
    pub first_seen: String,
    /// Prefix of the strings that remember which dead letters were replayed.
    pub replayed: String,
}

impl StreamKeys {
    #[must_use]
    pub fn new(stream: &str) -> Self {
        let tag = if stream.contains('{') {
            stream.to_owned()
        } else {
            format!("{{{stream}}}")
        };
        Self {
            stream: stream.to_owned(),
            ledger: format!("{tag}:ledger"),
            generator: format!("{tag}:generator"),
            commits: format!("{tag}:commits"),
            first_seen: format!("{tag}:first_seen:"),
            replayed: format!("{tag}:replayed:"),
        }
    }
}
