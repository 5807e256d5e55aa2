//! `/api/v1/funnel`, asked by query or by body.

use axum::{body::Bytes, extract::State, http::Uri, response::Response};
use common::time::UnixMicros;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    answer::{Meta, answer},
    asked::{Scope, field_of},
    members::Members,
    parameters::{DEFAULT_RANGE, Parameters, range_of, zone_of},
    time,
};
use crate::{
    error::ApiError,
    query::{
        chains::MAX_STEPS,
        database::QueryError,
        filter::{Budget, Filter},
        funnel::{self, Counted, Funnel, Outcome},
        rollups::Origin,
    },
    state::ApiState,
};

pub(super) const MIN_STEPS: usize = 2;
/// Groups that are shown, those of most users.
const GROUPS: usize = 5;
/// Characters.
const LONGEST_NAME: usize = 128;
const DEFAULT_WINDOW: &str = "1d";
const TOO_LONG: &str = "the funnel took too long: every event of the range that passes a step is read; \
                        take a shorter range, narrower steps, or a filter that fewer events pass";
const WINDOWS: std::ops::RangeInclusive<i64> = 1_000_000..=366 * 86_400_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    name: Option<String>,
    filter: Value,
}

/// Of the body of a POST.
const MEMBERS: [&str; 7] = ["steps", "window", "from", "to", "tz", "filters", "by"];

struct Question {
    scope: Scope,
    funnel: Funnel,
    names: Vec<String>,
    window: String,
}

pub(super) async fn by_query(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let allowed = ["steps", "window", "from", "to", "tz", "filter", "by"];
    let parameters = Parameters::read(&uri, &allowed)?;
    let steps = parameters.get("steps").ok_or_else(|| {
        let detail = "steps is missing: a JSON list of {\"name\": …, \"filter\": …}";
        ApiError::parameter("steps", detail)
    })?;
    let steps: Vec<Step> = serde_json::from_str(steps)
        .map_err(|error| ApiError::parameter("steps", format!("steps can't be read: {error}")))?;
    let (window, by) = (parameters.get("window"), parameters.get("by"));
    let scope = Scope::read(&parameters, UnixMicros::now())?;
    let question = question(scope, steps, window, by)?;
    respond(&state, question).await
}

pub(super) async fn by_body(
    State(state): State<ApiState>,
    uri: Uri,
    body: Bytes,
) -> Result<Response, ApiError> {
    Parameters::read(&uri, &[])?;
    let mut asked = Members::read(&body, &MEMBERS)?;
    let steps = asked.need("steps")?;
    let filters: Vec<Value> = asked.take("filters")?.unwrap_or_default();
    let filter =
        Filter::all_from_json(&filters).map_err(|error| ApiError::filter("filters", error))?;
    let (from, to) = (asked.text("from")?, asked.text("to")?);
    let from = from.as_deref().unwrap_or(DEFAULT_RANGE);
    let to = to.as_deref().unwrap_or("now");
    let (zone_name, zone) = zone_of(asked.text("tz")?.as_deref().unwrap_or("UTC"))?;
    let scope = Scope {
        range: range_of(["from", "to"], (from, to), UnixMicros::now())?,
        zone_name,
        zone,
        filter,
    };
    let (window, by) = (asked.text("window")?, asked.text("by")?);
    let question = question(scope, steps, window.as_deref(), by.as_deref())?;
    respond(&state, question).await
}

fn question(
    scope: Scope,
    steps: Vec<Step>,
    window: Option<&str>,
    by: Option<&str>,
) -> Result<Question, ApiError> {
    if !(MIN_STEPS..=MAX_STEPS).contains(&steps.len()) {
        let detail = format!(
            "steps holds {}; a funnel has {MIN_STEPS} to {MAX_STEPS}",
            steps.len()
        );
        return Err(ApiError::parameter("steps", detail));
    }
    let window = window.unwrap_or(DEFAULT_WINDOW);
    let micros = time::duration(window).filter(|micros| WINDOWS.contains(micros));
    let mut budget = Budget::beside(&scope.filter);
    let (mut names, mut filters) = (Vec::new(), Vec::new());
    for (at, step) in steps.into_iter().enumerate() {
        let (name, filter) = named(&mut budget, at, step)?;
        names.push(name);
        filters.push(filter);
    }
    Ok(Question {
        funnel: Funnel {
            range: scope.range,
            filter: scope.filter.clone(),
            steps: filters,
            window: micros.ok_or_else(|| {
                let detail = "window must be a number with s, m, h, d or w, from 1s to 366d";
                ApiError::parameter("window", detail)
            })?,
            by: by.map(|by| field_of("by", by)).transpose()?,
        },
        names,
        window: window.to_owned(),
        scope,
    })
}

fn named(budget: &mut Budget, at: usize, step: Step) -> Result<(String, Filter), ApiError> {
    let filter = match &step.filter {
        Value::String(text) => Filter::from_query_within(budget, [text.as_str()]),
        tree => Filter::from_json_within(budget, tree),
    };
    let filter = filter.map_err(|mut error| {
        error.detail = format!("filter of step {}: {}", at + 1, error.detail);
        ApiError::filter("steps", error)
    })?;
    let name = step.name.unwrap_or_else(|| format!("step {}", at + 1));
    if name.chars().count() > LONGEST_NAME {
        let detail = format!("a step's name has at most {LONGEST_NAME} characters");
        return Err(ApiError::parameter("steps", detail));
    }
    Ok((name, filter))
}

async fn respond(state: &ApiState, question: Question) -> Result<Response, ApiError> {
    let Question {
        scope,
        funnel,
        names,
        window,
    } = question;
    let mut meta = scope
        .describe(Meta::new(state.watermark()))
        .counted(Origin::Raw, Map::new())
        .with("window", window);
    let snapshot = state.database.snapshot_in(&state.analyses).await?;
    let mut counted = funnel::count(&snapshot, &funnel).await.map_err(by_member)?;
    snapshot.finish().await?;
    let mut data = json!({ "steps": steps(&names, &mut counted.all) });
    if let Some(by) = &funnel.by {
        meta = meta
            .with("by", by.name())
            .with("groups", counted.groups.len());
        data["groups"] = groups(&names, counted).into();
    }
    Ok(answer(data, meta))
}

fn by_member(error: QueryError) -> ApiError {
    match error {
        QueryError::Pattern { why, .. } => {
            let parameter = "steps";
            QueryError::Pattern { parameter, why }.into()
        }
        error => ApiError::of_analysis(error, TOO_LONG),
    }
}

fn steps(names: &[String], outcome: &mut Outcome) -> Vec<Value> {
    let users = outcome.users.clone();
    let ratio = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
    let step = |(at, name): (usize, &String)| {
        let before = users[at.saturating_sub(1)];
        json!({
            "name": name,
            "users": users[at],
            "conversion": ratio(users[at], users[0]),
            "step_conversion": ratio(users[at], before),
            "drop_off": before - users[at],
            "median_seconds_from_previous": outcome.median_seconds(at),
        })
    };
    names.iter().enumerate().map(step).collect()
}

/// Those with the most users at the first step.
fn groups(names: &[String], counted: Counted) -> Vec<Value> {
    let mut groups: Vec<_> = counted.groups.into_iter().collect();
    groups.sort_unstable_by(|(a, of_a), (b, of_b)| {
        of_b.users[0].cmp(&of_a.users[0]).then_with(|| a.cmp(b))
    });
    let group = |(key, mut outcome): (String, Outcome)| json!({ "key": key, "steps": steps(names, &mut outcome) });
    groups.into_iter().take(GROUPS).map(group).collect()
}
