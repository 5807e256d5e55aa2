//! What one subscription was sent, and whether REST says the same.

use common::time::UnixMicros;
use serde_json::{Value, json};

use crate::{
    live_client::Held,
    rows::encoded,
    support::{Api, MINUTE},
};

pub(super) struct Subscription {
    pub(super) topic: &'static str,
    pub(super) params: Value,
    pub(super) position: Option<String>,
    held: Held,
    /// Of topics whose frames hold everything.
    whole: Value,
}

impl Subscription {
    pub(super) fn new(topic: &'static str, params: Value) -> Self {
        Self {
            topic,
            params,
            position: None,
            held: Held::default(),
            whole: Value::Null,
        }
    }

    fn width(&self) -> i64 {
        match self.params["interval"].as_str() {
            Some("5m") => 5,
            Some("15m") => 15,
            _ => 1,
        }
    }

    pub(super) fn take(&mut self, message: &Value) {
        let body = match message["type"].as_str() {
            Some("next") => &message["data"],
            Some("subscribed") if message["recovered"] == json!(true) => &Value::Null,
            Some("subscribed") => {
                self.held = Held::default();
                &message["snapshot"]
            }
            _ => panic!("{message}"),
        };
        self.position = Some(message["position"].as_str().unwrap().to_owned());
        if body.is_null() {
            assert!(message["snapshot"].is_null());
        } else if self.topic == "metrics" {
            let width = self.width();
            self.held.take_wide(body, width);
        } else {
            self.whole = body.clone();
        }
    }

    /// Why it isn't what REST says.
    pub(super) async fn differs(&self, api: &Api) -> Option<String> {
        let query = |from: &str, to: &str| {
            let mut query = format!("from={}&to={}", encoded(from), encoded(to));
            for name in ["interval", "dimension", "limit"] {
                match &self.params[name] {
                    Value::Null => {}
                    Value::String(text) => query += &format!("&{name}={text}"),
                    other => query += &format!("&{name}={other}"),
                }
            }
            if let Some(metrics) = self.params["metrics"].as_array() {
                let names: Vec<_> = metrics.iter().filter_map(Value::as_str).collect();
                query += &format!("&metrics={}", names.join(","));
            } else {
                query += "&metrics=events,users,sessions,value";
            }
            let filter = &self.params["filter"];
            if !filter.is_null() {
                query += &format!("&filter={}", encoded(&filter.to_string()));
            }
            query
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match self.topic {
            "metrics" => {
                self.metrics_differ(api, &query(&self.held.from, &self.held.to))
                    .await
            }
            "breakdown" => {
                let query = query(&text(&self.whole["from"]), &text(&self.whole["to"]));
                let rest = api
                    .body(&format!("/api/v1/metrics/breakdown?{query}"))
                    .await;
                let same = rest["data"] == self.whole["rows"]
                    && rest["meta"]["total_events"] == self.whole["total_events"];
                (!same).then(|| format!("{rest}\n{}", self.whole))
            }
            _ => {
                let minutes = self.whole["minutes"].as_array()?;
                let from = text(&minutes[0]["bucket"]);
                let to = UnixMicros::parse_rfc3339(&from).unwrap().0 + 30 * MINUTE;
                let to = UnixMicros(to).to_rfc3339();
                let range = format!(
                    "from={}&to={}&metrics=events,users",
                    encoded(&from),
                    encoded(&to)
                );
                let all = api.data(&format!("/api/v1/metrics/summary?{range}")).await;
                let rest = format!("/api/v1/metrics/timeseries?{range}&interval=1m");
                let mut rest = api.data(&rest).await;
                for row in rest.as_array_mut().unwrap() {
                    row.as_object_mut().unwrap().remove("partial");
                }
                let same = all == self.whole["last_30_minutes"] && rest == self.whole["minutes"];
                (!same).then(|| format!("{all}\n{rest}\n{}", self.whole))
            }
        }
    }

    async fn metrics_differ(&self, api: &Api, query: &str) -> Option<String> {
        let series = query.to_owned();
        let summary = query
            .split('&')
            .filter(|part| !part.starts_with("interval="));
        let summary = summary.collect::<Vec<_>>().join("&");
        let totals = api
            .data(&format!("/api/v1/metrics/summary?{summary}"))
            .await;
        if totals != self.held.totals {
            return Some(format!("{totals}\n{}", self.held.totals));
        }
        let series = if series.contains("interval=") {
            series
        } else {
            series + "&interval=1m"
        };
        let rest = api
            .data(&format!("/api/v1/metrics/timeseries?{series}"))
            .await;
        let rest = rest.as_array().unwrap();
        for row in rest {
            let mut row = row.clone();
            row.as_object_mut().unwrap().remove("partial");
            let held = self.held.minutes.get(row["bucket"].as_str().unwrap());
            if held != Some(&row) {
                return Some(format!("{row}\n{held:?}"));
            }
        }
        (rest.len() != self.held.minutes.len()).then(|| "more than REST knows".to_owned())
    }
}
