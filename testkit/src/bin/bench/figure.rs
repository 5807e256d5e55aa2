//! What was measured, and what it has to reach.

use std::fmt;

use serde::{Deserialize, Serialize};

mod outcome;

pub(crate) use outcome::{Cost, Outcome};

/// One measure. Each round adds a sample; the value is what [`Pick`] makes of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) measure: String,
    pub(crate) unit: Unit,
    #[serde(default, skip_serializing_if = "Pick::is_median")]
    pub(crate) pick: Pick,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bar: Option<Bar>,
    pub(crate) samples: Vec<f64>,
    /// What the reader has to know, for instance why there is no sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

impl Figure {
    pub(crate) fn new(measure: impl Into<String>, unit: Unit, sample: f64) -> Self {
        Self {
            measure: measure.into(),
            unit,
            pick: Pick::Median,
            bar: None,
            samples: vec![sample],
            note: None,
        }
    }

    /// The measure could not be taken.
    pub(crate) fn missing(measure: impl Into<String>, unit: Unit, why: impl Into<String>) -> Self {
        let mut figure = Self::new(measure, unit, 0.0);
        figure.samples.clear();
        figure.note(why)
    }

    pub(crate) fn bar(mut self, bar: Bar) -> Self {
        self.bar = Some(bar);
        self
    }

    /// The largest sample counts, not the median: for memory and other bounds.
    pub(crate) fn largest(mut self) -> Self {
        self.pick = Pick::Largest;
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// `None` where nothing was measured.
    pub(crate) fn value(&self) -> Option<f64> {
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        match self.pick {
            Pick::Median if sorted.is_empty() => None,
            Pick::Median => {
                let upper = sorted.len() / 2;
                let lower = (sorted.len() - 1) / 2;
                Some(f64::midpoint(sorted[lower], sorted[upper]))
            }
            Pick::Largest => sorted.last().copied(),
        }
    }

    /// The smallest and the largest sample, where there are several.
    pub(crate) fn range(&self) -> Option<(f64, f64)> {
        let (first, rest) = self.samples.split_first()?;
        let widen = |(low, high): (f64, f64), sample: &f64| (low.min(*sample), high.max(*sample));
        (!rest.is_empty()).then(|| rest.iter().fold((*first, *first), widen))
    }

    /// `None` without a bar.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        let bar = self.bar?;
        Some(match self.value() {
            None => Verdict::NotMeasured,
            Some(value) if bar.holds(value) => Verdict::Met,
            Some(_) => Verdict::Missed,
        })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            Some(value) => write!(f, "{}: {}", self.measure, self.unit.text(value))?,
            None => write!(f, "{}: not measured", self.measure)?,
        }
        if let (Some(bar), Some(verdict)) = (self.bar, self.verdict()) {
            write!(f, " (bar {}: {verdict})", bar.text(self.unit))?;
        }
        if let Some(note) = &self.note {
            write!(f, " [{note}]")?;
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pick {
    #[default]
    Median,
    Largest,
}

impl Pick {
    // The signature that serde asks for.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn is_median(&self) -> bool {
        *self == Self::Median
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    EventsPerSecond,
    /// Of answers, of frames.
    PerSecond,
    Ratio,
    Percent,
    Mebibytes,
    Bytes,
    Milliseconds,
    /// The same number as CPU seconds per million events.
    MicrosPerEvent,
    /// Multiples of the calibration benchmark, which hashes a kibibyte.
    Calibrations,
    Count,
}

impl Unit {
    pub(crate) fn text(self, value: f64) -> String {
        match self {
            Self::EventsPerSecond => format!("{} events/s", thousands(value)),
            Self::PerSecond => format!("{}/s", thousands(value)),
            Self::Ratio => format!("{value:.2}"),
            Self::Percent => format!("{value:.1} %"),
            Self::Mebibytes => format!("{value:.0} MiB"),
            Self::Bytes => format!("{} B", thousands(value)),
            Self::Milliseconds => format!("{value:.1} ms"),
            Self::MicrosPerEvent => format!("{value:.2} µs"),
            Self::Calibrations => format!("{value:.3} × calibration"),
            Self::Count => thousands(value),
        }
    }
}

/// What a value has to reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bar {
    AtLeast(f64),
    AtMost(f64),
}

impl Bar {
    pub(crate) fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }

    pub(crate) fn text(self, unit: Unit) -> String {
        match self {
            Self::AtLeast(bound) => format!("≥ {}", unit.text(bound)),
            Self::AtMost(bound) => format!("≤ {}", unit.text(bound)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Met,
    Missed,
    NotMeasured,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::NotMeasured => "not measured",
        })
    }
}

pub(crate) fn thousands(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(samples: &[f64]) -> Figure {
        let mut figure = Figure::missing("drain", Unit::Ratio, "").bar(Bar::AtLeast(0.9));
        figure.samples = samples.to_vec();
        figure
    }

    #[test]
    fn the_middle_of_the_rounds_counts_or_the_largest() {
        assert_eq!(figure(&[3.0, 1.0, 2.0]).value(), Some(2.0));
        assert_eq!(figure(&[4.0, 1.0, 2.0, 3.0]).value(), Some(2.5));
        assert_eq!(figure(&[3.0, 7.0, 2.0]).largest().value(), Some(7.0));
        assert_eq!(figure(&[]).value(), None);
    }

    #[test]
    fn a_bar_is_met_missed_or_not_measured() {
        assert_eq!(figure(&[0.9]).verdict(), Some(Verdict::Met));
        assert_eq!(figure(&[0.89]).verdict(), Some(Verdict::Missed));
        assert_eq!(figure(&[]).verdict(), Some(Verdict::NotMeasured));
        assert!(!Bar::AtMost(200.0).holds(200.1));
    }
}
