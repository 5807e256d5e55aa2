//! One route and method, described.

use serde_json::{Map, Value, json};

use super::schema::component;

/// What can go wrong wherever the database is asked.
pub(super) const OF_QUERIES: &[u16] = &[422, 429, 500, 503];

#[derive(Debug)]
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    object: Value,
}

impl Operation {
    pub(super) fn get(path: &'static str, id: &str, summary: &str) -> Self {
        Self::new(path, "get", id, summary)
    }

    pub(super) fn post(path: &'static str, id: &str, summary: &str) -> Self {
        Self::new(path, "post", id, summary)
    }

    pub(super) fn delete(path: &'static str, id: &str, summary: &str) -> Self {
        Self::new(path, "delete", id, summary)
    }

    fn new(path: &'static str, method: &'static str, id: &str, summary: &str) -> Self {
        let object = json!({"operationId": id, "summary": summary, "responses": {}});
        Self {
            path,
            method,
            object,
        }
    }

    pub(super) fn tag(mut self, tag: &str) -> Self {
        self.object["tags"] = json!([tag]);
        self
    }

    pub(super) fn says(mut self, description: &str) -> Self {
        self.object["description"] = description.into();
        self
    }

    /// Parameters by the names of their components. The server itself ends a head that is too
    /// long.
    pub(super) fn asks(mut self, names: &[&str]) -> Self {
        let responses = &mut self.object["responses"];
        responses["414"] = json!({"description": "The address is too long."});
        responses["431"] = json!({"description": "The head of the request is too long."});
        let reference = |name: &&str| json!({ "$ref": format!("#/components/parameters/{name}") });
        self.object["parameters"] = names.iter().map(reference).collect();
        self
    }

    pub(super) fn body(mut self, schema: &str, example: Value) -> Self {
        let media = json!({"schema": component(schema), "example": example});
        self.object["requestBody"] =
            json!({"required": true, "content": {"application/json": media}});
        self
    }

    /// A 200 in the envelope; where `held`, with a tag for `If-None-Match`.
    fn answers_as(mut self, data: &Value, meta: &str, held: bool) -> Self {
        let envelope = json!({
            "type": "object",
            "required": ["data", "meta"],
            "properties": {"data": data, "meta": component(meta)},
        });
        let mut headers = reference_headers(&["CacheControl", "RequestId"]);
        if held {
            headers.append(&mut reference_headers(&["ETag", "Watermark"]));
            self.object["responses"]["304"] = json!({"$ref": "#/components/responses/NotModified"});
            let asked = json!({"$ref": "#/components/parameters/If-None-Match"});
            match self.object["parameters"].as_array_mut() {
                Some(parameters) => parameters.push(asked),
                None => self.object["parameters"] = json!([asked]),
            }
        }
        self.object["responses"]["200"] = json!({
            "description": "The answer.",
            "headers": headers,
            "content": {"application/json": {"schema": envelope}},
        });
        self
    }

    pub(super) fn answers(self, data: &Value, meta: &str) -> Self {
        self.answers_as(data, meta, true)
    }

    /// An answer about this moment, which nobody may hold.
    pub(super) fn answers_now(self, data: &Value, meta: &str) -> Self {
        self.answers_as(data, meta, false)
    }

    /// `Link: <…>; rel="next"` where more follows.
    pub(super) fn pages(mut self) -> Self {
        self.object["responses"]["200"]["headers"]["Link"] =
            json!({"$ref": "#/components/headers/Link"});
        self
    }

    /// A response that isn't in the envelope.
    pub(super) fn gives(
        mut self,
        status: u16,
        description: &str,
        kind: &str,
        schema: Value,
    ) -> Self {
        let response = &mut self.object["responses"][status.to_string()];
        if response.is_null() {
            *response = json!({"description": description, "content": {}});
        }
        response["content"][kind] = json!({ "schema": schema });
        self
    }

    /// Headers of the 200 besides, by the names of their components.
    pub(super) fn tells(mut self, headers: &[&str]) -> Self {
        self.object["responses"]["200"]["headers"] = reference_headers(headers).into();
        self
    }

    /// A response without a body that could be described.
    pub(super) fn becomes(mut self, status: u16, description: &str) -> Self {
        self.object["responses"][status.to_string()] = json!({ "description": description });
        self
    }

    /// Another member of the envelope.
    pub(super) fn echoes(mut self, member: &str, schema: Value) -> Self {
        let envelope =
            &mut self.object["responses"]["200"]["content"]["application/json"]["schema"];
        envelope["properties"][member] = schema;
        if let Some(required) = envelope["required"].as_array_mut() {
            required.push(member.into());
        }
        self
    }

    /// Problems by status.
    pub(super) fn refuses(mut self, statuses: &[u16]) -> Self {
        for status in statuses {
            self.object["responses"][status.to_string()] =
                json!({ "$ref": format!("#/components/responses/Problem{status}") });
        }
        self
    }

    pub(super) fn into_object(self) -> Value {
        self.object
    }
}

fn reference_headers(names: &[&str]) -> Map<String, Value> {
    let header = |name: &&str| {
        let known = match *name {
            "CacheControl" => "Cache-Control",
            "RequestId" => "X-Request-Id",
            name => name,
        };
        let reference = json!({ "$ref": format!("#/components/headers/{name}") });
        (known.to_owned(), reference)
    };
    names.iter().map(header).collect()
}
