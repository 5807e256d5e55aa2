//! Who is let in with `AUTH=on`.

mod command;
mod limits;
mod revoked;
mod routes;
mod sessions;

use common::auth::Key;
use testkit::Services;
use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest as _};

use crate::{
    live_client::Socket,
    support::{Api, Response},
};

/// A ready api that asks for keys, and one with these scopes.
async fn guarded(scopes: &[&str], rate: Option<i32>, changes: &[(&str, &str)]) -> (Api, Key) {
    let services = Services::start().await;
    let key = services.key(scopes, rate).await;
    let changes = [&[("AUTH", "on")], changes].concat();
    (Api::with(services, &changes).await.ready().await, key)
}

impl Api {
    /// With further lines of the head, each ended, and a JSON body.
    async fn ask(&self, method: &str, path: &str, lines: &str, body: &str) -> Response {
        let length = body.len();
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n{lines}\r\n{body}",
            self.address
        ))
        .await
    }

    async fn get_with(&self, path: &str, key: &str) -> Response {
        self.ask("GET", path, &bearer(key), "").await
    }
}

fn bearer(key: &str) -> String {
    format!("Authorization: Bearer {key}\r\n")
}

async fn connect_with(api: &Api, key: &str) -> Socket {
    let mut request = format!("ws://{}/ws", api.address)
        .into_client_request()
        .unwrap();
    let value = format!("Bearer {key}").parse().unwrap();
    request.headers_mut().insert("authorization", value);
    connect_async(request).await.unwrap().0
}

fn code(response: &Response) -> String {
    response.json()["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}
