//! The OpenAPI document against real answers: members, types and bounds, and no member too many.

use common::time::UnixMicros;
use serde_json::Value;

use crate::support::{Api, MINUTE, Response, Sent, write};

/// A JSON Schema of the kinds that the document has.
struct Schemas<'a>(&'a Value);

impl Schemas<'_> {
    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.0.pointer(reference.trim_start_matches('#')).unwrap(),
            None => schema,
        }
    }

    /// What is wrong with `value`, and where.
    fn check(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let schema = self.resolved(schema);
        if let Some(any) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
            let wrong: Vec<_> = any
                .iter()
                .map_while(|schema| self.check(schema, value, at).err())
                .collect();
            return match wrong.len() < any.len() {
                true => Ok(()),
                false => Err(wrong.join(" and ")),
            };
        }
        let kinds = match &schema["type"] {
            Value::Array(kinds) => kinds.clone(),
            Value::Null => return Ok(()),
            kind => vec![kind.clone()],
        };
        if !kinds.iter().any(|kind| is_a(kind, value)) {
            return Err(format!("{at} is {value}, no {kinds:?}"));
        }
        if let Some(names) = schema["enum"].as_array()
            && !names.contains(value)
        {
            return Err(format!("{at} is {value}, none of {names:?}"));
        }
        let below = |bound: &str| schema[bound].as_f64().zip(value.as_f64());
        if below("minimum").is_some_and(|(least, value)| value < least)
            || below("maximum").is_some_and(|(most, value)| value > most)
        {
            return Err(format!("{at} is {value}, out of bounds"));
        }
        match value {
            Value::Array(items) => items.iter().enumerate().try_for_each(|(n, item)| {
                self.check(&schema["items"], item, &format!("{at}[{n}]"))
            }),
            Value::Object(_) => self.check_members(schema, value, at),
            _ => Ok(()),
        }
    }

    fn check_members(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        for name in schema["required"].as_array().into_iter().flatten() {
            if value.get(name.as_str().unwrap()).is_none() {
                return Err(format!("{at} has no {name}"));
            }
        }
        for (name, member) in value.as_object().unwrap() {
            let further = &schema["additionalProperties"];
            let schema = match (&schema["properties"][name], further) {
                (Value::Null, Value::Object(_)) => further,
                (Value::Null, Value::Bool(true)) => continue,
                (Value::Null, _) if schema["properties"].is_null() => continue,
                (Value::Null, _) => return Err(format!("{at} has {name}, which isn't described")),
                (schema, _) => schema,
            };
            self.check(schema, member, &format!("{at}.{name}"))?;
        }
        Ok(())
    }
}

fn is_a(kind: &Value, value: &Value) -> bool {
    match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("null") => value.is_null(),
        _ => false,
    }
}

/// Route of the document, and what is asked of it.
const QUESTIONS: &[(&str, &str)] = &[
    ("/api/v1/metrics/summary", "?from=now-2h&compare=previous"),
    (
        "/api/v1/metrics/summary",
        "?filter=user_id:u1&metrics=users,bounce_rate",
    ),
    (
        "/api/v1/metrics/timeseries",
        "?from=now-2h&interval=15m&compare=year&metrics=events,duration_p95_ms",
    ),
    (
        "/api/v1/metrics/timeseries",
        "?from=now-2h&interval=1h&fill=null&group_by=page&limit=1",
    ),
    (
        "/api/v1/metrics/breakdown",
        "?dimension=page&limit=1&compare=previous&order=users:asc",
    ),
    (
        "/api/v1/metrics/breakdown",
        "?dimension=properties.plan&search=a",
    ),
    ("/api/v1/metrics/realtime", "?tz=Asia/Kolkata"),
    ("/api/v1/events", "?limit=2&filter=page:contains:/"),
    ("/api/v1/sessions", "?limit=1"),
    ("/api/v1/sessions/{session_id}", ""),
    (
        "/api/v1/funnel",
        "?by=country&steps=[{\"filter\":[\"is\",\"event_type\",[\"click\"]]},{\"filter\":\"page:/a\"}]",
    ),
    ("/api/v1/session", ""),
    ("/api/v1/retention", "?period=day&periods=3"),
    ("/api/v1/metadata", ""),
    ("/api/v1/pipeline", ""),
    ("/api/v1/audit", "?raw=true"),
    ("/api/v1/dead-letters", ""),
    ("/health", ""),
    ("/health/live", ""),
    ("/health/ready", ""),
];

async fn with_events() -> Api {
    let mut api = Api::start().await.ready().await;
    let now = UnixMicros::now();
    let sent = |n: u32| Sent {
        session: Some(n % 3),
        page: Some(["/", "/a"][n as usize % 2]),
        country: Some("DE"),
        value_micros: Some(1_500_000),
        duration_ms: Some(n * 10),
        ..Sent::at(UnixMicros(now.0 - i64::from(n + 1) * 7 * MINUTE), n % 4)
    };
    let events: Vec<_> = (0..12).map(sent).collect();
    write(&mut api.db, &events, 1, &events).await;
    api
}

#[tokio::test]
async fn every_answer_is_as_the_document_says() {
    let api = with_events().await;
    let document = api.get("/openapi.json").await.json();
    let schemas = Schemas(&document);
    for (route, query) in QUESTIONS {
        let path = route.replace("{session_id}", "s1") + &query.replace('"', "%22");
        let response = api.get(&path).await;
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        check(&schemas, &document["paths"][route]["get"], &path, &response);
    }
    let posted = [
        (
            "/api/v1/query",
            "{\"metrics\":[\"events\",\"value\"],\"dimensions\":[\"time:1h\",\"page\"],\"compare\":\"previous\",\"include\":{\"total_rows\":true}}",
        ),
        (
            "/api/v1/funnel",
            "{\"steps\":[{\"filter\":[\"is\",\"page\",[\"/\"]]},{\"name\":\"a\",\"filter\":[\"is\",\"page\",[\"/a\"]]}]}",
        ),
    ];
    for (route, body) in posted {
        let request = format!(
            "POST {route} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let response = api.send(&request).await;
        assert_eq!(response.status, 200, "{route}: {}", response.body);
        check(
            &schemas,
            &document["paths"][route]["post"],
            route,
            &response,
        );
    }
    let wrong = api.get("/api/v1/metrics/summary?frm=now").await;
    let problem = &document["components"]["schemas"]["Problem"];
    schemas.check(problem, &wrong.json(), "problem").unwrap();
    api.stop().await;
}

fn check(schemas: &Schemas<'_>, operation: &Value, path: &str, response: &Response) {
    let described = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    assert!(!described.is_null(), "{path} is described");
    let outcome = schemas.check(described, &response.json(), "answer");
    outcome.unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
}

#[tokio::test]
async fn the_document_and_its_page_need_nothing_else() {
    let api = Api::start().await;
    let page = api.get("/docs").await;
    assert_eq!(page.status, 200);
    assert!(
        page.head
            .contains("content-security-policy: default-src 'none'; style-src 'self'")
    );
    for outside in ["http://", "https://", "<script", " src="] {
        assert!(!page.body.contains(outside), "{outside}");
    }
    assert_eq!(api.get("/docs.css").await.status, 200);
    let document = api.get("/openapi.json").await.json();
    let paths = document["paths"].as_object().unwrap();
    for (path, item) in paths {
        let name = item["get"]["operationId"].as_str().unwrap_or_default();
        assert!(
            name.is_empty() || page.body.contains(&format!("id=\"{name}\"")),
            "{path}"
        );
        let response = api.get(path).await;
        let known = response.status != 404 || path.contains('{');
        assert!(known, "{path} is there: {}", response.status);
    }
    api.stop().await;
}
