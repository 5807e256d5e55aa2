//! What validator refuses, as a list.

use serde_json::Value;
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

/// A value that breaks a rule of its section.
#[derive(Debug, Clone, PartialEq)]
pub struct OutOfRange {
    /// A JSON pointer to it; where a rule spans the fields of an object, to that.
    pub pointer: String,
    pub what: String,
    pub min: Option<Value>,
    pub max: Option<Value>,
}

/// Each rule that is broken, nested ones too, by pointer.
#[must_use]
pub fn out_of_range(errors: &ValidationErrors) -> Vec<OutOfRange> {
    let mut found = Vec::new();
    gather(errors, "", &mut found);
    found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    found
}

fn gather(errors: &ValidationErrors, at: &str, found: &mut Vec<OutOfRange>) {
    for (field, kind) in errors.errors() {
        let pointer = match field.as_ref() {
            // A rule that spans the fields of an object.
            "__all__" => at.to_owned(),
            field => format!("{at}/{field}"),
        };
        match kind {
            ValidationErrorsKind::Struct(inner) => gather(inner, &pointer, found),
            ValidationErrorsKind::List(list) => list
                .iter()
                .for_each(|(index, inner)| gather(inner, &format!("{pointer}/{index}"), found)),
            ValidationErrorsKind::Field(list) => {
                found.extend(list.iter().map(|error| describe(&pointer, error)));
            }
        }
    }
}

fn describe(pointer: &str, error: &ValidationError) -> OutOfRange {
    let bound = |name: &str| error.params.get(name).cloned();
    let (min, max) = (bound("min"), bound("max"));
    let what = match (&error.message, &min, &max) {
        (Some(message), ..) => message.to_string(),
        (None, Some(min), Some(max)) => format!("must lie between {min} and {max}"),
        (None, Some(min), None) => format!("must be at least {min}"),
        (None, None, Some(max)) => format!("must be at most {max}"),
        (None, None, None) => "is out of range".to_owned(),
    };
    OutOfRange {
        pointer: pointer.to_owned(),
        what,
        min,
        max,
    }
}

#[cfg(test)]
mod tests {
    use validator::Validate;

    use super::*;

    #[derive(Validate)]
    struct Part {
        #[validate(range(min = 1, max = 3))]
        size: u32,
    }

    #[derive(Validate)]
    #[validate(schema(function = "even", skip_on_field_errors = false))]
    struct Whole {
        #[validate(range(min = 2))]
        least: u32,
        #[validate(range(max = 4))]
        most: u32,
        #[validate(nested)]
        part: Part,
        #[validate(nested)]
        parts: Vec<Part>,
    }

    fn even(whole: &Whole) -> Result<(), ValidationError> {
        if whole.least.is_multiple_of(2) {
            return Ok(());
        }
        Err(ValidationError::new("even").with_message("must be even".into()))
    }

    #[test]
    fn every_broken_rule_has_its_place_and_text() {
        let whole = Whole {
            least: 1,
            most: 5,
            part: Part { size: 0 },
            parts: vec![Part { size: 3 }, Part { size: 4 }],
        };
        let found = out_of_range(&whole.validate().unwrap_err());
        let said: Vec<_> = found
            .iter()
            .map(|one| (one.pointer.as_str(), one.what.as_str()))
            .collect();
        assert_eq!(
            said,
            [
                ("", "must be even"),
                ("/least", "must be at least 2"),
                ("/most", "must be at most 4"),
                ("/part/size", "must lie between 1 and 3"),
                ("/parts/1/size", "must lie between 1 and 3"),
            ]
        );
    }
}
