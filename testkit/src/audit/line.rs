//! One number, as each witness reports it.

/// The witnesses, from the door to the page.
pub const WITNESSES: [&str; 4] = ["truth", "raw rows", "rollups", "REST"];

/// A number, as each witness has it; `None` where it isn't asked.
#[derive(Debug, Clone)]
pub struct Line {
    pub what: String,
    pub says: [Option<String>; WITNESSES.len()],
    /// Largest relative difference that still agrees: zero but for estimates.
    pub tolerance: f64,
}

impl Line {
    pub fn new(what: impl Into<String>, says: [Option<String>; WITNESSES.len()]) -> Self {
        Self {
            what: what.into(),
            says,
            tolerance: 0.0,
        }
    }

    #[must_use]
    pub fn within(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    #[must_use]
    pub fn agrees(&self) -> bool {
        let mut given = self.says.iter().flatten();
        let Some(first) = given.next() else {
            return false;
        };
        given.all(|says| self.same(first, says))
    }

    fn same(&self, a: &str, b: &str) -> bool {
        if a == b {
            return true;
        }
        let (Ok(a), Ok(b)) = (a.parse::<f64>(), b.parse::<f64>()) else {
            return false;
        };
        (a - b).abs() <= self.tolerance * a.abs()
    }
}

pub(super) fn text(value: impl ToString) -> Option<String> {
    Some(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(a: &str, b: &str) -> Line {
        Line::new("a number", [text(a), None, None, text(b)])
    }

    #[test]
    fn only_estimates_may_differ() {
        assert!(line("100", "100").agrees() && !line("100", "101").agrees());
        assert!(line("100", "101").within(0.02).agrees());
        assert!(!line("100", "103").within(0.02).agrees());
        assert!(!line("balanced", "lost").within(0.02).agrees());
        let nobody = Line::new("a number", [const { None }; 4]);
        assert!(!nobody.agrees(), "what nobody says is not proved");
    }
}
