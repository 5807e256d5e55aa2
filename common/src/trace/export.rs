//! OTLP over plain HTTP, from the exporter's own thread, which may block. For TLS, authentication
//! and retries over long outages there is the collector's agent on the same machine.

use std::{
    io::{Error, ErrorKind, Read, Write},
    net::{TcpStream, ToSocketAddrs as _},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

/// From the connection to the status.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Plain;

#[async_trait]
impl HttpClient for Plain {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let status = send(&request, Instant::now() + PATIENCE)?;
        Ok(Response::builder().status(status).body(Bytes::new())?)
    }
}

/// The status of the answer, of which nothing else is read.
fn send(request: &Request<Bytes>, until: Instant) -> Result<u16, Error> {
    let invalid = || Error::from(ErrorKind::InvalidInput);
    let authority = request.uri().authority().ok_or_else(invalid)?;
    let address = (authority.host(), authority.port_u16().unwrap_or(4318));
    let address = address.to_socket_addrs()?.next().ok_or_else(invalid)?;
    let stream = TcpStream::connect_timeout(&address, left(until)?)?;
    let mut stream = Bounded { stream, until };
    let body = request.body();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/x-protobuf\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        request.uri().path(),
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut start = *b"HTTP/1.1 200";
    stream.read_exact(&mut start)?;
    let status = str::from_utf8(&start[9..]).ok();
    let status = status.and_then(|status| status.parse().ok());
    status.ok_or_else(|| Error::other("no HTTP answer"))
}

/// A connection of which all waits together end in time.
struct Bounded {
    stream: TcpStream,
    until: Instant,
}

fn left(until: Instant) -> Result<Duration, Error> {
    let left = until.saturating_duration_since(Instant::now());
    match left.is_zero() {
        true => Err(ErrorKind::TimedOut.into()),
        false => Ok(left),
    }
}

impl Read for Bounded {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        self.stream.set_read_timeout(Some(left(self.until)?))?;
        self.stream.read(into)
    }
}

impl Write for Bounded {
    fn write(&mut self, from: &[u8]) -> Result<usize, Error> {
        self.stream.set_write_timeout(Some(left(self.until)?))?;
        self.stream.write(from)
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    /// Sends to a collector that answers a byte every 20 ms and never closes.
    fn sent(answer: &'static [u8], patience: Duration) -> (Result<u16, Error>, Duration) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for byte in answer {
                if stream.write_all(&[*byte]).is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(20));
            }
            thread::sleep(PATIENCE);
        });
        let request = Request::post(uri).body(Bytes::from_static(b"spans"));
        let start = Instant::now();
        let status = send(&request.unwrap(), start + patience);
        (status, start.elapsed())
    }

    #[test]
    fn only_the_status_is_waited_for() {
        let (status, took) = sent(b"HTTP/1.1 503 Later\r\n", PATIENCE);
        assert_eq!(status.unwrap(), 503);
        assert!(took < PATIENCE / 2, "{took:?}");
    }

    #[test]
    fn a_slow_answer_is_given_up_in_time() {
        let patience = Duration::from_millis(100);
        let (status, took) = sent(b"HTTP/1.1 200 OK\r\n", patience);
        assert!(status.is_err() && took >= patience, "{status:?} {took:?}");
        let (status, _) = sent(b"SSH-2.0-OpenSSH_9.9", PATIENCE);
        assert_eq!(status.unwrap_err().kind(), ErrorKind::Other);
    }
}
