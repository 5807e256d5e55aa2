//! The `healthcheck` command of the daemons.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

const TIMEOUT: Duration = Duration::from_secs(3);
const REQUEST: &[u8] =
    b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Asks the daemon that listens on this address and `port` whether it is ready.
///
/// # Errors
/// It isn't, or doesn't answer within three seconds.
pub async fn healthcheck(address: IpAddr, port: u16) -> io::Result<()> {
    let address = SocketAddr::new(reachable(address), port);
    let answer = timeout(TIMEOUT, ask(address))
        .await
        .unwrap_or(Err(io::ErrorKind::TimedOut.into()))?;
    if answer.starts_with(b"HTTP/1.1 200 ") {
        return Ok(());
    }
    Err(io::Error::other("not ready"))
}

/// Who listens on every address is reached by loopback.
const fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        one => one,
    }
}

async fn ask(address: SocketAddr) -> io::Result<[u8; 13]> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(REQUEST).await?;
    let mut status = [0; 13];
    stream.read_exact(&mut status).await?;
    Ok(status)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn the_address_that_is_listened_on_is_asked() {
        let elsewhere: IpAddr = [127, 0, 0, 2].into();
        let listener = TcpListener::bind((elsewhere, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let daemon = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await?;
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await
        });
        healthcheck(elsewhere, port).await.unwrap();
        daemon.await.unwrap().unwrap();
        for (address, asked) in [
            ("0.0.0.0", "127.0.0.1"),
            ("::", "::1"),
            ("10.0.0.5", "10.0.0.5"),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(reachable(address).to_string(), asked);
        }
    }
}
