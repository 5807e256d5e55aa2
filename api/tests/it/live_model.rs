//! Whatever is subscribed to, committed and interrupted: what a client holds in the end is what
//! REST answers.

use std::{sync::Arc, time::Duration};

use common::time::UnixMicros;
use futures_util::StreamExt as _;
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::{Value, json};
use testkit::Services;
use tokio::time::{Instant, timeout};
use tokio_postgres::Client as Db;
use tokio_tungstenite::tungstenite::Message;

use self::subscription::Subscription;
use crate::{
    live_client::{Socket, connect, say},
    support::{Api, MINUTE, Sent, write},
};

mod subscription;

const PAGES: [&str; 4] = ["/", "/a", "/a/b", "/c"];
const COUNTRIES: [&str; 3] = ["DE", "NP", "US"];
const STEPS: usize = 60;

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<(i64, u32, usize, i64)>),
    Leave(usize),
    Return(usize, usize),
    Subscribe(usize, usize),
    Restart(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let event = (0..50_i64, 0..40_u32, 0..12_usize, 0..90_i64);
    prop_oneof![
        6 => prop::collection::vec(event, 1..12).prop_map(Step::Commit),
        2 => (0..3_usize).prop_map(Step::Leave),
        4 => (0..3_usize, 0..2_usize).prop_map(|(client, node)| Step::Return(client, node)),
        3 => (0..3_usize, 0..8_usize).prop_map(|(client, what)| Step::Subscribe(client, what)),
        1 => (0..2_usize).prop_map(Step::Restart),
    ]
}

/// Topic and parameters.
fn subscriptions() -> [(&'static str, Value); 8] {
    [
        (
            "metrics",
            json!({"minutes": 30, "metrics": ["events", "users", "sessions", "value", "bounce_rate"]}),
        ),
        (
            "metrics",
            json!({"minutes": 47, "interval": "5m", "metrics": ["users", "duration_p95_ms", "bounce_rate"]}),
        ),
        (
            "metrics",
            json!({"minutes": 40, "interval": "15m", "filter": ["contains", "page", ["/a"]]}),
        ),
        (
            "metrics",
            json!({"minutes": 5, "filter": ["not", ["is", "country", ["DE", "US"]]], "metrics": ["events", "events_per_session", "duration_avg_ms"]}),
        ),
        (
            "metrics",
            json!({"minutes": 60, "filter": ["is", "page", ["/c", "/"]]}),
        ),
        (
            "breakdown",
            json!({"dimension": "page", "minutes": 45, "limit": 3}),
        ),
        (
            "breakdown",
            json!({"dimension": "country", "minutes": 10, "metrics": ["events", "value"]}),
        ),
        ("realtime", json!({})),
    ]
}

#[derive(Default)]
struct Client {
    node: usize,
    socket: Option<Socket>,
    subscriptions: Vec<Subscription>,
}

impl Client {
    async fn ask(&mut self, number: usize) {
        let Some(socket) = &mut self.socket else {
            return;
        };
        let Subscription {
            topic,
            params,
            position,
            ..
        } = &self.subscriptions[number];
        let mut message = json!({"type": "subscribe", "id": number.to_string(), "topic": topic, "params": params});
        if let Some(position) = position {
            message["position"] = position.as_str().into();
        }
        say(socket, message).await;
    }

    /// Takes what comes until nothing does for `quiet`; counts what was recovered.
    async fn listen(&mut self, quiet: Duration, recovered: &mut [u32; 2]) {
        while let Some(socket) = &mut self.socket {
            let Ok(message) = timeout(quiet, socket.next()).await else {
                return;
            };
            let Some(Ok(message)) = message else {
                self.socket = None;
                return;
            };
            let Message::Text(text) = message else {
                continue;
            };
            let message: Value = serde_json::from_str(&text).unwrap();
            if message["type"] == "heartbeat" {
                continue;
            }
            if let Some(outcome) = message["recovered"].as_bool() {
                recovered[usize::from(outcome)] += 1;
            }
            let number: usize = message["id"].as_str().unwrap().parse().unwrap();
            self.subscriptions[number].take(&message);
        }
    }
}

struct World {
    services: Arc<Services>,
    db: Db,
    nodes: Vec<Option<Api>>,
    clients: Vec<Client>,
    events: Vec<Sent>,
    seq: i64,
    recovered: [u32; 2],
}

impl World {
    async fn start() -> Self {
        let services = Arc::new(Services::start().await);
        let mut nodes = Vec::new();
        for _ in 0..2 {
            nodes.push(Some(Api::with(services.clone(), &[]).await.ready().await));
        }
        Self {
            db: services.db().await,
            services,
            nodes,
            clients: (0..3).map(|_| Client::default()).collect(),
            events: Vec::new(),
            seq: 0,
            recovered: [0, 0],
        }
    }

    fn node(&self, number: usize) -> &Api {
        self.nodes[number].as_ref().unwrap()
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Commit(events) => self.commit(&events).await,
            Step::Leave(client) => self.clients[client].socket = None,
            Step::Return(client, node) => self.come_back(client, node).await,
            Step::Subscribe(client, what) => {
                let (topic, params) = subscriptions()[what].clone();
                let client = &mut self.clients[client];
                client.subscriptions.push(Subscription::new(topic, params));
                if client.subscriptions.len() > 5 {
                    client.subscriptions.pop();
                } else {
                    client.ask(client.subscriptions.len() - 1).await;
                }
            }
            Step::Restart(node) => {
                let api = self.nodes[node].take().unwrap();
                for client in &mut self.clients {
                    if client.node == node {
                        client
                            .listen(Duration::from_millis(1), &mut self.recovered)
                            .await;
                        client.socket = None;
                    }
                }
                api.stop().await;
                let api = Api::with(self.services.clone(), &[]).await;
                self.nodes[node] = Some(api.ready().await);
            }
        }
        for client in &mut self.clients {
            client
                .listen(Duration::from_millis(5), &mut self.recovered)
                .await;
        }
    }

    async fn commit(&mut self, drawn: &[(i64, u32, usize, i64)]) {
        let now = UnixMicros::now().0;
        let event = |(minutes, user, place, ms): &(i64, u32, usize, i64)| Sent {
            session: (user % 5 > 0).then_some(user / 2),
            page: Some(PAGES[place % 4]),
            country: Some(COUNTRIES[place % 3]),
            value_micros: Some(ms * 10_000),
            duration_ms: u32::try_from(*ms).ok(),
            ..Sent::at(UnixMicros(now - minutes * MINUTE - ms), *user)
        };
        let new: Vec<_> = drawn.iter().map(event).collect();
        self.events.extend(new.iter().cloned());
        self.seq += 1;
        write(&mut self.db, &new, self.seq, &self.events).await;
    }

    async fn come_back(&mut self, client: usize, node: usize) {
        let socket = connect(self.node(node)).await;
        let client = &mut self.clients[client];
        (client.node, client.socket) = (node, Some(socket));
        for number in 0..client.subscriptions.len() {
            client.ask(number).await;
        }
    }

    /// Everybody comes back, listens, and holds what REST says.
    async fn settle(&mut self) {
        for client in 0..self.clients.len() {
            if self.clients[client].socket.is_none() {
                self.come_back(client, client % 2).await;
            }
        }
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let mut wrong = None;
            for client in &mut self.clients {
                client
                    .listen(Duration::from_millis(200), &mut self.recovered)
                    .await;
                let api = self.nodes[client.node].as_ref().unwrap();
                for subscription in &client.subscriptions {
                    let differs = if subscription.position.is_none() {
                        Some("nothing came".to_owned())
                    } else {
                        subscription.differs(api).await
                    };
                    let what = (subscription.topic, subscription.params.to_string());
                    wrong = wrong.or(differs.map(|why| (what, why)));
                }
            }
            let Some((what, why)) = wrong else { return };
            assert!(
                Instant::now() < deadline,
                "{what:?}: REST and the client say\n{why}"
            );
        }
    }
}

#[tokio::test]
async fn clients_hold_what_rest_answers_whatever_happens() {
    let mut runner = TestRunner::deterministic();
    let mut world = World::start().await;
    let first = [(0, 0), (1, 5), (2, 2), (0, 3), (1, 1), (2, 7)];
    for (client, what) in first {
        world.come_back(client, client % 2).await;
        world.take(Step::Subscribe(client, what)).await;
    }
    for number in 1..=STEPS {
        let step = step().new_tree(&mut runner).unwrap().current();
        world.take(step).await;
        if number % 20 == 0 {
            world.settle().await;
        }
    }
    // Most who came back were told what they had missed.
    let [anew, recovered] = world.recovered;
    assert!(recovered > anew, "{recovered} of {}", recovered + anew);
    for api in world.nodes.into_iter().flatten() {
        api.stop().await;
    }
}
