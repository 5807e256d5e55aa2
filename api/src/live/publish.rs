//! Turns one pass over the database into frames for the channels of rollups.

use std::{collections::HashMap, sync::Arc, time::Duration};

use common::time::UnixMicros;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{
    channel::{Channel, Moment, News, State},
    fill::Found,
    held::{Held, Lens},
    rows::{Rows, timestamp},
    spec::{Metrics, Spec},
    whole,
};

/// Frames that hold the whole state come at most so often.
const WHOLE_GAP: Duration = Duration::from_millis(250);
/// Events per second fall while nothing happens.
const REALTIME_INTERVAL: Duration = Duration::from_secs(1);

/// The last frame of a channel whose frames hold the whole state.
struct Whole {
    at: Instant,
    body: Map<String, Value>,
}

#[derive(Default)]
pub(super) struct Publisher {
    wholes: HashMap<Spec, Whole>,
}

/// What was read.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) held: &'a Held,
    pub(super) found: &'a Found,
    pub(super) moment: &'a Arc<Moment>,
    pub(super) now: UnixMicros,
}

impl Publisher {
    /// Frames with the whole state are made at intervals, others with every look.
    pub(super) fn is_due(&self, channel: &Channel) -> bool {
        match &channel.spec {
            Spec::Metrics(_) => true,
            Spec::Events(_) | Spec::Pipeline => false,
            spec @ (Spec::Breakdown(_) | Spec::Realtime) => {
                let known = self.wholes.get(spec).filter(|_| !channel.lacks_state());
                channel.is_awaited() || known.is_none_or(|whole| whole.at.elapsed() >= WHOLE_GAP)
            }
        }
    }

    pub(super) fn publish(&mut self, channel: &Channel, look: Look<'_>) {
        let Look {
            held,
            found,
            moment,
            now,
        } = look;
        let end = moment.position.end;
        let body = match &channel.spec {
            Spec::Metrics(metrics) => {
                if let Some((rows, news)) = rows(channel, metrics, held, moment) {
                    channel.publish(moment, State::Rows(rows), news);
                }
                return;
            }
            Spec::Breakdown(breakdown) => {
                let top = found.tops.get(breakdown);
                top.and_then(|top| whole::breakdown(breakdown, top, held, end))
            }
            Spec::Realtime => whole::realtime(held, now, end),
            Spec::Events(_) | Spec::Pipeline => None,
        };
        if let Some(body) = body {
            self.publish_whole(channel, body, moment);
        }
    }

    /// Forgets channels that nobody listens to any more.
    pub(super) fn keep(&mut self, channels: &[Arc<Channel>]) {
        let listened = |spec: &Spec| channels.iter().any(|channel| channel.spec == *spec);
        self.wholes.retain(|spec, _| listened(spec));
    }

    fn publish_whole(&mut self, channel: &Channel, body: Map<String, Value>, moment: &Arc<Moment>) {
        let known = self.wholes.get(&channel.spec);
        let known = known.filter(|_| !channel.lacks_state());
        // The rate of `realtime` changes with the time alone.
        let waits = |known: &Whole| {
            let same = body.iter().all(|(name, value)| {
                name == "events_per_second" || known.body.get(name) == Some(value)
            });
            same && known.at.elapsed() < REALTIME_INTERVAL
        };
        let nothing_new = known.is_some_and(|known| known.body == body || waits(known));
        let mut text = Value::Object(body.clone()).to_string();
        text.pop();
        let text = format!(r#"{text},"watermark":{}}}"#, timestamp(moment.watermark));
        let news = match known {
            None => News::Nothing,
            Some(_) if nothing_new => News::Nothing,
            Some(_) => News::Body(text.clone()),
        };
        if known.is_none() || !nothing_new {
            let at = Instant::now();
            self.wholes.insert(channel.spec.clone(), Whole { at, body });
        }
        channel.publish(moment, State::Whole(text.into()), news);
    }
}

/// `None` where a part of the window isn't known yet.
fn rows(
    channel: &Channel,
    metrics: &Metrics,
    held: &Held,
    moment: &Moment,
) -> Option<(Arc<Rows>, News)> {
    let end = moment.position.end;
    let (lens, span) = Lens::of(&channel.spec)?;
    let slice = held.slices.get(&lens)?;
    if !slice.lacks(span, end, 1).is_empty() {
        return None;
    }
    let earlier = match channel.state() {
        Some(State::Rows(rows)) => Some(rows),
        _ => None,
    };
    let rows = Rows::of(metrics, slice, (moment.tick, end), earlier.as_deref());
    let changed =
        earlier.map(|earlier| (rows.changes_since(&earlier), rows.has_moved_since(&earlier)));
    let news = match changed {
        Some((changed, moved)) if moved || !changed.is_empty() => {
            News::Body(rows.body(moment.watermark, Some(&changed)))
        }
        _ => News::Nothing,
    };
    Some((Arc::new(rows), news))
}
