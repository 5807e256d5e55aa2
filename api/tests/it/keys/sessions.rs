//! A browser's way in: the cookie, and what other pages can't do with it.

use serde_json::json;

use super::{bearer, code, guarded};
use crate::support::{Api, Response};

const SESSION: &str = "/api/v1/session";
const QUERY: &str = "{\"metrics\":[\"events\"]}";

/// The `Set-Cookie` line, and its pair for `Cookie`.
fn cookie(response: &Response) -> (String, String) {
    let line = response
        .head
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "));
    let line = line
        .unwrap_or_else(|| panic!("{}", response.head))
        .to_owned();
    let pair = line.split(';').next().unwrap_or_default();
    (line.clone(), format!("Cookie: theme=dark; {pair}\r\n"))
}

async fn signed_in(api: &Api, key: &str) -> String {
    let response = api
        .ask("POST", SESSION, "", &json!({ "key": key }).to_string())
        .await;
    assert_eq!(response.status, 200, "{}", response.body);
    cookie(&response).1
}

#[tokio::test]
async fn a_session_begins_says_what_it_may_and_ends() {
    let (api, key) = guarded(&["read", "control"], None, &[]).await;
    let nobody = api.get(SESSION).await;
    assert_eq!(
        nobody.json(),
        json!({"auth": "on", "name": null, "scopes": []})
    );
    let body = json!({ "key": key.text() }).to_string();
    let begun = api.ask("POST", SESSION, "", &body).await;
    let expected = json!({"auth": "on", "name": "of a test", "scopes": ["read", "control"]});
    assert_eq!((begun.status, begun.json()), (200, expected.clone()));
    let (line, pair) = cookie(&begun);
    for part in ["httponly", "samesite=strict", "path=/"] {
        assert!(line.contains(part), "{line}");
    }
    assert!(!line.contains("secure"), "it listens on loopback: {line}");
    assert!(begun.head.contains("cache-control: no-store"));
    assert_eq!(api.ask("GET", SESSION, &pair, "").await.json(), expected);
    assert_eq!(api.get_with(SESSION, &key.text()).await.json(), expected);
    assert_eq!(
        api.ask("GET", "/api/v1/metadata", &pair, "").await.status,
        200
    );
    let ended = api.ask("DELETE", SESSION, &pair, "").await;
    assert_eq!(ended.status, 204);
    assert!(cookie(&ended).0.contains("tidemark_key=;") && cookie(&ended).0.contains("max-age=0"));
    let stale = format!("Cookie: tidemark_key={}0\r\n", key.text());
    let refused = api.ask("GET", "/api/v1/metadata", &stale, "").await;
    assert_eq!((refused.status, &*code(&refused)), (401, "key_invalid"));
    assert!(cookie(&refused).0.contains("max-age=0"), "it is taken away");
    api.stop().await;
}

#[tokio::test]
async fn what_begins_no_session_is_told_why() {
    let (api, key) = guarded(&["read"], None, &[]).await;
    let right = json!({ "key": key.text() }).to_string();
    let plain = format!(
        "POST {SESSION} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{right}",
        right.len()
    );
    assert_eq!(api.send(&plain).await.status, 415);
    let long = json!({"key": "x".repeat(2_000)}).to_string();
    assert_eq!(api.ask("POST", SESSION, "", &long).await.status, 413);
    for body in ["", "{}", "[]", &right.replace("key", "keys")] {
        let refused = api.ask("POST", SESSION, "", body).await;
        assert_eq!(
            (refused.status, &*code(&refused)),
            (422, "invalid_body"),
            "{body:.20}"
        );
        assert!(!refused.head.contains("set-cookie"));
    }
    let foreign = "Origin: https://evil.example\r\n";
    let refused = api.ask("POST", SESSION, foreign, &right).await;
    assert_eq!((refused.status, &*code(&refused)), (403, "foreign_origin"));
    api.stop().await;
}

#[tokio::test]
async fn another_page_changes_nothing_with_the_cookie() {
    let listed = [("CORS_ORIGINS", "https://listed.example")];
    let (api, key) = guarded(&["read"], None, &listed).await;
    let pair = signed_in(&api, &key.text()).await;
    let own = format!("Origin: http://{}\r\n", api.address);
    let cases = [
        ("", 403),
        ("Origin: https://evil.example\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Sec-Fetch-Site: cross-site\r\n", 403),
        (
            "Sec-Fetch-Site: same-site\r\nOrigin: http://127.0.0.1:1\r\n",
            403,
        ),
        ("Sec-Fetch-Site: same-origin\r\n", 200),
        (&own, 200),
        (
            "Origin: https://listed.example\r\nSec-Fetch-Site: cross-site\r\n",
            200,
        ),
    ];
    for (lines, status) in cases {
        let by_cookie = format!("{pair}{lines}");
        let response = api.ask("POST", "/api/v1/query", &by_cookie, QUERY).await;
        assert_eq!(response.status, status, "{lines:?}: {}", response.body);
        // A program shows its key itself: nobody else can make it do so.
        let by_key = format!("{}{lines}", bearer(&key.text()));
        let response = api.ask("POST", "/api/v1/query", &by_key, QUERY).await;
        assert_eq!(response.status, 200, "{lines:?}");
    }
    let foreign = format!("{pair}Origin: https://evil.example\r\n");
    assert_eq!(api.ask("DELETE", SESSION, &foreign, "").await.status, 403);
    let socket = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\n{foreign}Upgrade: websocket\r\nConnection: upgrade, close\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        api.address
    );
    let refused = api.send(&socket).await;
    assert_eq!((refused.status, &*code(&refused)), (403, "foreign_origin"));
    api.stop().await;
}

#[tokio::test]
async fn without_keys_everybody_may_everything_but_pages_of_others() {
    let api = Api::start().await.ready().await;
    let all = json!({"auth": "off", "name": null, "scopes": ["write", "read", "control", "admin"]});
    assert_eq!(api.get(SESSION).await.json(), all);
    // What is shown isn't looked at.
    let response = api.get_with("/api/v1/metadata", "tmk_nonsense").await;
    assert_eq!(response.status, 200);
    let foreign = "Origin: https://evil.example\r\n";
    let refused = api.ask("POST", "/api/v1/query", foreign, QUERY).await;
    assert_eq!((refused.status, &*code(&refused)), (403, "foreign_origin"));
    let own = format!("Origin: http://{}\r\n", api.address);
    for lines in ["", &own] {
        let response = api.ask("POST", "/api/v1/query", lines, QUERY).await;
        assert_eq!(response.status, 200, "{lines:?}");
    }
    api.stop().await;
}
