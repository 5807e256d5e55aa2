//! The limits of a socket and of a node, and the answers beyond them.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::{MaybeTlsStream, client_async};

use crate::{
    live_client::{Socket, connect, hear, say},
    rows::encoded,
    support::Api,
};

async fn stream_from(client: &str, api: &Api) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(client.parse().unwrap()).unwrap();
    socket.connect(api.address).await.unwrap()
}

async fn connect_from(client: &str, api: &Api) -> Socket {
    let stream = stream_from(client, api).await;
    let url = format!("ws://{}/ws", api.address);
    let stream = MaybeTlsStream::Plain(stream);
    client_async(url, stream).await.unwrap().0
}

/// The answer that isn't an update of an earlier subscription.
async fn subscribe(socket: &mut Socket, id: &str, topic: &str, params: Value) -> Value {
    say(
        socket,
        json!({"type": "subscribe", "id": id, "topic": topic, "params": params}),
    )
    .await;
    loop {
        let heard = hear(socket).await;
        if heard["type"] != "next" {
            return heard;
        }
    }
}

#[tokio::test]
async fn a_socket_has_sixteen_subscriptions_of_different_ids() {
    let api = Api::start().await.ready().await;
    let mut socket = connect(&api).await;
    for id in 0..16 {
        let answer = subscribe(
            &mut socket,
            &id.to_string(),
            "metrics",
            json!({"minutes": 5}),
        )
        .await;
        assert_eq!(answer["type"], "subscribed");
    }
    let more = subscribe(&mut socket, "more", "metrics", json!({})).await;
    assert_eq!(
        (&more["id"], &more["code"]),
        (&json!("more"), &json!("too_many_subscriptions"))
    );
    let twice = subscribe(&mut socket, "3", "metrics", json!({})).await;
    assert_eq!(
        (&twice["id"], &twice["code"]),
        (&json!("3"), &json!("id_in_use"))
    );
    say(&mut socket, json!({"type": "unsubscribe", "id": "3"})).await;
    assert_eq!(
        hear(&mut socket).await,
        json!({"type": "complete", "id": "3"})
    );
    say(&mut socket, json!({"type": "unsubscribe", "id": "3"})).await;
    assert_eq!(hear(&mut socket).await["code"], "unknown_id");
    assert_eq!(
        subscribe(&mut socket, "3", "realtime", json!({})).await["type"],
        "subscribed"
    );
    api.stop().await;
}

/// What a client that wants server-sent events is answered, where these can't begin.
async fn refused_stream(client: &str, api: &Api, params: &Value) -> String {
    let mut stream = stream_from(client, api).await;
    let params = encoded(&params.to_string());
    let request = format!(
        "GET /api/v1/live?topic=breakdown&params={params} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_stream_for_which_there_is_no_room_is_told_when_to_ask_again() {
    let api = Api::start().await.ready().await;
    let mut socket = connect(&api).await;
    let most = json!({"dimension": "page", "minutes": 60, "limit": 100});
    subscribe(&mut socket, "a", "breakdown", most).await;
    let other = json!({"dimension": "country", "minutes": 60, "limit": 100});
    for (client, status, code) in [
        ("127.0.0.1:0", "429", "caller_full"),
        ("127.0.0.2:0", "503", "node_full"),
    ] {
        let answer = refused_stream(client, &api, &other).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        assert!(answer.contains(code), "{answer}");
        assert!(answer.contains("retry-after: 5\r\n"), "{answer}");
    }
    api.stop().await;
}

#[tokio::test]
async fn a_node_holds_so_many_cells_and_has_room_again_when_somebody_leaves() {
    let api = Api::start().await.ready().await;
    let mut socket = connect(&api).await;
    let most = json!({"dimension": "page", "minutes": 60, "limit": 100});
    assert_eq!(
        subscribe(&mut socket, "a", "breakdown", most.clone()).await["type"],
        "subscribed"
    );
    let other = json!({"dimension": "country", "minutes": 60, "limit": 100});
    let full = subscribe(&mut socket, "b", "breakdown", other.clone()).await;
    assert_eq!(
        (&full["type"], &full["code"]),
        (&json!("error"), &json!("caller_full")),
        "{full}"
    );
    let mut elsewhere = connect_from("127.0.0.2:0", &api).await;
    let full = subscribe(&mut elsewhere, "b", "breakdown", other.clone()).await;
    assert_eq!(full["code"], "node_full", "{full}");
    let small = json!({"dimension": "country", "minutes": 20, "limit": 100});
    assert_eq!(
        subscribe(&mut elsewhere, "c", "breakdown", small).await["type"],
        "subscribed",
        "there is room for others"
    );
    drop(elsewhere);
    // The same again costs nothing.
    let mut second = connect(&api).await;
    assert_eq!(
        subscribe(&mut second, "a", "breakdown", most).await["type"],
        "subscribed"
    );
    for (socket, id) in [(&mut socket, "a"), (&mut second, "a")] {
        say(socket, json!({"type": "unsubscribe", "id": id})).await;
        while hear(socket).await["type"] != "complete" {}
    }
    assert_eq!(
        subscribe(&mut socket, "b", "breakdown", other).await["type"],
        "subscribed"
    );
    api.stop().await;
}
