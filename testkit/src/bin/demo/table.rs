//! The result of the audit: one line for each number, with what every witness says.

/// The witnesses, from the door to the page.
pub(crate) const WITNESSES: [&str; 4] = ["truth", "raw rows", "rollups", "REST"];

/// A number, as each witness has it; `None` where it isn't asked.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) what: String,
    pub(crate) says: [Option<String>; WITNESSES.len()],
    /// Largest relative difference that still agrees: zero but for estimates.
    pub(crate) tolerance: f64,
}

impl Line {
    pub(crate) fn new(what: impl Into<String>, says: [Option<String>; WITNESSES.len()]) -> Self {
        Self {
            what: what.into(),
            says,
            tolerance: 0.0,
        }
    }

    pub(crate) fn within(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    pub(crate) fn agrees(&self) -> bool {
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

/// Prints the lines; true if all agree.
pub(crate) fn print(lines: &[Line]) -> bool {
    let width = lines
        .iter()
        .map(|line| line.what.chars().count())
        .max()
        .unwrap_or_default();
    let head = WITNESSES.map(|witness| format!("{witness:>16}")).concat();
    println!("\n{:width$}{head}  agrees", "");
    for line in lines {
        let says = line.says.iter().map(|says| {
            let says = says.as_deref().unwrap_or("·");
            format!("{says:>16}")
        });
        let says: String = says.collect();
        let mark = match (line.agrees(), line.tolerance > 0.0) {
            (true, false) => "yes".to_owned(),
            (true, true) => format!("yes, within {:.1} %", line.tolerance * 100.0),
            (false, _) => "NO".to_owned(),
        };
        println!("{:width$}{says}  {mark}", line.what);
    }
    let wrong = lines.iter().filter(|line| !line.agrees()).count();
    if wrong == 0 {
        println!("\nall {} lines agree", lines.len());
    } else {
        println!("\n{wrong} of {} lines do NOT agree", lines.len());
    }
    wrong == 0
}
