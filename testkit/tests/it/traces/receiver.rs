//! A collector that takes OTLP over HTTP and remembers the spans.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) service: String,
    pub(super) trace: String,
    pub(super) id: String,
    pub(super) parent: String,
    pub(super) name: String,
}

pub(super) struct Receiver {
    port: u16,
    spans: Arc<Mutex<Vec<Span>>>,
    task: JoinHandle<()>,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let spans = Arc::<Mutex<Vec<Span>>>::default();
        let known = spans.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Some(body) = receive(stream).await {
                    known.lock().unwrap().extend(spans_of(&body));
                }
            }
        });
        Self { port, spans, task }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) async fn spans(&self) -> Vec<Span> {
        self.spans.lock().unwrap().clone()
    }

    pub(super) fn go_away(&self) {
        self.task.abort();
    }
}

/// The body of one request, answered with 200.
async fn receive(mut stream: TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&request[..end]).ok()?;
        assert!(head.starts_with("POST /v1/traces "), "{head}");
        let mut lines = head.lines();
        let length = lines.find_map(|line| line.strip_prefix("Content-Length: "))?;
        let body = end + 4;
        if request.len() >= body + length.parse::<usize>().ok()? {
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.ok()?;
            return Some(request.split_off(body));
        }
    }
}

/// The fields of a protobuf message with bytes in them, by number; others are passed over.
fn fields(mut message: &[u8]) -> Vec<(u64, &[u8])> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let length = match key & 7 {
            0 => {
                varint(&mut message);
                continue;
            }
            1 => 8,
            2 => varint(&mut message) as usize,
            5 => 4,
            kind => panic!("no such wire type: {kind}"),
        };
        let (value, rest) = message.split_at(length);
        found.push((key >> 3, value));
        message = rest;
    }
    found
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first().unwrap();
        *message = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}

fn all(message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    let found = fields(message).into_iter();
    found.filter_map(move |(n, value)| (n == number).then_some(value))
}

/// `ExportTraceServiceRequest` of opentelemetry/proto/collector/trace/v1.
fn spans_of(request: &[u8]) -> Vec<Span> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let mut spans = Vec::new();
    for resource_spans in all(request, 1) {
        let attributes = all(resource_spans, 1).flat_map(|resource| all(resource, 1));
        let service = attributes
            .filter(|attribute| all(attribute, 1).any(|key| key == b"service.name"))
            .flat_map(|attribute| all(attribute, 2))
            .flat_map(|value| all(value, 1))
            .map(text)
            .next();
        for span in all(resource_spans, 2).flat_map(|scope| all(scope, 2)) {
            let first = |number| all(span, number).next().unwrap_or_default();
            spans.push(Span {
                service: service.clone().unwrap_or_default(),
                trace: hex(first(1)),
                id: hex(first(2)),
                parent: hex(first(4)),
                name: text(first(5)),
            });
        }
    }
    spans
}
