//! How long data is kept: the consumer enforces it, the api reports it.

use serde::Deserialize;
use validator::Validate;

/// Days; 0 is for ever.
#[derive(Debug, Clone, Deserialize, Validate)]
pub struct RetentionConfig {
    #[serde(default)]
    #[validate(range(min = 0, max = 36_500))]
    pub events_retention_days: u32,
    #[serde(default)]
    #[validate(range(min = 0, max = 36_500))]
    pub rollups_retention_days: u32,
    #[serde(default)]
    #[validate(range(min = 0, max = 36_500))]
    pub dead_letters_retention_days: u32,
}
