//! Event `i`, given its seed and the moment it is emitted.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use common::{
    event::{Event, Limits},
    time::UnixMicros,
    wire::encode_event,
};
use rand_distr::{Distribution as _, LogNormal};
use uuid::Uuid;

use super::{
    catalogue::{Catalogue, Choice},
    history::History,
    kind::{Kind, Kinds, RECENT},
    malformed::Malformation,
    rng::{Draws, hash},
    session::{Current, Place, Session, Visits},
    settings::Population,
};

const EVENT: u64 = 0x6576_656e;
const EVENT_ID: u64 = 0x6964;

/// A run: starts at event 0, and again when the seed changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub seed: u64,
    /// Makes the ids of this run differ from those of another with the same seed.
    pub started: UnixMicros,
}

/// Makes the events of one run while its population stays the same.
#[derive(Debug)]
pub struct Content {
    run: Run,
    kinds: Kinds,
    visits: Visits,
    catalogue: Arc<Catalogue>,
    types: Choice<&'static str>,
    history: Option<History>,
    durations: LogNormal<f64>,
    prices: LogNormal<f64>,
    offsets: Offsets,
}

/// What is reused from event to event.
#[derive(Debug)]
pub struct Scratch {
    current: Current,
    properties: String,
    /// When each of the last events was emitted, by its index modulo [`RECENT`].
    emitted: Vec<UnixMicros>,
}

impl Content {
    /// `from` is the first event made with this population.
    #[must_use]
    pub fn new(run: Run, population: &Population, from: u64, limits: &Limits) -> Self {
        let seconds = population.history_seconds;
        let history = seconds.zip(population.limit).map(|(seconds, limit)| {
            let seconds = seconds.min(limits.max_age.as_secs() / 100 * 98);
            History::new(run.seed, seconds, limit, run.started)
        });
        let log_normal = |median: f64, sigma| {
            LogNormal::new(median.ln(), sigma).expect("the spread is positive and finite")
        };
        Self {
            run,
            kinds: Kinds::new(run.seed, from, &population.faults),
            visits: Visits::new(run.seed, population.users),
            catalogue: Arc::new(Catalogue::new(run.seed)),
            types: Choice::new(population.mix.weights()),
            offsets: Offsets::new(limits, history.is_some()),
            history,
            durations: log_normal(2_500.0, 1.1),
            prices: log_normal(4_500.0, 0.8),
        }
    }

    #[must_use]
    pub fn scratch(&self) -> Scratch {
        Scratch {
            current: Current::new(&self.visits),
            properties: String::with_capacity(128),
            emitted: vec![self.run.started; RECENT as usize],
        }
    }

    #[must_use]
    pub fn kind(&self, i: u64) -> Kind {
        self.kinds.of(i)
    }

    /// Appends event `i`, emitted at `now`, as a line with its line feed. Events are written
    /// in ascending order, none left out, so that a duplicate finds when the other was emitted;
    /// the last one may be written again.
    pub fn write(&self, i: u64, now: UnixMicros, scratch: &mut Scratch, out: &mut Vec<u8>) -> Kind {
        scratch.emitted[(i % RECENT) as usize] = now;
        let kind = self.kind(i);
        match kind {
            Kind::Duplicate { of } => {
                let then = scratch.emitted[(of % RECENT) as usize];
                encode_event(&self.event(of, Kind::Normal, then, scratch), out);
            }
            Kind::Malformed(how) => how.encode(&self.event(i, kind, now, scratch), out),
            _ => encode_event(&self.event(i, kind, now, scratch), out),
        }
        out.push(b'\n');
        kind
    }

    /// Event `i` as one of `kind`; a malformed one is whole but for its time.
    pub fn event<'a>(
        &'a self,
        i: u64,
        kind: Kind,
        now: UnixMicros,
        scratch: &'a mut Scratch,
    ) -> Event<'a> {
        let mut draws = Draws::at(self.run.seed ^ EVENT, i);
        let place = self.visits.place(i);
        let session = scratch.current.at(place, &self.visits, &self.catalogue);
        let event_type = *self.types.draw(&mut draws);
        let base = self.history.as_ref().map_or(now, |history| history.at(i));
        let mut event = Event {
            event_id: self.event_id(i, now),
            event_type: event_type.into(),
            occurred_at: self.offsets.apply(base, now, kind, &mut draws),
            user_id: text(&session.user_id).into(),
            session_id: Some(text(&session.session_id).into()),
            page: Some(self.page(event_type, place, session).into()),
            referrer: self
                .catalogue
                .referrers
                .get(session.referrer)
                .as_deref()
                .map(Into::into),
            country: Some(session.country.into()),
            device: Some(session.agent.device.into()),
            browser: Some(session.agent.browser.into()),
            os: Some(session.agent.os.into()),
            value_micros: None,
            duration_ms: None,
            properties: None,
        };
        if matches!(event_type, "add_to_cart" | "purchase") {
            let cents = self.prices.sample(&mut draws).clamp(50.0, 10_000_000.0) as i64;
            event.value_micros = Some(cents * 10_000);
        }
        if matches!(event_type, "page_view" | "search") {
            let ms = self.durations.sample(&mut draws).clamp(1.0, 3_600_000.0);
            event.duration_ms = Some(ms as i32);
        }
        scratch.properties.clear();
        if describe(
            event_type,
            &self.catalogue,
            &mut draws,
            &mut scratch.properties,
        ) {
            event.properties = Some(&scratch.properties);
        }
        event
    }

    /// A v7 whose random part is a hash.
    fn event_id(&self, i: u64, now: UnixMicros) -> Uuid {
        let run = hash(self.run.seed ^ EVENT_ID, self.run.started.0.unsigned_abs());
        let mut random = [0; 10];
        random[..8].copy_from_slice(&hash(run, i).to_le_bytes());
        random[8..].copy_from_slice(&(hash(run, !i) as u16).to_le_bytes());
        uuid::Builder::from_unix_timestamp_millis(now.as_millis().unsigned_abs(), &random)
            .into_uuid()
    }

    /// Half of the steps of a visit stay where the one before was.
    fn page(&self, event_type: &str, place: Place, session: &Session) -> &str {
        if event_type == "search" {
            return "/search";
        }
        let stays = place.step > 0 && hash(session.seed, !place.step) & 1 == 0;
        let step = place.step - u64::from(stays);
        self.catalogue
            .pages
            .draw(&mut Draws::at(session.seed, step + 1))
    }
}

/// ASCII that was made here.
fn text(ascii: &[u8]) -> &str {
    std::str::from_utf8(ascii).unwrap_or_default()
}

/// Writes the properties of those types that have some.
fn describe(event_type: &str, catalogue: &Catalogue, draws: &mut Draws, out: &mut String) -> bool {
    let bits = draws.bits();
    let few = 1 + (bits >> 60);
    // Writing to a String can't fail.
    let _ = match event_type {
        "search" => {
            let query = catalogue.search_terms.draw(draws);
            write!(out, "{{\"query\":\"{query}\",\"results\":{}}}", bits % 250)
        }
        "add_to_cart" => {
            write!(
                out,
                "{{\"sku\":\"sku-{:05}\",\"quantity\":{few}}}",
                bits % 20_000
            )
        }
        "purchase" => {
            let order = bits as u32;
            write!(
                out,
                "{{\"order_id\":\"o-{order:08x}\",\"items\":{few},\"currency\":\"EUR\"}}"
            )
        }
        "error" => {
            let status = [404, 500, 502, 503, 429][(bits % 5) as usize];
            write!(
                out,
                "{{\"status\":{status},\"message\":\"request failed\",\"retries\":{few}}}"
            )
        }
        _ => return false,
    };
    true
}

/// How far `occurred_at` lies from the emission, in microseconds.
#[derive(Debug)]
struct Offsets {
    late_from: f64,
    late_to: f64,
    ahead: f64,
    max_age: Duration,
    max_future: Duration,
}

const DAY: Duration = Duration::from_secs(86_400);

impl Offsets {
    fn new(limits: &Limits, history: bool) -> Self {
        let age = limits.max_age.as_secs_f64() / if history { 100.0 } else { 2.0 };
        let late_to = age.min(6.0 * 3_600.0);
        Self {
            late_from: late_to.min(120.0) / 2.0,
            late_to,
            ahead: (limits.max_future.as_secs_f64() / 2.0).min(300.0),
            max_age: limits.max_age,
            max_future: limits.max_future,
        }
    }

    /// `base` moved as `kind` asks; the impossible times are impossible seen from `now`.
    fn apply(
        &self,
        base: UnixMicros,
        now: UnixMicros,
        kind: Kind,
        draws: &mut Draws,
    ) -> UnixMicros {
        let x = draws.unit();
        let back = match kind {
            Kind::Normal | Kind::Duplicate { .. } | Kind::Malformed(_) => 0.003 * x,
            Kind::OutOfOrder => 0.2 + 7.8 * x,
            // Uniform in the logarithm: many are a few minutes late, few are hours late.
            Kind::Late => self.late_from * (self.late_to / self.late_from).powf(x),
            Kind::Skewed => -(self.ahead * x.max(1.0 / 300.0)),
        };
        match kind {
            Kind::Malformed(Malformation::TooOld) => now.saturating_sub(self.max_age + DAY),
            Kind::Malformed(Malformation::TooFarInFuture) => {
                now.saturating_add(self.max_future + DAY)
            }
            _ => UnixMicros(base.0 - (back * 1e6) as i64),
        }
    }
}
