//! Feeds the topic `pipeline` with the report that REST gives, while it has subscribers.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until, timeout_at},
};

use super::{
    channel::{Moment, News, State},
    hub::Hub,
    spec::Spec,
};
use crate::state::ApiState;

const GAP: Duration = Duration::from_millis(500);
const INTERVAL: Duration = Duration::from_secs(1);
/// Until the other feed has looked at the database for the first time.
const NO_MOMENT: Duration = Duration::from_millis(50);

pub(super) async fn run(state: ApiState, hub: Arc<Hub>, hints: Arc<[Notify; 2]>) {
    loop {
        if let Some(channel) = hub.channel(&Spec::Pipeline) {
            let Some(last) = hub.moment() else {
                sleep(NO_MOMENT).await;
                continue;
            };
            let moment = Arc::new(Moment {
                tick: hub.look(),
                position: last.position.clone(),
                text: last.text.clone(),
                watermark: last.watermark,
            });
            let report = state.reports.report().await;
            // Unwrap safety: maps have string keys and numbers are finite.
            let body = serde_json::to_string(&*report).unwrap_or_else(|_| "null".into());
            let news = if channel.lacks_state() {
                News::Nothing
            } else {
                News::Body(body.clone())
            };
            channel.publish(&moment, State::Whole(body.into()), news);
        }
        let reported = Instant::now();
        tokio::select! {
            () = somebody_waits(&hub) => {}
            () = async {
                sleep_until(reported + GAP).await;
                let _ = timeout_at(reported + INTERVAL, hints[1].notified()).await;
            } => {}
        }
    }
}

async fn somebody_waits(hub: &Hub) {
    loop {
        hub.wanted[1].notified().await;
        if hub
            .channel(&Spec::Pipeline)
            .is_some_and(|channel| channel.is_awaited())
        {
            return;
        }
    }
}
