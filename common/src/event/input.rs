//! An event as a producer sends it: the fields are known and of the right JSON type, and nothing
//! else has been checked yet.

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;
use validator::Validate;

use super::{decimal::Micros, rules, text::Text};

#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "rules::required_by_type", skip_on_field_errors = false))]
pub(super) struct EventInput<'a> {
    #[serde(borrow)]
    pub(super) event_id: Option<Text<'a>>,
    #[validate(custom(function = "rules::event_type"))]
    pub(super) event_type: Text<'a>,
    pub(super) occurred_at: Option<Text<'a>>,
    #[validate(length(min = 1, max = 128))]
    pub(super) user_id: Text<'a>,
    #[validate(length(max = 128))]
    pub(super) session_id: Option<Text<'a>>,
    #[validate(length(max = 2048))]
    pub(super) page: Option<Text<'a>>,
    #[validate(length(max = 2048))]
    pub(super) referrer: Option<Text<'a>>,
    #[validate(custom(function = "rules::country"))]
    pub(super) country: Option<Text<'a>>,
    #[validate(length(max = 32))]
    pub(super) device: Option<Text<'a>>,
    #[validate(length(max = 64))]
    pub(super) browser: Option<Text<'a>>,
    #[validate(length(max = 64))]
    pub(super) os: Option<Text<'a>>,
    pub(super) value: Option<Micros>,
    #[validate(range(min = 0, max = 2_147_483_647))]
    pub(super) duration_ms: Option<i64>,
    pub(super) properties: Option<&'a RawValue>,
}

/// The fields in the order of the contract, with what each may hold.
pub(super) const FIELDS: [(&str, Kind); 14] = [
    ("event_id", Kind::OptionalText),
    ("event_type", Kind::Text),
    ("occurred_at", Kind::OptionalText),
    ("user_id", Kind::Text),
    ("session_id", Kind::OptionalText),
    ("page", Kind::OptionalText),
    ("referrer", Kind::OptionalText),
    ("country", Kind::OptionalText),
    ("device", Kind::OptionalText),
    ("browser", Kind::OptionalText),
    ("os", Kind::OptionalText),
    ("value", Kind::OptionalDecimal),
    ("duration_ms", Kind::OptionalInteger),
    ("properties", Kind::OptionalObject),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    OptionalText,
    OptionalDecimal,
    OptionalInteger,
    OptionalObject,
}

impl EventInput<'_> {
    /// The text fields that are present, by name.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&'static str, &Text<'_>)> {
        [
            ("event_id", self.event_id.as_ref()),
            ("event_type", Some(&self.event_type)),
            ("occurred_at", self.occurred_at.as_ref()),
            ("user_id", Some(&self.user_id)),
            ("session_id", self.session_id.as_ref()),
            ("page", self.page.as_ref()),
            ("referrer", self.referrer.as_ref()),
            ("country", self.country.as_ref()),
            ("device", self.device.as_ref()),
            ("browser", self.browser.as_ref()),
            ("os", self.os.as_ref()),
        ]
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?)))
    }

    pub(super) fn uuid(&self) -> Option<Result<Uuid, uuid::Error>> {
        self.event_id.as_ref().map(|text| Uuid::try_parse(text))
    }
}
