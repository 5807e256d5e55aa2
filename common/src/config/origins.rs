//! Which other origins may use the api (`CORS_ORIGINS`).

use serde::Deserialize;

/// `scheme://host[:port]`, as browsers send it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Origin(pub String);

impl TryFrom<String> for Origin {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const SHAPE: &str = "must be origins such as https://example.org, without a path";
        let origin = text.trim().trim_end_matches('/').to_ascii_lowercase();
        let host = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        match host {
            Some(host) if !host.is_empty() && host.chars().all(allowed) => Ok(Self(origin)),
            _ => Err(SHAPE),
        }
    }
}

/// A comma-separated list; empty means none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Origins(pub Vec<Origin>);

impl TryFrom<String> for Origins {
    type Error = &'static str;

    fn try_from(list: String) -> Result<Self, Self::Error> {
        let origins = list.split(',').filter(|origin| !origin.trim().is_empty());
        origins
            .map(|origin| Origin::try_from(origin.to_owned()))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Origins {
    #[must_use]
    pub fn allow(&self, origin: &str) -> bool {
        self.0
            .iter()
            .any(|allowed| allowed.0.eq_ignore_ascii_case(origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_match_exactly() {
        let origins = Origins::try_from("https://a.example, http://b:8080/".to_owned()).unwrap();
        assert!(origins.allow("https://a.example") && origins.allow("http://b:8080"));
        for other in [
            "http://a.example",
            "https://a.example.evil",
            "https://xa.example",
            "null",
        ] {
            assert!(!origins.allow(other), "{other}");
        }
    }
}
