//! A proxy between one daemon and one service: forwards bytes, and injects faults on command.

mod moment;
mod pump;
mod toxic;

use std::sync::Arc;

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

pub(crate) use toxic::{Moment, Toxic};

use pump::{Connection, pass};
use toxic::Weather;

/// A port that leads to a service; closed when dropped.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    weather: Arc<watch::Sender<Weather>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Leads to `upstream` on loopback, where nothing has to listen yet. Moments are known
    /// where the service is PostgreSQL.
    pub(crate) async fn open(upstream: u16, is_postgres: bool) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let weather = Arc::new(watch::Sender::new(Weather::default()));
        let accepting = tokio::spawn(accept(listener, upstream, is_postgres, weather.clone()));
        Ok(Self {
            port,
            weather,
            accepting,
        })
    }

    pub(crate) fn set(&self, toxic: Toxic) {
        self.weather.send_modify(|weather| weather.begin(toxic));
    }

    pub(crate) fn clear(&self) {
        self.weather.send_modify(Weather::clear);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.weather.send_modify(Weather::end);
    }
}

async fn accept(
    listener: TcpListener,
    upstream: u16,
    is_postgres: bool,
    weather: Arc<watch::Sender<Weather>>,
) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            return;
        };
        let weather = weather.clone();
        tokio::spawn(async move {
            // Nobody listens there, or the toxic is that nobody does.
            let refuses = weather.borrow().toxic == Toxic::Refuse;
            let server = match refuses {
                true => None,
                false => TcpStream::connect(("127.0.0.1", upstream)).await.ok(),
            };
            let Some(server) = server else {
                let _ = client.set_zero_linger();
                return;
            };
            let set = [&client, &server].map(|socket| socket.set_nodelay(true));
            if set.iter().all(Result::is_ok) {
                pass(Connection::new(client, server, weather, is_postgres)).await;
            }
        });
    }
}
