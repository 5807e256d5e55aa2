//! A program that knows nothing of Tidemark except the name of the stream.

use std::{sync::Arc, time::Duration};

use redis::{
    Pipeline, RedisResult, Value,
    aio::{ConnectionLike as _, MultiplexedConnection},
};
use tokio::time::sleep;

use super::{Doors, Ledger, event, pace::Schedule, poison};
use crate::scenario::Draw;

/// Entries of one event, and one entry of many, in each pipeline.
const SINGLE: usize = 40;
const TOGETHER: usize = 60;
const PAUSE: Duration = Duration::from_millis(200);

pub(super) struct Program {
    pub(super) doors: Doors,
    pub(super) ledger: Arc<Ledger>,
    pub(super) schedule: Schedule,
    pub(super) poison: f64,
    pub(super) draw: Draw,
}

/// What is sent at once: the events of each entry.
struct Parcel {
    pipe: Pipeline,
    entries: Vec<Vec<u128>>,
    /// Sent twice, it is refused twice.
    has_poison: bool,
}

impl Program {
    pub(super) async fn run(mut self) -> anyhow::Result<()> {
        let mut connection = None;
        while self.schedule.next((SINGLE + TOGETHER) as u64).await {
            let parcel = self.parcel();
            // Half of what is left open is sent again, as entries of their own.
            while !self.send(&mut connection, &parcel).await {
                sleep(PAUSE).await;
                if parcel.has_poison || self.draw.chance(0.5) {
                    break;
                }
            }
        }
        Ok(())
    }

    fn parcel(&mut self) -> Parcel {
        let (mut pipe, mut entries) = (redis::pipe(), Vec::with_capacity(SINGLE + 1));
        let known = self.ledger.entries().poison.len();
        for _ in 0..SINGLE {
            let (id, payload) = self.event();
            append(&mut pipe, &self.doors.stream, "event", &payload);
            entries.push(vec![id]);
        }
        let (mut ids, mut lines) = (Vec::with_capacity(TOGETHER), Vec::new());
        for _ in 0..TOGETHER {
            let (id, payload) = self.event();
            ids.push(id);
            lines.extend_from_slice(&payload);
            lines.push(b'\n');
        }
        append(&mut pipe, &self.doors.stream, "batch", &lines);
        entries.push(ids);
        // Of another program's, perhaps: then it is not sent again for nothing.
        let has_poison = self.ledger.entries().poison.len() > known;
        Parcel {
            pipe,
            entries,
            has_poison,
        }
    }

    /// One more, which the ledger knows where it breaks the contract.
    fn event(&mut self) -> (u128, Vec<u8>) {
        let id = event::id(&mut self.draw);
        if self.draw.chance(self.poison) {
            let (payload, reason) = poison::make(self.draw.number(0..poison::COUNT), id);
            self.ledger.poison(&payload, reason, id.as_u128());
            return (id.as_u128(), payload);
        }
        let mut text = String::new();
        event::write(id, &mut self.draw, &mut text);
        (id.as_u128(), text.into_bytes())
    }

    /// Whether Redis took every entry.
    async fn send(&self, connection: &mut Option<MultiplexedConnection>, parcel: &Parcel) -> bool {
        let all = parcel.entries.concat();
        if connection.is_none() {
            *connection = connect(self.doors.redis_port).await.ok();
        }
        let Some(redis) = connection else {
            return false;
        };
        self.ledger.sent(&all);
        let count = parcel.entries.len();
        match redis.req_packed_commands(&parcel.pipe, 0, count).await {
            Ok(replies) if replies.len() == count => {
                // Each is to be noted, also after one that was refused.
                let entries = parcel.entries.iter().zip(replies);
                let taken = entries.filter(|(ids, reply)| self.reply(ids, reply));
                taken.count() == count
            }
            _ => {
                self.ledger.unknown(&all);
                *connection = None;
                false
            }
        }
    }

    fn reply(&self, ids: &[u128], reply: &Value) -> bool {
        match reply {
            Value::BulkString(_) | Value::SimpleString(_) => self.ledger.acknowledged(ids),
            Value::ServerError(_) => {
                self.ledger.refused(ids);
                return false;
            }
            reply => {
                self.ledger.unknown(ids);
                self.ledger
                    .surprise(format!("XADD is answered by {reply:?}"));
                return false;
            }
        }
        true
    }
}

fn append(pipe: &mut Pipeline, stream: &str, field: &str, payload: &[u8]) {
    pipe.cmd("XADD")
        .arg(stream)
        .arg("*")
        .arg(field)
        .arg(payload);
}

async fn connect(port: u16) -> RedisResult<MultiplexedConnection> {
    let settings = redis::AsyncConnectionConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(1)))
        .set_response_timeout(Some(Duration::from_secs(5)));
    redis::Client::open(format!("redis://127.0.0.1:{port}/"))?
        .get_multiplexed_async_connection_with_config(&settings)
        .await
}
