//! `/docs`: the document as a page without scripts.

use std::{fmt::Write as _, sync::LazyLock};

use axum::{Router, http::header, response::Html, routing::get};
use serde_json::{Map, Value};

use super::document;

const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";
const STYLE: &str = include_str!("docs.css");

static PAGE: LazyLock<String> = LazyLock::new(|| page(&document()));

pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-cache"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let style = [
        (header::CONTENT_TYPE, "text/css"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Router::new()
        .route("/docs", get(async move || (headers, Html(PAGE.as_str()))))
        .route("/docs.css", get(async move || (style, STYLE)))
}

/// Text within elements and attributes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn page(document: &Value) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Tidemark API</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"docs.css\">\
         <main><h1>Tidemark API</h1><p>{}</p><p><a href=\"openapi.json\">openapi.json</a></p>",
        escaped(text(&document["info"], "description"))
    );
    for tag in document["tags"].as_array().into_iter().flatten() {
        let (name, description) = (text(tag, "name"), text(tag, "description"));
        let _ = write!(html, "<h2>{name}</h2><p>{}</p>", escaped(description));
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if operation["tags"][0] == name {
                    html.push_str(&section(document, path, method, operation));
                }
            }
        }
    }
    html.push_str("<h2>schemas</h2>");
    for (name, schema) in document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let note = escaped(text(schema, "description"));
        let _ = write!(
            html,
            "<details id=\"{name}\"><summary><code>{name}</code></summary><p>{note}</p><pre>{}</pre></details>",
            shape(schema, 0)
        );
    }
    html + "</main></html>"
}

fn section(document: &Value, path: &str, method: &str, operation: &Value) -> String {
    let mut html = format!(
        "<details id=\"{id}\"><summary><b>{}</b> <code>{}</code> {}</summary><p>{}</p>",
        method.to_uppercase(),
        escaped(path),
        escaped(text(operation, "summary")),
        escaped(text(operation, "description")),
        id = text(operation, "operationId"),
    );
    if let Some(scope) = operation["security"][0]["key"][0].as_str() {
        let _ = write!(html, "<p>Needs a key with the scope {scope}.</p>");
    }
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let rows: String = parameters
        .map(|reference| parameter(resolved(document, reference)))
        .collect();
    if !rows.is_empty() {
        let _ = write!(
            html,
            "<table><tr><th>parameter<th>in<th>type<th>default<th>{rows}</table>"
        );
    }
    let body = &operation["requestBody"]["content"]["application/json"];
    if !body.is_null() {
        let example = serde_json::to_string_pretty(&body["example"]).unwrap_or_default();
        let _ = write!(
            html,
            "<h3>body: {}</h3><pre>{}</pre>",
            shape(&body["schema"], 0),
            escaped(&example)
        );
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let response = resolved(document, response);
        let _ = write!(
            html,
            "<h3>{status}</h3><p>{}</p>",
            escaped(text(response, "description"))
        );
        for (kind, media) in response["content"].as_object().into_iter().flatten() {
            let _ = write!(html, "<pre>{kind}: {}</pre>", shape(&media["schema"], 0));
        }
    }
    html + "</details>"
}

/// What a reference into the document stands for.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"]
        .as_str()
        .and_then(|reference| reference.strip_prefix('#'));
    pointer
        .and_then(|pointer| document.pointer(pointer))
        .unwrap_or(value)
}

fn parameter(parameter: &Value) -> String {
    let schema = match &parameter["content"]["application/json"]["schema"] {
        Value::Null => &parameter["schema"],
        schema => schema,
    };
    let required = if parameter["required"] == true {
        " (required)"
    } else {
        ""
    };
    let default = match &schema["default"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    format!(
        "<tr><td><code>{}</code>{required}<td>{}<td><code>{}</code><td><code>{}</code><td>{}",
        escaped(text(parameter, "name")),
        text(parameter, "in"),
        shape(schema, 0),
        escaped(&default),
        escaped(text(parameter, "description")),
    )
}

/// A schema in TypeScript's manner, as HTML.
fn shape(schema: &Value, depth: usize) -> String {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next())
    {
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    let joined = |schemas: &[Value], separator: &str| {
        let shapes: Vec<_> = schemas.iter().map(|schema| shape(schema, depth)).collect();
        shapes.join(separator)
    };
    for either in ["anyOf", "oneOf", "allOf"] {
        if let Some(schemas) = schema[either].as_array() {
            return joined(schemas, " | ");
        }
    }
    if let Some(names) = schema["enum"].as_array() {
        let names: Vec<_> = names
            .iter()
            .map(|name| escaped(&name.to_string()))
            .collect();
        return names.join(" | ");
    }
    if let Some(items) = schema["prefixItems"].as_array() {
        return format!("[{}]", joined(items, ", "));
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            let kinds: Vec<_> = kinds.iter().filter_map(Value::as_str).collect();
            kinds.join(" | ")
        }
        Value::String(kind) if kind == "array" => format!("{}[]", shape(&schema["items"], depth)),
        Value::String(kind) if kind == "object" => members(schema, depth),
        Value::String(kind) => limited(kind, schema),
        _ => "any".into(),
    }
}

fn limited(kind: &str, schema: &Value) -> String {
    match (&schema["minimum"], &schema["maximum"]) {
        (Value::Number(least), Value::Number(most)) => format!("{kind} {least}–{most}"),
        _ => kind.to_owned(),
    }
}

fn members(schema: &Value, depth: usize) -> String {
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let further = &schema["additionalProperties"];
    let indent = "  ".repeat(depth + 1);
    let mut lines: Vec<_> = properties
        .iter()
        .map(|(name, schema)| {
            let note = match text(schema, "description") {
                "" => String::new(),
                note => format!("  // {}", escaped(note)),
            };
            format!("{indent}{name}: {}{note}", shape(schema, depth + 1))
        })
        .collect();
    if further.is_object() {
        lines.push(format!("{indent}[name]: {}", shape(further, depth + 1)));
    }
    if lines.is_empty() {
        return "object".into();
    }
    format!("{{\n{}\n{}}}", lines.join("\n"), "  ".repeat(depth))
}
