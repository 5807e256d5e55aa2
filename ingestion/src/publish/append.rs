//! One entry on the stream, with its account and the stream's epoch in the same transaction.

use common::{
    fault,
    trace::TRACEPARENT,
    wire::{FIELD_BATCH, FIELD_SOURCE, Source, StreamKeys},
};
use redis::{ErrorKind, Pipeline, RedisError, ServerErrorKind, Value, aio::ConnectionLike as _};
use uuid::Uuid;

use crate::{
    place::{Link, Place},
    source::{Outcome, Refusal},
};

/// Why no entry id came back, with the text for the log.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) outcome: Outcome,
    pub(super) error: String,
}

/// MULTI; XADD; the accounts; the epoch; EXEC.
pub(super) fn transaction(
    keys: &StreamKeys,
    source: Source,
    ndjson: &[u8],
    events: u32,
    traceparent: Option<&str>,
) -> Pipeline {
    let mut pipe = redis::pipe();
    let overhead = 64 + keys.stream.len();
    let mut append = redis::Cmd::with_capacity(7, ndjson.len() + overhead);
    append.arg("XADD").arg(&keys.stream).arg("*");
    append
        .arg(FIELD_BATCH)
        .arg(ndjson)
        .arg(FIELD_SOURCE)
        .arg(source.as_str());
    if let Some(traceparent) = traceparent {
        append.arg(TRACEPARENT).arg(traceparent);
    }
    pipe.atomic().add_command(append);
    pipe.cmd("HSETNX")
        .arg(&keys.ledger)
        .arg("epoch")
        .arg(Uuid::now_v7().to_string());
    pipe.hincr(&keys.ledger, format!("accepted:{source}"), events);
    pipe.hincr(&keys.ledger, format!("entries:{source}"), 1);
    pipe.hget(&keys.ledger, "epoch");
    pipe
}

/// # Errors
/// [`Failure`], with what is known of the outcome.
pub(super) async fn append(
    link: &mut Link,
    pipe: &Pipeline,
    payload: Option<u64>,
) -> Result<Place, Failure> {
    let commands = pipe.len();
    let replies = link.redis.req_packed_commands(pipe, commands + 1, 1).await;
    fault::point("after_append");
    match replies {
        Ok(replies) => place(link, &replies, payload),
        Err(error) => Err(Failure {
            outcome: outcome_of(&error),
            error: error.to_string(),
        }),
    }
}

/// The reply of EXEC holds one reply per command; XADD's is the first, the epoch the last.
fn place(link: &Link, replies: &[Value], payload: Option<u64>) -> Result<Place, Failure> {
    let (reply, epoch) = match replies {
        [Value::Array(replies)] => (replies.first(), replies.last().and_then(text)),
        [Value::ServerError(error)] => {
            return Err(refused(error.code(), format!("{error:?}")));
        }
        _ => (None, None),
    };
    if let Some(Value::ServerError(error)) = reply {
        return Err(refused(error.code(), format!("{error:?}")));
    }
    let entry = reply.and_then(text).and_then(|text| text.parse().ok());
    let entry = entry.ok_or_else(|| Failure {
        outcome: Outcome::Unknown,
        error: format!("unexpected reply {reply:?}"),
    })?;
    let life = epoch.and_then(|epoch| link.life(epoch));
    Ok(Place {
        entry,
        life,
        payload,
    })
}

fn text(reply: &Value) -> Option<&str> {
    match reply {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

/// An error that Redis sent means that nothing was executed: a command that is refused when
/// it is queued aborts the whole transaction. No reply means that we don't know.
fn outcome_of(error: &RedisError) -> Outcome {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::ExecAbort) => {
            let causes = error.clone().into_server_errors();
            let code = causes
                .as_ref()
                .and_then(|causes| causes.first())
                .map(|(_, e)| e.code());
            Outcome::Refused(refusal(code.unwrap_or_default()))
        }
        ErrorKind::Server(_) | ErrorKind::Extension => {
            Outcome::Refused(refusal(error.code().unwrap_or_default()))
        }
        _ => Outcome::Unknown,
    }
}

fn refused(code: &str, error: String) -> Failure {
    Failure {
        outcome: Outcome::Refused(refusal(code)),
        error,
    }
}

fn refusal(code: &str) -> Refusal {
    match code {
        "OOM" => Refusal::OutOfMemory,
        "MISCONF" => Refusal::DiskFailed,
        _ => Refusal::Unavailable,
    }
}
