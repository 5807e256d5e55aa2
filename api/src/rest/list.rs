//! Lists made from single events, newest first and paginated.

use axum::{http::Uri, response::Response};
use common::time::UnixMicros;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Map;

use super::{
    answer::{Meta, answer},
    asked::Scope,
    cursor::{self, Cursor},
    parameters::Parameters,
};
use crate::{
    error::ApiError,
    query::{
        range::{Range, rfc3339_in},
        rollups::Origin,
    },
};

pub(super) const MOST: u32 = 1_000;

/// A page that is asked for.
pub(super) struct List<'u, P> {
    /// Its range is that of the first page, for `now` has moved since.
    pub(super) scope: Scope,
    pub(super) limit: u32,
    /// What the page before showed last.
    pub(super) after: Option<P>,
    asked: u64,
    uri: &'u Uri,
}

/// A page that was found.
pub(super) struct Page<T, P> {
    pub(super) rows: Vec<T>,
    /// Of the pages that follow.
    pub(super) range: Range,
    pub(super) next: Option<P>,
    /// Where the search ended, if that wasn't at the beginning of the range.
    pub(super) searched_from: Option<UnixMicros>,
}

impl<'u, P: Serialize + DeserializeOwned> List<'u, P> {
    /// # Errors
    /// 422 for a parameter that is wrong, and for a cursor of another list.
    pub(super) fn read(name: &str, uri: &'u Uri) -> Result<Self, ApiError> {
        let allowed = [&Scope::NAMES[..], &["limit", "cursor"]].concat();
        let parameters = Parameters::read(uri, &allowed)?;
        let (zone_name, zone) = parameters.zone()?;
        let limit = parameters.limit(50, MOST)?;
        let filter = parameters.filter("filter")?;
        let asked = cursor::question(name, &parameters, &filter);
        let cursor = Cursor::read(&parameters, asked)?;
        let range = match &cursor {
            Some(cursor) => cursor.range(),
            None => parameters.range(UnixMicros::now())?,
        };
        Ok(Self {
            scope: Scope {
                range,
                zone_name,
                zone,
                filter,
            },
            limit,
            after: cursor.map(|cursor| cursor.after),
            asked,
            uri,
        })
    }

    /// `meta` is of before the page was read.
    pub(super) fn answer<T: Serialize>(&self, meta: Meta, page: Page<T, P>) -> Response {
        let next = page.next;
        let next = next.map(|after| Cursor::new(self.asked, page.range, after).text());
        let mut meta = self
            .scope
            .describe(meta)
            .counted(Origin::Raw, Map::new())
            .with("limit", self.limit)
            .with("next_cursor", next.clone());
        if let Some(from) = page.searched_from {
            meta = meta.with("searched_from", rfc3339_in(from, &self.scope.zone));
        }
        let mut response = answer(page.rows, meta);
        if let Some(next) = next {
            cursor::link_next(&mut response, self.uri, &next);
        }
        response
    }
}
