//! What a scenario returns, and what it cost.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::Figure;

/// CPU time by process, in microseconds an event (seconds per million events), of one phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) phase: String,
    pub(crate) by_process: BTreeMap<String, f64>,
}

impl Cost {
    /// Of all processes.
    pub(crate) fn sum(&self) -> f64 {
        self.by_process.values().sum()
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: CPU µs/event:", self.phase)?;
        for (process, micros) in &self.by_process {
            write!(f, " {process} {micros:.2}")?;
        }
        Ok(())
    }
}

/// What a scenario returns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) figures: Vec<Figure>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) costs: Vec<Cost>,
}

impl From<Vec<Figure>> for Outcome {
    fn from(figures: Vec<Figure>) -> Self {
        Self {
            figures,
            costs: Vec::new(),
        }
    }
}

impl Outcome {
    pub(crate) fn value_of(&self, measure: &str) -> Option<f64> {
        let mut figures = self.figures.iter();
        figures.find(|figure| figure.measure == measure)?.value()
    }

    /// Adds the samples of another round. Of costs the last round's stay.
    pub(crate) fn add(&mut self, round: Self) {
        for figure in round.figures {
            let same = |known: &&mut Figure| known.measure == figure.measure;
            match self.figures.iter_mut().find(same) {
                Some(known) => known.samples.extend(figure.samples),
                None => self.figures.push(figure),
            }
        }
        self.costs = round.costs;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Unit;

    #[test]
    fn rounds_add_samples_to_the_same_measure() {
        let figure = |sample| Figure::new("drain", Unit::Ratio, sample);
        let once = |sample| Outcome::from(vec![figure(sample)]);
        let mut sum = Outcome::default();
        [0.5, 0.7]
            .into_iter()
            .for_each(|sample| sum.add(once(sample)));
        assert_eq!(sum.figures.len(), 1);
        assert_eq!(sum.figures[0].samples, [0.5, 0.7]);
        let json = serde_json::to_string(&sum).unwrap();
        assert_eq!(serde_json::from_str::<Outcome>(&json).unwrap(), sum);
    }
}
