//! The members of a JSON body, one by one, so that an error names the member.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::ApiError;

/// Those that haven't been taken yet.
pub(super) struct Members(Map<String, Value>);

impl Members {
    /// # Errors
    /// 422 `invalid_body` for what isn't a JSON object, and for a member that isn't in `allowed`.
    pub(super) fn read(body: &[u8], allowed: &[&str]) -> Result<Self, ApiError> {
        let members: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
            let detail = format!("the body must be a JSON object: {error}");
            ApiError::refused("invalid_body", "body", detail)
        })?;
        let mut names = members.keys();
        match names.find(|name| !allowed.contains(&name.as_str())) {
            None => Ok(Self(members)),
            Some(unknown) => {
                let known = allowed.join(", ");
                let detail = format!("{unknown:?} is not a member; there are: {known}");
                let refused = ApiError::refused("invalid_body", unknown, detail);
                Err(refused.with("allowed", allowed.to_vec()))
            }
        }
    }

    /// `None` where it is absent.
    ///
    /// # Errors
    /// 422 `invalid_body` for one of another shape.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, ApiError> {
        let member = self.0.remove(name).map(serde_json::from_value);
        member.transpose().map_err(|error| {
            let detail = format!("{name} can't be read: {error}");
            ApiError::refused("invalid_body", name, detail)
        })
    }

    /// As [`Self::take`], but it can't be absent.
    pub(super) fn need<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, ApiError> {
        self.take(name)?
            .ok_or_else(|| ApiError::refused("invalid_body", name, format!("{name} is missing")))
    }

    /// As [`Self::take`]; `null` counts as absent.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        self.take::<Option<String>>(name).map(Option::flatten)
    }
}
