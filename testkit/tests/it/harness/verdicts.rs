//! Asks `/api/v1/audit` all the time, while things go wrong.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use testkit::http;
use tokio::task::JoinHandle;

/// Runs until it is asked what it saw.
pub(crate) struct Verdicts {
    seen: Arc<Mutex<BTreeMap<String, u64>>>,
    bad: Arc<Mutex<Vec<Value>>>,
    task: JoinHandle<()>,
}

impl Verdicts {
    pub(crate) fn watch(api: u16) -> Self {
        let (seen, bad) = (Arc::default(), Arc::default());
        let task = tokio::spawn(poll(api, Arc::clone(&seen), Arc::clone(&bad)));
        Self { seen, bad, task }
    }

    /// # Panics
    /// A verdict was neither `balanced` nor `settling`, or there was hardly any.
    pub(crate) fn were_never_bad(self) {
        self.task.abort();
        let (seen, bad) = (self.seen.lock().unwrap(), self.bad.lock().unwrap());
        println!("verdicts: {seen:?}");
        assert!(bad.is_empty(), "{bad:#?}");
        let good = ["balanced", "settling"].map(|verdict| seen.get(verdict).copied());
        let good: u64 = good.into_iter().flatten().sum();
        let others = seen.values().sum::<u64>() - good;
        assert!(good >= 20 && others * 10 <= good, "{seen:?}");
    }
}

async fn poll(api: u16, seen: Arc<Mutex<BTreeMap<String, u64>>>, bad: Arc<Mutex<Vec<Value>>>) {
    let url = format!("http://127.0.0.1:{api}/api/v1/audit");
    loop {
        let (verdict, body) = match http::get(&url).await {
            Ok((200, body)) => (
                body["data"]["verdict"]
                    .as_str()
                    .unwrap_or("none")
                    .to_owned(),
                body,
            ),
            // Too slow is not wrong.
            Ok((status, body)) => (status.to_string(), body),
            Err(error) => (error.kind().to_string(), Value::Null),
        };
        if matches!(&*verdict, "lost" | "overcounted" | "none") {
            bad.lock().unwrap().push(body);
        }
        *seen.lock().unwrap().entry(verdict).or_default() += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
