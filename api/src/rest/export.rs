//! `/api/v1/events/export`: a body of any length, made as fast as the client takes it.

mod transfer;

use std::io;

use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use common::{
    auth::Caller,
    http::{Client, Problem},
    time::UnixMicros,
};
use futures_util::stream;
use tokio::{sync::mpsc, time::Instant};

use self::transfer::{Piece, Transfer};
use super::{answer::WATERMARK, parameters::Parameters};
use crate::{
    access::Who,
    error::ApiError,
    query::{
        export::{Column, Export, NoPlace},
        range::Range,
        rows::Format,
    },
    state::ApiState,
};

pub(super) async fn export(
    State(state): State<ApiState>,
    Extension(client): Extension<Client>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let allowed = ["from", "to", "filter", "format", "columns"];
    let parameters = Parameters::read(&uri, &allowed)?;
    let range = parameters.range(UnixMicros::now())?;
    let (filter, format, columns) = (
        parameters.filter("filter")?,
        format(&parameters)?,
        columns(&parameters)?,
    );
    let exports = &state.exports;
    let place = match exports.place(Who::of(&caller, client)) {
        Ok(place) => place,
        Err(none) => return Ok(busy(none)),
    };
    let watermark = state.watermark();
    let deadline = Instant::now() + exports.most_time();
    let snapshot = state
        .database
        .streaming_snapshot(exports.most_time())
        .await?;
    let export = Export::begin(snapshot, range, &filter, columns, format).await?;
    let gzip = takes_gzip(&headers);
    let (transfer, taken) = Transfer::new(export, gzip, deadline, caller);
    exports.spawn(transfer.run(place));
    let mut response = response(taken, range, format, gzip);
    let watermark = watermark.map(UnixMicros::to_rfc3339);
    if let Some(Ok(watermark)) = watermark.map(HeaderValue::try_from) {
        response.headers_mut().insert(WATERMARK, watermark);
    }
    Ok(response)
}

fn busy(none: NoPlace) -> Response {
    let (code, detail) = match none {
        NoPlace::Left => (
            "busy",
            "all places for exports are taken; ask again in a while",
        ),
        NoPlace::ForTwo => (
            "export_running",
            "this key (without keys: this address) has an export on its way; ask again when it has ended",
        ),
    };
    Problem::new(StatusCode::TOO_MANY_REQUESTS, code, detail)
        .retry_after(10)
        .into_response()
}

fn format(parameters: &Parameters) -> Result<Format, ApiError> {
    match parameters.get("format").unwrap_or("csv") {
        "csv" => Ok(Format::Csv),
        "ndjson" => Ok(Format::NdJson),
        other => {
            let detail = format!("{other:?} is not a format; there are: csv, ndjson");
            Err(ApiError::parameter("format", detail).with("allowed", vec!["csv", "ndjson"]))
        }
    }
}

fn columns(parameters: &Parameters) -> Result<Vec<Column>, ApiError> {
    let Some(text) = parameters.get("columns") else {
        return Ok(Column::ALL.to_vec());
    };
    let names = Column::ALL.map(|column| column.name);
    let refused =
        |detail: String| ApiError::parameter("columns", detail).with("allowed", names.to_vec());
    let mut columns = Vec::new();
    for name in text.split(',') {
        let column = Column::named(name).ok_or_else(|| {
            refused(format!(
                "{name:?} is not a column; there are: {}",
                names.join(", ")
            ))
        })?;
        if columns.contains(&column) {
            return Err(refused(format!("{name} is named twice")));
        }
        columns.push(column);
    }
    Ok(columns)
}

/// `gzip` or `*` with a weight above 0 (RFC 9110, 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let listed = headers.get_all(header::ACCEPT_ENCODING).iter();
    let codings = listed.filter_map(|value| value.to_str().ok());
    let mut any = None;
    for coding in codings.flat_map(|list| list.split(',')) {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
        let taken = weight
            .trim()
            .parse::<f32>()
            .is_ok_and(|weight| weight > 0.0);
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return taken,
            "*" => any = Some(taken),
            _ => {}
        }
    }
    any.unwrap_or(false)
}

fn response(taken: mpsc::Receiver<Piece>, range: Range, format: Format, gzip: bool) -> Response {
    let parts = stream::try_unfold(taken, |mut taken| async {
        match taken.recv().await {
            Some(Piece::Part(part)) => Ok(Some((part, taken))),
            Some(Piece::End) => Ok(None),
            // The connection is cut: a whole-looking part of an export would be worse.
            None => Err(io::Error::other("the export broke off")),
        }
    });
    let (kind, ending) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        Format::NdJson => ("application/x-ndjson", "ndjson"),
    };
    let day = |at: UnixMicros| at.to_rfc3339().replace(['-', ':'], "");
    let name = format!("events_{}_{}.{ending}", day(range.from), day(range.to));
    let mut response = Body::from_stream(parts).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    if gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_take_it() {
        let takes = |value: &'static str| {
            let value = HeaderValue::from_static(value);
            takes_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]))
        };
        for yes in [
            "gzip",
            "deflate, gzip;q=0.5, br",
            "*",
            "GZIP",
            "*;q=0, gzip",
        ] {
            assert!(takes(yes), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "*, gzip;q=0", "identity", "*;q=0"] {
            assert!(!takes(no), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
