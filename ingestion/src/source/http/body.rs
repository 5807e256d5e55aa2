//! A request's body, bounded in every direction: on the wire, decoded, in time, and in all
//! requests together.

use std::{sync::Arc, time::Duration};

use async_compression::tokio::bufread::GzipDecoder;
use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use common::http::Problem;
use http_body_util::BodyExt as _;
use tokio::{
    io::AsyncReadExt as _,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Bytes of one body as it is sent.
pub(super) const MAX_WIRE: usize = 1024 * 1024;
/// Bytes of one body after decompression.
pub(super) const MAX_DECODED: usize = 8 * 1024 * 1024;
/// How many times larger a body may become.
const MAX_RATIO: usize = 100;
/// Below this size the ratio doesn't matter.
const SMALL: usize = 64 * 1024;
/// Members of a body, each compressed by itself.
const MAX_MEMBERS: usize = 1_000;
/// From the head of the request to the end of its body.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of all bodies that are being received or wait to be judged.
pub(super) const IN_ALL: usize = 64 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;
/// How large the buffer of what is decoded becomes by doubling.
const MAX_DOUBLED: usize = 1024 * 1024;

#[derive(Debug, Clone)]
pub(super) struct Budget(pub(super) Arc<Semaphore>);

impl Default for Budget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(IN_ALL)))
    }
}

/// A body as it was sent, and its share of the budget.
pub(super) struct Sent {
    wire: Vec<u8>,
    is_gzip: bool,
    is_ndjson: bool,
    share: Option<OwnedSemaphorePermit>,
}

/// A body that can be judged.
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    pub(super) is_ndjson: bool,
    _share: Option<OwnedSemaphorePermit>,
}

impl Sent {
    /// The budget counts what was sent: hold a turn, so that not all grow at once.
    ///
    /// # Errors
    /// 413 where it becomes too large, 400 for what isn't gzip.
    pub(super) async fn decoded(self) -> Result<Received, Problem> {
        let bytes = match self.is_gzip {
            true => gunzip(&self.wire).await?,
            false => self.wire,
        };
        Ok(Received {
            bytes,
            is_ndjson: self.is_ndjson,
            _share: self.share,
        })
    }
}

/// # Errors
/// 408, 413, 415, 400 where it ends early, 503 where all bodies together are too large.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    budget: &Budget,
) -> Result<Sent, Problem> {
    let is_gzip = is_gzip(headers)?;
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok());
    if declared
        .and_then(|length| length.parse::<usize>().ok())
        .is_some_and(|n| n > MAX_WIRE)
    {
        return Err(too_large("body_too_large", "at most 1 MiB may be sent"));
    }
    let (wire, share) = match timeout(TIMEOUT, receive(body, budget)).await {
        Ok(received) => received?,
        Err(_) => {
            let detail = "the body did not arrive within 30 seconds";
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail));
        }
    };
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    let is_ndjson = kind.is_some_and(|kind| kind.contains("ndjson") || kind.contains("jsonl"));
    Ok(Sent {
        wire,
        is_gzip,
        is_ndjson,
        share,
    })
}

fn is_gzip(headers: &HeaderMap) -> Result<bool, Problem> {
    let mut named = headers.get_all(header::CONTENT_ENCODING).iter();
    let encoding = match (named.next(), named.next()) {
        (None, _) => return Ok(false),
        (Some(encoding), None) => encoding.to_str().unwrap_or("not ASCII"),
        (Some(_), Some(_)) => "several",
    };
    match encoding.trim().to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => Ok(true),
        "identity" | "" => Ok(false),
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_encoding",
            "content-encoding must be gzip, once, or absent",
        )
        .with("allowed", "gzip, identity")),
    }
}

async fn receive(
    mut body: Body,
    budget: &Budget,
) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Problem> {
    let mut bytes = Vec::new();
    let mut share: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "body_incomplete",
                error.to_string(),
            )
        })?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        if bytes.len() + data.len() > MAX_WIRE {
            return Err(too_large("body_too_large", "at most 1 MiB may be sent"));
        }
        // As bytes come, so that a slow sender holds no more than it has sent.
        let size = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let Ok(more) = budget.0.clone().try_acquire_many_owned(size) else {
            return Err(super::busy());
        };
        match &mut share {
            Some(share) => share.merge(more),
            None => share = Some(more),
        }
        bytes.extend_from_slice(data);
    }
    Ok((bytes, share))
}

/// All members, one behind the other. Each costs a decoder, however little is in it.
async fn gunzip(wire: &[u8]) -> Result<Vec<u8>, Problem> {
    let most = MAX_DECODED.min((wire.len() * MAX_RATIO).max(SMALL));
    let (mut bytes, mut rest) = (Vec::with_capacity(announced(wire).min(most) + 1), wire);
    for _ in 0..MAX_MEMBERS {
        rest = member(rest, &mut bytes, most).await?;
        if rest.is_empty() {
            return Ok(bytes);
        }
    }
    Err(malformed(&format!(
        "it has more than {MAX_MEMBERS} members"
    )))
}

/// How large the last member says it becomes (ISIZE of RFC 1952); an honest body has no other.
fn announced(wire: &[u8]) -> usize {
    let size = wire.last_chunk().copied().map_or(0, u32::from_le_bytes);
    usize::try_from(size).unwrap_or(usize::MAX)
}

/// Decodes the first member; returns what follows it.
async fn member<'w>(wire: &'w [u8], bytes: &mut Vec<u8>, most: usize) -> Result<&'w [u8], Problem> {
    let mut decoder = GzipDecoder::new(wire);
    loop {
        if bytes.len() == bytes.capacity() {
            // Doubled as usual, then all that may be: a copy of megabytes would be held for a moment,
            // and what isn't written to takes no memory.
            let rest = most + 1 - bytes.len();
            let doubled = bytes.len().max(CHUNK).min(rest);
            bytes.reserve_exact(if bytes.len() < MAX_DOUBLED {
                doubled
            } else {
                rest
            });
        }
        match (&mut decoder).take(CHUNK as u64).read_buf(bytes).await {
            Ok(0) => return Ok(decoder.into_inner()),
            Ok(_) if bytes.len() > most => {
                let detail = "decompressed, a body may have 8 MiB and 100 times what is sent";
                return Err(too_large("decoded_too_large", detail));
            }
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => return Err(malformed(&error.to_string())),
        }
    }
}

fn malformed(why: &str) -> Problem {
    let detail = format!("the body is not gzip: {why}");
    Problem::new(StatusCode::BAD_REQUEST, "malformed_gzip", detail)
}

fn too_large(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, code, detail)
        .with("max_wire_bytes", MAX_WIRE)
        .with("max_decoded_bytes", MAX_DECODED)
}
