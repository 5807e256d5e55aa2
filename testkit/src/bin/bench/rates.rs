//! Wanted against achieved rate: what reached the stream, second by second, beside the
//! schedule.

use std::time::Duration;

use anyhow::Context as _;
use common::{
    time::UnixMicros,
    wire::{EntryId, lines},
};
use ingestion::source::synthetic::{Arrivals, Profile, Schedule, Settings, Stage};
use redis::{AsyncCommands as _, streams::StreamRangeReply};
use serde_json::json;
use testkit::{Daemon, Services};
use tokio::time::sleep;

use crate::{
    figure::{Bar, Figure, Outcome, Unit},
    latency::percentile,
    pipeline::{ask, ingestion, settle, stop, tell},
    round::fresh,
};

const RATES: [f64; 5] = [100.0, 1_000.0, 10_000.0, 100_000.0, 200_000.0];
/// Measured of each profile at each rate.
const SECONDS: usize = 4;
/// Run beyond them, so that the last one is whole.
const MORE: Duration = Duration::from_millis(300);
/// The schedule is looked at so often.
const STEPS_PER_SECOND: usize = 1_000;
const PAGE: usize = 200;

const PROFILES: [&str; 6] = ["constant", "ramp", "sine", "burst", "stages", "Poisson"];

pub(crate) async fn run() -> anyhow::Result<Outcome> {
    let services = fresh().await?;
    let mut daemon = ingestion(&services, &[]).await?;
    let (mut figures, mut missed, mut delay) = (Vec::new(), 0, 0.0_f64);
    for profile in PROFILES {
        let (mut worst, mut at) = (0.0, 0.0);
        for rate in RATES {
            let once = measure(&services, &daemon, &settings(profile, rate)).await?;
            println!("  {profile} at {rate:.0} events/s: {once:?}");
            if once.worst >= worst {
                (worst, at) = (once.worst, rate);
            }
            missed += once.missed;
            delay = delay.max(once.delay);
        }
        let measure = format!("difference of wanted and achieved rate, {profile}, worst second");
        let figure = Figure::new(measure, Unit::Percent, worst).bar(Bar::AtMost(1.0));
        figures.push(figure.largest().note(format!("at {at:.0} events/s")));
    }
    stop(&mut daemon).await?;
    let measure = "events missed on the schedules of 100 to 200,000 events/s";
    figures.push(Figure::new(measure, Unit::Count, missed as f64).largest());
    let measure = "schedule → Redis, p99 of the slowest run";
    figures.push(Figure::new(measure, Unit::Milliseconds, delay).largest());
    Ok(figures.into())
}

/// A profile whose highest rate is `rate`.
fn settings(profile: &str, rate: f64) -> Settings {
    let low = rate / 4.0;
    let stage = |rate| Stage { rate, seconds: 1.5 };
    let shape = match profile {
        "ramp" => Profile::Ramp {
            from: low,
            to: rate,
            seconds: 3.0,
        },
        "sine" => Profile::Sine {
            min: low,
            max: rate,
            period: 2.5,
        },
        "burst" => Profile::Burst {
            base: low,
            peak: rate,
            every: 1.5,
            length: 0.5,
        },
        "stages" => Profile::Stages {
            stages: vec![stage(low), stage(rate), stage(rate / 2.0)],
        },
        _ => Profile::Constant,
    };
    let arrivals = match profile {
        "Poisson" => Arrivals::Poisson,
        _ => Arrivals::Uniform,
    };
    Settings {
        running: true,
        rate,
        profile: shape,
        arrivals,
        ..Settings::default()
    }
}

#[derive(Debug)]
struct Once {
    /// Percent by which the worst second differs.
    worst: f64,
    /// Milliseconds, p99.
    delay: f64,
    missed: u64,
}

async fn measure(
    services: &Services,
    daemon: &Daemon,
    settings: &Settings,
) -> anyhow::Result<Once> {
    let missed = |body: &serde_json::Value| body["status"]["missed"].as_u64().unwrap_or_default();
    let before = missed(&ask(daemon).await?);
    tell(daemon, &json!(settings)).await?;
    sleep(Duration::from_secs(SECONDS as u64) + MORE).await;
    let running = ask(daemon).await?;
    let since = running["status"]["since"].as_str();
    let since = since.and_then(UnixMicros::parse_rfc3339);
    let since = since.context("the generator says since when")?;
    let after = missed(&settle(daemon).await?);
    let published = published(services, since).await?;
    let wanted = wanted(settings);
    let delays = delays(&published, &wanted);
    let median = percentile(delays.iter().copied(), 0.5);
    Ok(Once {
        worst: worst_second(&published, &wanted, median) * 100.0,
        delay: percentile(delays.into_iter(), 0.99),
        missed: after - before,
    })
}

/// Milliseconds after `since`, and the events that Redis had accepted by then. Empties the
/// stream.
async fn published(services: &Services, since: UnixMicros) -> anyhow::Result<Vec<(f64, u64)>> {
    let (mut redis, stream) = (services.redis().await, services.keys().stream);
    let (mut published, mut sum, mut after) = (vec![(0.0, 0)], 0, String::from("-"));
    loop {
        let page: StreamRangeReply = redis.xrange_count(&stream, &after, "+", PAGE).await?;
        let Some(last) = page.ids.last() else { break };
        after = format!("({}", last.id);
        for entry in page.ids {
            let id: EntryId = entry.id.parse()?;
            let batch: Vec<u8> = entry.get("batch").unwrap_or_default();
            sum += lines(&batch).count() as u64;
            // An id's millisecond is a whole one: the middle of it.
            let at = (id.accepted_at().0 - since.0) as f64 / 1e3 + 0.5;
            published.push((at, sum));
        }
    }
    redis.del::<_, ()>(&stream).await?;
    Ok(published)
}

/// The events that the schedule asks for until each of its steps, from the seed alone.
fn wanted(settings: &Settings) -> Vec<u64> {
    let mut schedule = Schedule::new(settings);
    let mut sum = 0;
    let steps = 0..=(SECONDS + 1) * STEPS_PER_SECOND;
    let steps = steps.map(|step| {
        let elapsed = step as f64 / STEPS_PER_SECOND as f64;
        schedule.advance(elapsed, UnixMicros::now());
        let due = schedule.due();
        schedule.emitted(due);
        sum += due;
        sum
    });
    steps.collect()
}

/// Milliseconds from the moment for which the last event of an entry was scheduled to the
/// entry.
fn delays(published: &[(f64, u64)], wanted: &[u64]) -> Vec<f64> {
    let scheduled = |events| wanted.partition_point(|sum| *sum < events) as f64;
    let during = published
        .iter()
        .filter(|(at, _)| *at < SECONDS as f64 * 1e3);
    during
        .map(|(at, events)| at - scheduled(*events) * 1e3 / STEPS_PER_SECOND as f64)
        .collect()
}

/// The share by which the worst second differs from the schedule, beyond one event. Seconds
/// of the stream begin `delay` milliseconds after those of the schedule.
fn worst_second(published: &[(f64, u64)], wanted: &[u64], delay: f64) -> f64 {
    let until = |second: usize| until(published, second as f64 * 1e3 + delay);
    let seconds = (0..SECONDS).map(|second| {
        let came = until(second + 1) - until(second);
        let steps = second * STEPS_PER_SECOND;
        let due = (wanted[steps + STEPS_PER_SECOND] - wanted[steps]) as f64;
        ((came - due).abs() - 1.0).max(0.0) / due
    });
    seconds.fold(0.0, f64::max)
}

/// Events that had come by then. Those of one entry were due one after the other since the
/// entry before: a second that ends between two entries has its share of the latter.
fn until(published: &[(f64, u64)], at: f64) -> f64 {
    let next = published.partition_point(|(entry, _)| *entry < at);
    let of = |n: Option<usize>| n.and_then(|n| published.get(n).copied());
    match (of(next.checked_sub(1)), of(Some(next))) {
        (Some((before, sum)), Some((after, then))) => {
            sum as f64 + (then - sum) as f64 * (at - before) / (after - before)
        }
        (None, _) => 0.0,
        (Some((_, sum)), None) => sum as f64,
    }
}
