//! One connection through a proxy.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    time::sleep,
};

use super::{
    moment::{Answers, Questions},
    toxic::{Moment, Toxic, Weather},
};

const PIECE: usize = 64 * 1024;

pub(super) struct Connection {
    client: TcpStream,
    server: TcpStream,
    sky: Sky,
}

impl Connection {
    pub(super) fn new(
        client: TcpStream,
        server: TcpStream,
        weather: Arc<watch::Sender<Weather>>,
        follows: bool,
    ) -> Self {
        let born = *weather.borrow();
        let sky = Sky {
            born,
            seen: weather.subscribe(),
            weather,
            in_copy: Arc::default(),
            follows,
        };
        Self {
            client,
            server,
            sky,
        }
    }
}

/// The weather as one connection sees it.
#[derive(Clone)]
struct Sky {
    weather: Arc<watch::Sender<Weather>>,
    seen: watch::Receiver<Weather>,
    born: Weather,
    /// Whether the server has asked for rows, and none has come since.
    in_copy: Arc<AtomicBool>,
    /// Whether the service is PostgreSQL, whose protocol is followed.
    follows: bool,
}

/// Why a connection doesn't go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// One side has closed.
    Closed,
    Reset,
    HalfOpen,
}

impl Sky {
    fn toxic(&self) -> Toxic {
        self.weather.borrow().toxic
    }

    fn end(&self) -> Option<End> {
        let now = *self.weather.borrow();
        if now.ended || now.resets > self.born.resets {
            return Some(End::Reset);
        }
        (now.halves > self.born.halves).then_some(End::HalfOpen)
    }

    /// Returns when this connection has to end.
    async fn ended(&mut self) -> End {
        loop {
            if let Some(end) = self.end() {
                return end;
            }
            if self.seen.changed().await.is_err() {
                return End::Reset;
            }
        }
    }

    async fn reset(&mut self) {
        while self.end() != Some(End::Reset) {
            if self.seen.changed().await.is_err() {
                return;
            }
        }
    }

    fn begin(&self, toxic: Toxic) {
        self.weather.send_modify(|weather| weather.begin(toxic));
    }

    fn moment(&self) -> Option<Moment> {
        match self.toxic() {
            Toxic::BlackHoleAt(moment) | Toxic::ResetAt(moment) if self.follows => Some(moment),
            _ => None,
        }
    }

    /// Waits while nothing passes.
    async fn open(&mut self) {
        while self.toxic() == Toxic::BlackHole {
            if self.seen.changed().await.is_err() {
                return;
            }
        }
    }

    /// How long a piece takes.
    fn delay(&self, bytes: usize, is_answer: bool) -> Duration {
        match self.toxic() {
            Toxic::Slow(latency, rate) => {
                latency + Duration::from_secs_f64(bytes as f64 / rate as f64)
            }
            Toxic::LateReplies(late) if is_answer => late,
            _ => Duration::ZERO,
        }
    }
}

/// Passes bytes both ways until one side closes or the weather ends it.
pub(super) async fn pass(connection: Connection) {
    let Connection {
        mut client,
        mut server,
        sky,
    } = connection;
    let mut ending = sky.clone();
    let end = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::select! {
            end = questions(from_client, to_server, sky.clone()) => end,
            end = answers(from_server, to_client, sky) => end,
            end = ending.ended() => end,
        }
    };
    match end {
        End::Closed => {}
        End::Reset => {
            let _ = (client.set_zero_linger(), server.set_zero_linger());
        }
        End::HalfOpen => {
            let _ = server.set_zero_linger();
            drop(server);
            // What is sent is taken and never answered.
            let mut sink = tokio::io::sink();
            tokio::select! {
                _ = tokio::io::copy(&mut client, &mut sink) => {}
                () = ending.reset() => {}
            }
        }
    }
}

/// From the daemon to the service.
async fn questions(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, mut sky: Sky) -> End {
    let (mut buffer, mut sent) = (vec![0; PIECE], Questions::default());
    loop {
        sky.open().await;
        let Ok(read @ 1..) = from.read(&mut buffer).await else {
            return End::Closed;
        };
        let piece = &buffer[..read];
        sleep(sky.delay(read, false)).await;
        sky.open().await;
        let in_copy = sky.in_copy.swap(false, Ordering::Relaxed);
        if in_copy {
            sent.rows_are_asked_for();
        }
        let moment = sky.moment().and_then(|moment| sent.until(moment, piece));
        let passing = &piece[..moment.unwrap_or(read)];
        if to.write_all(passing).await.is_err() {
            return End::Closed;
        }
        if moment.is_some() {
            match sky.toxic() {
                Toxic::BlackHoleAt(_) => sky.begin(Toxic::BlackHole),
                _ => return End::Reset,
            }
            sky.open().await;
            if to.write_all(&piece[passing.len()..]).await.is_err() {
                return End::Closed;
            }
        }
    }
}

/// From the service to the daemon.
async fn answers(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, mut sky: Sky) -> End {
    let (mut buffer, mut seen) = (vec![0; PIECE], Answers::default());
    let mut passed = 0;
    loop {
        sky.open().await;
        let Ok(read @ 1..) = from.read(&mut buffer).await else {
            return End::Closed;
        };
        if sky.follows && seen.ask_for_rows(&buffer[..read]) {
            sky.in_copy.store(true, Ordering::Relaxed);
        }
        sleep(sky.delay(read, true)).await;
        sky.open().await;
        passed += read as u64;
        if let Toxic::CutAfter(bytes) = sky.toxic()
            && passed > bytes
        {
            let _ = to.write_all(&buffer[..read / 2]).await;
            return End::Reset;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return End::Closed;
        }
    }
}
