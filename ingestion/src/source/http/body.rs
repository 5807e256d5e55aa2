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

use crate::observe;

/// Bytes of one body as it is sent.
pub(super) const MAX_WIRE: usize = 1024 * 1024;
/// Bytes of one body after decompression.
pub(super) const MAX_DECODED: usize = 8 * 1024 * 1024;
/// How many times larger a body may become.
const MAX_RATIO: usize = 100;
/// Below this size the ratio doesn't matter.
const SMALL: usize = 64 * 1024;
/// From the head of the request to the end of its body.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of all bodies that are being received or wait to be judged.
const IN_ALL: usize = 64 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;

#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<Semaphore>);

impl Default for Budget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(IN_ALL)))
    }
}

/// A body and its share of the budget.
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    pub(super) is_ndjson: bool,
    _share: Option<OwnedSemaphorePermit>,
}

/// # Errors
/// 408, 413, 415, 400 for what isn't gzip, 503 where all bodies together are too large.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    budget: &Budget,
) -> Result<Received, Problem> {
    let gzip = is_gzip(headers)?;
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
            observe::turned_away("timeout");
            let detail = "the body did not arrive within 30 seconds";
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail));
        }
    };
    let bytes = if gzip { gunzip(&wire).await? } else { wire };
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    let is_ndjson = kind.is_some_and(|kind| kind.contains("ndjson") || kind.contains("jsonl"));
    Ok(Received {
        bytes,
        is_ndjson,
        _share: share,
    })
}

fn is_gzip(headers: &HeaderMap) -> Result<bool, Problem> {
    let Some(encoding) = headers.get(header::CONTENT_ENCODING) else {
        return Ok(false);
    };
    match encoding.to_str().map(str::trim) {
        Ok("gzip" | "x-gzip") => Ok(true),
        Ok("identity" | "") => Ok(false),
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_encoding",
            "content-encoding must be gzip or absent",
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

async fn gunzip(wire: &[u8]) -> Result<Vec<u8>, Problem> {
    let most = MAX_DECODED.min((wire.len() * MAX_RATIO).max(SMALL));
    let mut decoder = GzipDecoder::new(wire);
    decoder.multiple_members(true);
    let mut bytes = Vec::new();
    loop {
        bytes.reserve(CHUNK);
        match decoder.read_buf(&mut bytes).await {
            Ok(0) => return Ok(bytes),
            Ok(_) if bytes.len() > most => {
                let detail = "decompressed, a body may have 8 MiB and 100 times what is sent";
                return Err(too_large("decoded_too_large", detail));
            }
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => {
                let detail = format!("the body is not gzip: {error}");
                return Err(Problem::new(
                    StatusCode::BAD_REQUEST,
                    "malformed_gzip",
                    detail,
                ));
            }
        }
    }
}

fn too_large(code: &'static str, detail: &str) -> Problem {
    observe::turned_away(code);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, code, detail)
        .with("max_wire_bytes", MAX_WIRE)
        .with("max_decoded_bytes", MAX_DECODED)
}
