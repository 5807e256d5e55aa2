//! The result of the audit: a line for each number, with what every witness reports.

use testkit::audit::{Line, WITNESSES};

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
