//! The `healthcheck` command of the daemons.

use std::{io, net::Ipv4Addr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

const TIMEOUT: Duration = Duration::from_secs(3);
const REQUEST: &[u8] =
    b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Asks the daemon that listens on `port` of this machine whether it is ready.
///
/// # Errors
/// It isn't, or doesn't answer within three seconds.
pub async fn healthcheck(port: u16) -> io::Result<()> {
    let answer = timeout(TIMEOUT, ask(port))
        .await
        .unwrap_or(Err(io::ErrorKind::TimedOut.into()))?;
    if answer.starts_with(b"HTTP/1.1 200 ") {
        return Ok(());
    }
    Err(io::Error::other("not ready"))
}

async fn ask(port: u16) -> io::Result<[u8; 13]> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(REQUEST).await?;
    let mut status = [0; 13];
    stream.read_exact(&mut status).await?;
    Ok(status)
}
