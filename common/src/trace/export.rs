//! OTLP over plain HTTP, from the exporter's own thread, which may block. For TLS, authentication
//! and retries over long outages there is the collector's agent on the same machine.

use std::{
    io::{Error, ErrorKind, Read as _, Write as _},
    net::{TcpStream, ToSocketAddrs as _},
    time::Duration,
};

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

/// To be connected, and for each piece that is sent or received.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of an answer, of which nothing is needed.
const MOST_ANSWER: u64 = 64 * 1024;

#[derive(Debug)]
pub(super) struct Plain;

#[async_trait]
impl HttpClient for Plain {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = send(&request)?;
        let status = answer.get(9..12).and_then(|code| code.parse::<u16>().ok());
        let status = status.ok_or_else(|| Error::other("no HTTP answer"))?;
        Ok(Response::builder().status(status).body(Bytes::new())?)
    }
}

fn send(request: &Request<Bytes>) -> Result<String, Error> {
    let invalid = || Error::from(ErrorKind::InvalidInput);
    let authority = request.uri().authority().ok_or_else(invalid)?;
    let address = (authority.host(), authority.port_u16().unwrap_or(4318));
    let address = address.to_socket_addrs()?.next().ok_or_else(invalid)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let body = request.body();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/x-protobuf\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        request.uri().path(),
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.take(MOST_ANSWER).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
